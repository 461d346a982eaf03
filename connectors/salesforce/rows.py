"""Single records by id or external id, and what was deleted or updated in a window of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.errors import Unreadable
from connectors.salesforce.collections import Fields, RowResult
from connectors.salesforce.errors import SYSTEM
from connectors.salesforce.ids import to_18
from connectors.salesforce.org import Org, Record
from connectors.salesforce.paths import moment, segment


@dataclass(frozen=True)
class DeletedRecord:
    """A record in the recycle bin; `id` in 18 characters."""

    id: str
    deleted_at: datetime


@dataclass(frozen=True)
class Deletions:
    """What was deleted in the window; nothing is told about before `earliest_available` or after `latest_covered`."""

    records: list[DeletedRecord]
    earliest_available: datetime
    latest_covered: datetime


@dataclass(frozen=True)
class Updates:
    """Ids (18 characters) of records created or updated in the window, told up to `latest_covered`."""

    ids: list[str]
    latest_covered: datetime


def update(org: Org, entity: str, record_id: str, fields: Fields) -> None:
    """Change the fields named; the others stay. Raises NotFound, Refused or any other ConnectorError."""
    org.call("PATCH", f"sobjects/{segment(entity)}/{segment(record_id)}", body=fields)


def upsert(org: Org, entity: str, external_id_field: str, value: str, fields: Fields) -> RowResult:
    """Insert or update the record whose `external_id_field` is `value`; `fields` name neither that field nor an id.

    Raises Duplicate (code DUPLICATE_EXTERNAL_ID) when several records carry the value.
    """
    path = f"sobjects/{segment(entity)}/{segment(external_id_field)}/{segment(value)}"
    match org.call("PATCH", path, body=fields):
        case {"success": True, "id": str(record_id), "created": bool(created)}:
            return RowResult(_id(record_id, writes=True), success=True, created=created)
    raise Unreadable("the answer to an upsert names no record", system=SYSTEM, may_have_happened=True)


def deleted(org: Org, entity: str, start: datetime, end: datetime) -> Deletions:
    """The records deleted within the window. Raises Unreadable for an answer that lacks a part."""
    answer = _window(org, entity, "deleted", start, end)
    match answer:
        case {
            "deletedRecords": list(rows),
            "earliestDateAvailable": str(earliest),
            "latestDateCovered": str(latest),
        }:
            return Deletions([_deleted_record(row) for row in rows], _time(earliest), _time(latest))
    raise Unreadable("the answer about deleted records lacks a part", system=SYSTEM)


def updated(org: Org, entity: str, start: datetime, end: datetime) -> Updates:
    """The records created or changed within the window. Raises Unreadable for an answer that lacks a part."""
    answer = _window(org, entity, "updated", start, end)
    match answer:
        case {"ids": list(ids), "latestDateCovered": str(latest)}:
            return Updates([_id(record_id) for record_id in ids], _time(latest))
    raise Unreadable("the answer about updated records lacks a part", system=SYSTEM)


def _window(org: Org, entity: str, what: str, start: datetime, end: datetime) -> Record:
    """Salesforce keeps about 15 days of deletions and takes windows up to 30 days (reference section 3.6)."""
    return org.get_object(
        f"sobjects/{segment(entity)}/{what}/",
        {"start": moment(start, "start"), "end": moment(end, "end")},
    )


def _deleted_record(row: Any) -> DeletedRecord:
    match row:
        case {"id": str(record_id), "deletedDate": str(when)}:
            return DeletedRecord(_id(record_id), _time(when))
    raise Unreadable("a deleted record has no id or no date", system=SYSTEM)


def _id(text: Any, *, writes: bool = False) -> str:
    try:
        return to_18(text)
    except (TypeError, ValueError) as error:
        message = f"Salesforce names a record that cannot exist: {error}"
        raise Unreadable(message, system=SYSTEM, may_have_happened=writes) from error


def _time(text: str) -> datetime:
    """`2026-01-31T09:00:00.000+0000`; all of Salesforce's times name their zone."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise Unreadable(f"{text[:40]!r} is not a time", system=SYSTEM) from error
    if time.tzinfo is None:
        raise Unreadable(f"the time {text!r} names no zone", system=SYSTEM)
    return time
