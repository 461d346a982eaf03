"""One unit of work on the rows: create, update, upsert, delete, undelete, merge, with marks to go back to.

It checks, applies the rules of rules/, and journals every write; committing is store.py's business.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sandbox.salesforce.commits import ChangeType, RowChange
from sandbox.salesforce.errors import ApiError, bad_field
from sandbox.salesforce.fields import Entity
from sandbox.salesforce.ids import IdMaker
from sandbox.salesforce.rules.book import NO_RULES, RULES
from sandbox.salesforce.schema import Schema
from sandbox.salesforce.table import Row, Tables
from sandbox.salesforce.validation import accepted, check_references, check_required, check_unique
from sandbox.salesforce.values import stored

T = TypeVar("T")


class Transaction:
    """Writes at `at` in the name of `user_id`. Every method raises ApiError and then has written nothing."""

    def __init__(
        self,
        schema: Schema,
        tables: Tables,
        ids: IdMaker,
        counters: Mapping[str, itertools.count[int]],
        cascades: dict[str, list[str]],
        *,
        user_id: str,
        origin: str,
        at: datetime,
    ) -> None:
        self.schema = schema
        self.user_id = user_id
        self.origin = origin
        self.at = at
        self._tables = tables
        self._ids = ids
        self._counters = counters
        self._cascades = cascades
        self._journal: list[tuple[str, str, Row | None]] = []

    # Reading, for rules and callers inside the transaction.

    def row(self, record_id: str | None) -> Row | None:
        """The row as this transaction sees it, deleted or not."""
        return None if record_id is None else self._tables.row(record_id)

    def rows(self, entity: str) -> list[Row]:
        return [row for row in self._tables.rows(entity) if not row["IsDeleted"]]

    def children(self, entity: str, field: str, parent_id: str) -> list[Row]:
        """The living rows whose lookup `field` points at this parent."""
        return [row for row in self._tables.children(entity, field, parent_id) if not row["IsDeleted"]]

    # The verbs.

    def create(self, entity_name: str, raw: Mapping[str, Any]) -> str:
        """The new row's id. `raw` is what a client sent, by API name."""
        entity = self.schema.entity(entity_name)
        if not entity.createable:
            raise ApiError(
                "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type cannot be inserted: {entity.label}"
            )
        given = accepted(self.schema, self._tables, entity, raw, creating=True)
        return self._undoable(lambda: self._insert(entity, given))

    def insert_as_platform(self, entity_name: str, values: Mapping[str, Any]) -> str:
        """A row that the platform itself makes (stages, the org, tooling): read-only fields may be set."""
        return self._undoable(lambda: self._insert(self.schema.entity(entity_name), values))

    def update(self, record_id: str, raw: Mapping[str, Any]) -> None:
        entity, before = self._living(record_id)
        if not entity.updateable:
            raise ApiError(
                "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type cannot be updated: {entity.label}"
            )
        given = accepted(self.schema, self._tables, entity, raw, creating=False)
        self._undoable(lambda: self._change(entity, before, given))

    def upsert(
        self, entity_name: str, key_field: str, key: Any, raw: Mapping[str, Any], *, update_only: bool = False
    ) -> tuple[str, bool]:
        """Create or update by external id. Returns (id, whether it was created)."""
        found = self.matches(entity_name, key_field, key)
        if len(found) > 1:
            raise ApiError(
                "DUPLICATE_EXTERNAL_ID",
                f"{key_field}: more than one record found for external id field: {[row['Id'] for row in found]}",
                fields=[],
            )
        if found:
            self.update(found[0]["Id"], raw)
            return str(found[0]["Id"]), False
        if update_only or key_field.lower() == "id":
            raise ApiError("NOT_FOUND", "The requested resource does not exist")
        return self.create(entity_name, {**raw, key_field: key}), True

    def matches(self, entity_name: str, key_field: str, key: Any) -> list[Row]:
        """The living rows with this external id; ApiError NOT_FOUND when the field is no external id."""
        entity = self.schema.entity(entity_name)
        field = self.schema.visible(entity, key_field)
        if field is None or not (field.external_id or field.type == "id"):
            message = f"Provided external ID field does not exist or is not accessible: {key_field}"
            raise ApiError("NOT_FOUND", message)
        wanted = stored(entity, field, key)
        if field.type == "id":
            row = self.row(wanted)
            return [row] if row is not None and not row["IsDeleted"] else []
        return self._tables.with_key(entity.name, field, wanted)

    def delete(self, record_id: str) -> None:
        """Into the recycle bin, with everything that hangs on it."""
        entity, _ = self._living(record_id)
        if not entity.deletable:
            raise ApiError(
                "INSUFFICIENT_ACCESS_OR_READONLY", f"entity type cannot be deleted: {entity.label}"
            )
        self._undoable(lambda: self._remove(record_id))

    def undelete(self, record_id: str) -> None:
        """Back from the recycle bin, with what went there along with it."""
        row = self.row(record_id)
        if row is None or not row["IsDeleted"]:
            raise ApiError("UNDELETE_FAILED", "entity is not in the recycle bin", fields=[])
        self._undoable(lambda: self._restore(record_id))

    def merge(self, winner_id: str, loser_ids: Sequence[str], raw: Mapping[str, Any]) -> None:
        """The winner takes `raw` and the losers' children; losers are deleted and name it as master."""
        entity, _ = self._living(winner_id)
        if "MasterRecordId" not in entity.fields:
            raise ApiError("INVALID_TYPE", f"{entity.name} cannot be merged")
        self._undoable(lambda: self._merge(entity, winner_id, loser_ids, raw))

    def write(self, record_id: str, changes: Mapping[str, Any]) -> None:
        """A rule changes a row that it keeps right itself: no checks, no further rules."""
        before = self._tables.row(record_id)
        if before is None or all(before.get(name) == value for name, value in changes.items()):
            return
        self._put(record_id, {**before, **changes, **self._stamps()})

    # Marks and outcome, for the store.

    def mark(self) -> int:
        return len(self._journal)

    def back_to(self, mark: int) -> None:
        while len(self._journal) > mark:
            entity, record_id, before = self._journal.pop()
            self._tables.put(entity, record_id, before)

    def changes(self) -> tuple[RowChange, ...]:
        """One change per record, with the first before and the last after (reference section 2.2)."""
        first: dict[str, tuple[str, Row | None]] = {}
        for entity, record_id, before in self._journal:
            first.setdefault(record_id, (entity, before))
        made = (
            RowChange(entity, record_id, kind, before, after)
            for record_id, (entity, before) in first.items()
            if (after := self._tables.row(record_id)) is not None
            and (kind := _kind(before, after)) is not None
        )
        return tuple(made)

    # How the verbs work.

    def _undoable(self, work: Callable[[], T]) -> T:
        mark = self.mark()
        try:
            return work()
        except BaseException:
            self.back_to(mark)
            raise

    def _insert(self, entity: Entity, given: Mapping[str, Any]) -> str:
        record_id = self._ids.new(entity.prefix)
        row = {
            each.name: self._default(each.name, entity)
            for each in entity.fields.values()
            if each.type != "address"
        }
        row |= given
        row |= {"Id": record_id, "IsDeleted": False, "CreatedDate": self.at, "CreatedById": self.user_id}
        row |= self._stamps()
        if "OwnerId" in entity.fields and row["OwnerId"] is None:
            row["OwnerId"] = self.user_id
        if entity.custom and row.get("Name") is None:
            row["Name"] = record_id
        self._save(entity, None, row, given)
        return record_id

    def _default(self, name: str, entity: Entity) -> Any:
        field = entity.fields[name]
        if field.auto_number:
            return field.auto_number.format(next(self._counters[entity.name]))
        return False if field.type == "boolean" and field.default is None else field.default

    def _change(self, entity: Entity, before: Row, given: Mapping[str, Any]) -> None:
        self._save(entity, before, {**before, **given, **self._stamps()}, given)

    def _save(
        self, entity: Entity, before: Row | None, row: dict[str, Any], given: Mapping[str, Any]
    ) -> None:
        check_references(self.schema, self._tables, entity, given)
        rules = RULES.get(entity.name, NO_RULES)
        rules.before_save(self, before, row, given)
        check_required(entity, row)
        check_unique(self._tables, entity, row)
        self._put(row["Id"], row, entity.name)
        rules.after_save(self, before, row)

    def _remove(self, record_id: str) -> None:
        removed: list[str] = []
        self._remove_with_children(record_id, removed)
        self._cascades[record_id] = removed

    def _remove_with_children(self, record_id: str, removed: list[str]) -> None:
        entity, row = self._living(record_id)
        rules = RULES.get(entity.name, NO_RULES)
        rules.before_delete(self, row)
        for relation in self.schema.children_of(entity.name):
            if relation.cascade:
                for child in self.children(relation.child, relation.field, record_id):
                    self._remove_with_children(child["Id"], removed)
        self._put(record_id, {**row, "IsDeleted": True, **self._stamps()})
        removed.append(record_id)
        rules.after_delete(self, row)

    def _restore(self, record_id: str) -> None:
        for each in reversed(self._cascades.pop(record_id, [record_id])):
            row = self._tables.row(each)
            entity = self.schema.entity(self._tables.entity_of(each) or "")
            if row is not None and row["IsDeleted"]:
                restored = {**row, "IsDeleted": False, **self._stamps()}
                check_unique(self._tables, entity, restored)
                self._put(each, restored)
                RULES.get(entity.name, NO_RULES).after_save(self, row, restored)

    def _merge(
        self, entity: Entity, winner_id: str, loser_ids: Sequence[str], raw: Mapping[str, Any]
    ) -> None:
        for loser_id in loser_ids:
            for relation in self.schema.children_of(entity.name):
                for child in self.children(relation.child, relation.field, loser_id):
                    self.write(child["Id"], {relation.field: winner_id})
            self.delete(loser_id)
            self.write(loser_id, {"MasterRecordId": winner_id})
        self.update(winner_id, raw)

    def _living(self, record_id: str) -> tuple[Entity, Row]:
        row = self._tables.row(record_id)
        if row is None:
            raise bad_field("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if row["IsDeleted"]:
            raise bad_field("ENTITY_IS_DELETED", "entity is deleted")
        return self.schema.entity(self._tables.entity_of(record_id) or ""), row

    def _stamps(self) -> dict[str, Any]:
        return {"LastModifiedDate": self.at, "LastModifiedById": self.user_id, "SystemModstamp": self.at}

    def _put(self, record_id: str, row: Row, entity: str = "") -> None:
        name = entity or self._tables.entity_of(record_id) or ""
        self._journal.append((name, record_id, self._tables.row(record_id)))
        self._tables.put(name, record_id, row)


def _kind(before: Row | None, after: Row) -> ChangeType | None:
    """Created and deleted at once leaves nothing to tell; an update that ends in a delete is a delete."""
    if before is None:
        return None if after["IsDeleted"] else "CREATE"
    if before["IsDeleted"] != after["IsDeleted"]:
        return "DELETE" if after["IsDeleted"] else "UNDELETE"
    return None if before is after or after["IsDeleted"] else "UPDATE"
