"""Writes a pair's Salesforce records and their parts: what differs, all of a batch in one call for each object."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.errors import ConnectorError
from connectors.salesforce.collections import Fields, RowResult
from ledger.deliveries import Settlement
from ledger.endings import Delivered
from mappings.paths import rows
from mappings.soql import quoted
from workers.desk import Desk
from workers.pairs.finishing import finish
from workers.pairs.salesforce import listed, one_of
from workers.pairs.sides import salesforce_of
from workers.pairs.thing import Part, Thing
from workers.pairs.things import thing_of
from workers.targets.salesforce_present import select
from workers.work import Work, known


@dataclass(frozen=True)
class Change:
    """What one work writes: fields of the record, and of its part; the ids of those that are there."""

    work: Work
    fields: Fields
    part: Fields
    record_id: str = ""
    part_id: str = ""

    @property
    def thing(self) -> Thing:
        return thing_of(self.work.flow)

    def agreed(self, desk: Desk, record_id: str, part: str) -> Settlement:
        """The end, once all of it is written: the record now shows what it showed with this laid over it."""
        meeting, relation = known(self.work.meeting, "both sides"), self.thing.part.relation
        present: Mapping[str, Any] = meeting.far.record if meeting.far else {}
        meant = part or self.part_id
        parts = listed(present, relation)
        others = [row for row in parts if row.get("Id") != meant]
        written = {**one_of(parts, meant), **self.part, "Id": meant}
        record = {
            **present,
            **self.fields,
            "Id": record_id,
            relation: [*([written] if meant else []), *others],
        }
        golden = replace(meeting.golden, part=meant or meeting.golden.part)
        after = salesforce_of(desk, self.work.flow, record, desk.context(), golden, like=meeting.near)
        verb = "wrote" if self.record_id else f"created {self.thing.salesforce} with"
        told = sorted({*self.fields, *(f"{self.thing.part.object}.{name}" for name in self.part)})
        return finish(desk, self.work, Delivered(f"{verb} {', '.join(told)}"), after, sent=True)


def change_of(desk: Desk, work: Work) -> Change:
    """What the work's payload means for each of the two records, without the fields that the organisation lacks."""
    meeting, payload = known(work.meeting, "both sides"), dict(known(work.payload, "the payload"))
    thing = thing_of(work.flow)
    part = _first(payload.pop(thing.part.relation, None), thing.part.relation)
    part = _only(part, desk.fields(thing.part.object)) if part else {}
    fields = _only(payload, desk.fields(thing.salesforce))
    present = meeting.far.part if meeting.far else ""
    if present:
        before = _written_before(desk, work, present)
        part = {name: value for name, value in part.items() if before.get(name) != value}
    return Change(work, fields, part, str(meeting.far.record["Id"]) if meeting.far else "", present)


def write_records(desk: Desk, changes: Sequence[Change]) -> list[RowResult]:
    """One result for each change, in order. A record with nothing to write counts as written."""
    results = {id(one): RowResult(one.record_id, success=True) for one in changes if one.record_id}
    there = [one for one in changes if one.record_id and one.fields]
    new = [one for one in changes if not one.record_id]
    thing = changes[0].thing
    results |= _called(
        desk,
        there,
        lambda: desk.salesforce.collections_update(
            thing.salesforce, [{"Id": one.record_id, **one.fields} for one in there]
        ),
    )
    results |= _called(
        desk, new, lambda: _make(desk, thing.salesforce, thing.key_field, [dict(one.fields) for one in new])
    )
    return [results[id(one)] for one in changes]


def write_parts(desk: Desk, changes: Sequence[tuple[Change, str]]) -> list[RowResult]:
    """As `write_records`, for records that are there now under these ids. A new one is made once: by its key where it
    has one, else whoever tries again finds it among the record's own."""
    results = {id(one): RowResult(None, success=True) for one, _ in changes}
    there = [one for one, _ in changes if one.part_id and one.part]
    new = [(one, record_id) for one, record_id in changes if not one.part_id and one.part]
    if not there and not new:
        return [results[id(one)] for one, _ in changes]
    part = changes[0][0].thing.part
    try:
        _take_keys_back(desk, part, [*((one, one.record_id) for one in there), *new])
    except ConnectorError as error:
        failed = RowResult(None, success=False, error=error)
        return [failed if one.part else results[id(one)] for one, _ in changes]
    results |= _called(
        desk,
        there,
        lambda: desk.salesforce.collections_update(
            part.object, [{"Id": one.part_id, **one.part} for one in there]
        ),
    )
    results |= _new_parts(desk, part, new)
    return [results[id(one)] for one, _ in changes]


def _take_keys_back(desk: Desk, part: Part, changes: Sequence[tuple[Change, str]]) -> None:
    """A person who moved to another record took the key along; an upsert on it would bring them back. Raises ConnectorError."""
    wanted = {
        str(one.part[part.key_field]): parent for one, parent in changes if one.part.get(part.key_field)
    }
    if not wanted:
        return
    priority = changes[0][0].work.flow.priority
    conditions = [f"{part.key_field} = {quoted(key)}" for key in sorted(wanted)]
    found = select(desk, part.object, [part.parent, part.key_field], conditions, priority)
    folded = {key.casefold(): parent for key, parent in wanted.items()}
    gone = [
        {"Id": row["Id"], part.key_field: None}
        for row in found
        if row.get(part.parent) != folded.get(str(row.get(part.key_field)).casefold())
    ]
    if gone:
        results = desk.salesforce_meter.call(
            lambda: desk.salesforce.collections_update(part.object, gone), priority=priority
        )
        for error in (one.error for one in results if one.error is not None):
            raise error


def _new_parts(desk: Desk, part: Part, new: Sequence[tuple[Change, str]]) -> dict[int, RowResult]:
    changes = [one for one, _ in new]
    if not changes:
        return {}
    try:
        begun = part.begins(desk, changes[0].work.flow.priority)
    except ConnectorError as error:
        return {id(one): RowResult(None, success=False, error=error) for one in changes}
    made = [{**begun, **one.part, part.parent: record_id} for one, record_id in new]
    return _called(desk, changes, lambda: _make(desk, part.object, part.key_field, made))


def _make(desk: Desk, entity: str, key_field: str, records: list[dict[str, Any]]) -> list[RowResult]:
    if key_field and key_field in desk.fields(entity):
        return desk.salesforce.collections_upsert(entity, key_field, records)
    return desk.salesforce.collections_create(entity, records)


def _called(
    desk: Desk, changes: Sequence[Change], request: Callable[[], list[RowResult]]
) -> dict[int, RowResult]:
    """The results by change. A call that failed as a whole failed for each of them."""
    if not changes:
        return {}
    try:
        results = desk.salesforce_meter.call(request, priority=changes[0].work.flow.priority)
    except ConnectorError as error:
        results = [RowResult(None, success=False, error=error)] * len(changes)
    return {id(change): result for change, result in zip(changes, results, strict=True)}


def _written_before(desk: Desk, work: Work, part_id: str) -> Mapping[str, Any]:
    """What the part would be written as it is; but for its key, which it shows or not."""
    far = known(known(work.meeting, "both sides").far, "the far side")
    payload = desk.book.mapping(work.flow.writes).write(far.model, desk.context())
    part = thing_of(work.flow).part
    shown = one_of(listed(far.record, part.relation), part_id)
    own_key = {part.key_field: shown[part.key_field]} if part.key_field in shown else {}
    return {**_first(payload.get(part.relation), part.relation), **own_key}


def _first(told: object, relation: str) -> dict[str, Any]:
    row = next(iter(rows(told, relation)), {})
    return dict(row) if isinstance(row, Mapping) else {}


def _only(fields: Mapping[str, Any], known_fields: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name in known_fields}
