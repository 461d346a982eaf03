"""The rows that one query sees: with or without deleted ones, as of now or of a while ago."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sandbox.salesforce.schema import Schema
from sandbox.salesforce.store import Store
from sandbox.salesforce.table import Row


@dataclass(frozen=True)
class View:
    """`as_of` tells for an object when to look at it, None is now; `virtual` holds rows that no table has."""

    schema: Schema
    store: Store
    today: date
    with_deleted: bool = False
    as_of: Callable[[str], datetime | None] = lambda _entity: None
    virtual: Mapping[str, Sequence[Row]] = field(default_factory=dict)

    def rows(self, entity: str) -> list[Row]:
        if entity in self.virtual:
            return list(self.virtual[entity])
        at = self.as_of(entity)
        rows = self.store.rows(entity) if at is None else self.store.rows_as_of(entity, at)
        return [row for row in rows if self._shown(row)]

    def row(self, record_id: str | None) -> Row | None:
        """The parent behind a lookup; a deleted one is still named."""
        if record_id is None:
            return None
        stored = self.store.row(record_id)
        if stored is None:
            everything = (row for rows in self.virtual.values() for row in rows)
            return next((row for row in everything if row["Id"] == record_id), None)
        return stored

    def children(self, entity: str, lookup: str, parent_id: str) -> list[Row]:
        at = self.as_of(entity)
        rows = (
            self.store.children(entity, lookup, parent_id)
            if at is None
            else self.store.children_as_of(entity, lookup, parent_id, at)
        )
        return [row for row in rows if self._shown(row)]

    def _shown(self, row: Row) -> bool:
        return self.with_deleted or not row["IsDeleted"]
