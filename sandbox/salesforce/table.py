"""Rows of all objects by id, with the indexes that keep them findable. No rules, no transactions: store.py has those."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sandbox.salesforce.fields import Field
from sandbox.salesforce.schema import Schema

#: A whole record by API field name, compound-free. Never changed in place: every write is a new one.
Row = Mapping[str, Any]

#: How many committed versions of a row are kept, for queries that see an earlier state (commit lag).
_VERSIONS = 8


class Tables:
    """Every row of the org. `put` is the only way in, and putting the earlier row back undoes it exactly."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._rows: dict[str, dict[str, Row]] = {}
        self._entity_of: dict[str, str] = {}
        self._by_key: dict[tuple[str, str, str], dict[str, None]] = {}
        self._by_parent: dict[tuple[str, str, str], dict[str, None]] = {}
        self._versions: dict[str, deque[tuple[datetime, Row]]] = {}

    def put(self, entity: str, record_id: str, row: Row | None) -> None:
        """Store this row, or with None forget that there ever was one."""
        before = self.row(record_id)
        self._reindex(entity, record_id, before, row)
        if row is None:
            self._rows.get(entity, {}).pop(record_id, None)
            self._entity_of.pop(record_id, None)
        else:
            self._rows.setdefault(entity, {})[record_id] = row
            self._entity_of[record_id] = entity

    def row(self, record_id: str) -> Row | None:
        entity = self._entity_of.get(record_id)
        return None if entity is None else self._rows[entity][record_id]

    def entity_of(self, record_id: str) -> str | None:
        return self._entity_of.get(record_id)

    def rows(self, entity: str) -> list[Row]:
        """All rows, deleted ones too, in the order they were made."""
        return list(self._rows.get(entity, {}).values())

    def with_key(self, entity: str, field: Field, value: Any) -> list[Row]:
        """The undeleted rows whose external id or unique field has this value."""
        found = self._by_key.get((entity, field.name, _key(field, value)), {})
        return [self._rows[entity][each] for each in found]

    def children(self, entity: str, field: str, parent_id: str) -> list[Row]:
        """The rows, deleted ones too, whose lookup points at this parent."""
        return [self._rows[entity][each] for each in self._by_parent.get((entity, field, parent_id), {})]

    def remember_version(self, record_id: str, at: datetime) -> None:
        row = self.row(record_id)
        if row is not None:
            self._versions.setdefault(record_id, deque(maxlen=_VERSIONS)).append((at, row))

    def rows_as_of(self, entity: str, at: datetime) -> Iterator[Row]:
        """The rows as whoever reads `at` would have seen them: only what was committed by then."""
        return self.as_of(self._rows.get(entity, {}).values(), at)

    def as_of(self, rows: Iterable[Row], at: datetime) -> Iterator[Row]:
        """These rows in the state that was committed by `at`, without those that were not there yet."""
        for row in rows:
            versions = self._versions.get(row["Id"])
            if versions is None:
                yield row
                continue
            seen = [version for committed, version in versions if committed <= at]
            if seen:
                yield seen[-1]

    def _reindex(self, entity: str, record_id: str, before: Row | None, after: Row | None) -> None:
        for field in self._schema.entity(entity).fields.values():
            old, new = _live(before, field), _live(after, field)
            if (field.unique or field.external_id) and old != new:
                self._move(self._by_key, (entity, field.name), record_id, _key(field, old), _key(field, new))
            if field.reference_to:
                old_parent = None if before is None else before.get(field.name)
                new_parent = None if after is None else after.get(field.name)
                self._move(self._by_parent, (entity, field.name), record_id, old_parent, new_parent)

    @staticmethod
    def _move(
        index: dict[tuple[str, str, str], dict[str, None]],
        place: tuple[str, str],
        record_id: str,
        old: str | None,
        new: str | None,
    ) -> None:
        if old == new:
            return
        if old:
            index[(*place, old)].pop(record_id, None)
        if new:
            index.setdefault((*place, new), {})[record_id] = None


def _live(row: Row | None, field: Field) -> Any:
    """The value that counts for uniqueness: a deleted row does not keep its key to itself."""
    return None if row is None or row["IsDeleted"] else row.get(field.name)


def _key(field: Field, value: Any) -> str:
    """External ids match in any case unless the field says otherwise (reference salesforce.md section 3.10)."""
    text = "" if value is None else str(value)
    return text if field.case_sensitive else text.lower()
