"""The org's rows behind transactions; commits are told to whoever listens. Rules and checks live in transaction.py."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sandbox.clock import Clock
from sandbox.salesforce.commits import Commit
from sandbox.salesforce.fields import Entity
from sandbox.salesforce.ids import IdMaker
from sandbox.salesforce.schema import Schema
from sandbox.salesforce.table import Row, Tables
from sandbox.salesforce.transaction import Transaction
from sandbox.salesforce.validation import accepted


class Store:
    """All rows of the org. Not for several threads: a transaction never awaits, so nobody sees it half done."""

    def __init__(self, clock: Clock, rng: random.Random, schema: Schema) -> None:
        self.schema = schema
        self.ids = IdMaker(rng)
        self._clock = clock
        self._tables = Tables(schema)
        self._counters: defaultdict[str, itertools.count[int]] = defaultdict(lambda: itertools.count(100))
        self._cascades: dict[str, list[str]] = {}
        self._listeners: list[Callable[[Commit], None]] = []
        self._open: Transaction | None = None
        self._commits = 0

    def on_commit(self, callback: Callable[[Commit], None]) -> None:
        """Have `callback` called synchronously after each commit that changed something."""
        self._listeners.append(callback)

    @contextmanager
    def transaction(self, user_id: str, origin: str = "") -> Iterator[Transaction]:
        """Commit when the block ends, undo everything when it raises. Inside another one it is a savepoint."""
        outer = self._open
        tx = outer or self._begin(user_id, origin)
        mark = tx.mark()
        self._open = tx
        try:
            yield tx
        except BaseException:
            tx.back_to(mark)
            raise
        finally:
            self._open = outer
        if outer is None:
            self._commit(tx)

    def row(self, record_id: str) -> Row | None:
        """One row by its 18-character id, deleted or not."""
        return self._tables.row(record_id)

    def entity_of(self, record_id: str) -> str | None:
        return self._tables.entity_of(record_id)

    def accepted(self, entity: Entity, raw: Mapping[str, Any]) -> dict[str, Any]:
        """What a client sent for something that is kept nowhere (a platform event), checked field by field."""
        return accepted(self.schema, self._tables, entity, raw, creating=True)

    def rows(self, entity: str) -> list[Row]:
        """All rows of an object, deleted ones too, in the order they were made."""
        return self._tables.rows(entity)

    def rows_as_of(self, entity: str, at: datetime) -> list[Row]:
        """The rows that were committed by `at`, in the state they had then."""
        return list(self._tables.rows_as_of(entity, at))

    def children(self, entity: str, field: str, parent_id: str) -> list[Row]:
        """The rows, deleted ones too, whose lookup `field` points at this parent."""
        return self._tables.children(entity, field, parent_id)

    def children_as_of(self, entity: str, field: str, parent_id: str, at: datetime) -> list[Row]:
        """Those that point at this parent now, in the state that was committed by `at`."""
        return list(self._tables.as_of(self._tables.children(entity, field, parent_id), at))

    def _begin(self, user_id: str, origin: str) -> Transaction:
        at = self._clock.now().replace(microsecond=0)
        return Transaction(
            self.schema,
            self._tables,
            self.ids,
            self._counters,
            self._cascades,
            user_id=user_id,
            origin=origin,
            at=at,
        )

    def _commit(self, tx: Transaction) -> None:
        changes = tx.changes()
        if not changes:
            return
        self._commits += 1
        commit = Commit(self._commits, self._clock.now(), tx.user_id, tx.origin, changes)
        for change in changes:
            self._tables.remember_version(change.record_id, commit.at)
        for listener in self._listeners:
            listener(commit)
