"""The ledger for whoever only asks what would happen: everything is read, and whatever would write is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn, Self

from sqlalchemy import Connection

from ledger.ledger import Ledger


class WritesNothing(AssertionError):
    """Somebody who only looks on was about to write: a bug in whoever did."""


class Onlooker(Ledger):
    """Another view of the same ledger. Every lock is free for it, because it holds none."""

    @classmethod
    def of(cls, ledger: Ledger) -> Self:
        """A view of `ledger`, over its connections."""
        return cls(ledger._engine, ledger._ceiling)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Raises WritesNothing."""
        self._refuse()
        yield  # type: ignore[unreachable]  # what makes this a context manager

    def lock(self, delivery_id: int, token: str, lock_key: str) -> bool:
        return True

    def _refuse(self) -> NoReturn:
        raise WritesNothing("a rehearsal was about to write to the ledger")
