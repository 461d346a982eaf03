"""Rows of one kind, found by Id or by natural key; not the rules about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count

from sandbox.kashflow.problems import not_found
from sandbox.kashflow.surroundings import Surroundings
from sandbox.kashflow.values import Row

#: A code, a number, or nominal code and product code.
Key = str | int | tuple[str | int, str | int]


class Register:
    """Rows with an Id each and a unique natural key that may change.

    Keys compare without case and outer blanks, a number equals its digits. A new row may stay unreadable
    for a while when the fault `read_after_write_delay` says so; rules see it at once, readers do not.
    """

    def __init__(
        self, noun: str, key: Callable[[Row], Key], around: Surroundings, *, first_id: int, resource: str
    ) -> None:
        self.noun = noun
        self._key = key
        self._around = around
        self._resource = resource
        self._ids: Iterator[int] = count(first_id)
        self._rows: dict[int, Row] = {}
        self._id_by_key: dict[str, int] = {}
        self._readable_from: dict[int, datetime] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: Row) -> Row:
        """Store the row under the next Id, which it is given first of all fields."""
        row = {"Id": next(self._ids)} | row
        self._rows[row["Id"]] = row
        self._id_by_key[_folded(self._key(row))] = row["Id"]
        self._hide(row["Id"])
        return row

    def put(self, row: Row) -> Row:
        """Store the row in place of the one with its Id; its key may be another."""
        del self._id_by_key[_folded(self._key(self._rows[row["Id"]]))]
        self._rows[row["Id"]] = row
        self._id_by_key[_folded(self._key(row))] = row["Id"]
        return row

    def remove(self, row: Row) -> None:
        del self._rows[row["Id"]], self._id_by_key[_folded(self._key(row))]
        self._readable_from.pop(row["Id"], None)

    def find(self, key: Key) -> Row | None:
        found = self._id_by_key.get(_folded(key))
        return None if found is None else self._rows[found]

    def get(self, key: Key) -> Row:
        """The row of this key. Raises Problem 404."""
        row = self.find(key)
        if row is None:
            raise not_found(self.noun, _spoken(key))
        return row

    def read(self, key: Key) -> Row:
        """As `get`, for a reader: a row that is not readable yet is not found."""
        row = self.get(key)
        if self._hidden(row["Id"]):
            raise not_found(self.noun, _spoken(key))
        return row

    def by_id(self, row_id: int) -> Row | None:
        return self._rows.get(row_id)

    def rows(self) -> list[Row]:
        """All rows in the order they were made."""
        return list(self._rows.values())

    def readable(self) -> list[Row]:
        return [row for row in self._rows.values() if not self._hidden(row["Id"])]

    def _hide(self, row_id: int) -> None:
        fault = self._around.faults.take("read_after_write_delay", resource=self._resource)
        if fault is not None:
            delay = timedelta(seconds=float(fault.get("seconds", 5)))
            self._readable_from[row_id] = self._around.clock.now() + delay

    def _hidden(self, row_id: int) -> bool:
        since = self._readable_from.get(row_id)
        return since is not None and self._around.clock.now() < since


def _folded(key: Key) -> str:
    return "/".join(map(_folded, key)) if isinstance(key, tuple) else str(key).strip().upper()


def _spoken(key: Key) -> str:
    return "/".join(map(str, key)) if isinstance(key, tuple) else str(key)
