"""Reads the present state of a batch's records from where they changed; a change is a hint, state is the truth."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from connectors.errors import ConnectorError, NotFound
from connectors.kashflow.reading import Row
from connectors.kashflow.records import RECORDS
from ledger.deliveries import Delivery
from ledger.endings import Failed, NotNow, Reason, Unchanged
from ledger.links import Link
from mappings.digest import kashflow_digest, salesforce_digest
from mappings.flows import Flow
from mappings.soql import soql
from workers.abreast import abreast
from workers.classify import ending_of
from workers.desk import Desk
from workers.pairs.kashflow import Listing, left_out, row_of
from workers.pairs.things import thing_of
from workers.work import Progress, Work

#: Salesforce may show a change this long after it told of it: queries read committed states, and copies of them
#: (reference salesforce.md section 3.6; lessons.md, failure 3). Longer, and the sweep has to find it.
LAG = timedelta(minutes=2)
#: A record that KashFlow made this short ago may not be readable yet (reference kashflow.md, quirk 19).
FRESH = timedelta(seconds=60)
NO_LINKS: Mapping[str, Link] = MappingProxyType({})
#: Made once: `json.loads` makes one for each call that is not the plainest.
_decode = json.JSONDecoder(parse_float=Decimal).decode


def read_salesforce(desk: Desk, flow: Flow, works: Sequence[Work]) -> list[Progress]:
    """One SOQL query for the whole batch. Raises ConnectorError, which then holds for all of them."""
    missing = flow.plan.missing({name: desk.fields(name) for name in flow.plan.objects()})
    statement = soql(flow.plan, [work.delivery.record_id for work in works], missing, "SystemModstamp")
    rows = desk.salesforce_meter.call(lambda: desk.salesforce.query(statement), priority=flow.priority)
    found = {row["Id"]: row for row in rows}
    return [_as_told(desk, work, found.get(work.delivery.record_id)) for work in works]


def _as_told(desk: Desk, work: Work, record: Mapping[str, Any] | None) -> Progress:
    """The work with its record, or its end when there is none; "not now" while the query is behind what we were told.

    Each look is twice as late as the one before, and only a record that is behind is looked at again.
    """
    told = work.delivery
    age = desk.clock() - min(told.occurred_at, told.registered_at)
    if age < LAG and _is_behind(record, told):
        wait = max(timedelta(seconds=desk.rules.backoff_seconds), age)
        text = f"Salesforce told of a change of the {told.entity} {told.record_id} that it does not show yet"
        return work.ends(NotNow(desk.clock() + wait, Reason("hydrate", "not_shown_yet", text)))
    if record is None:
        return _gone(work)
    return _with_record(work, record, salesforce_digest(record, work.flow.written_back))


def _is_behind(record: Mapping[str, Any] | None, told: Delivery) -> bool:
    """Is what was read from before the change? Where the change does not say when the record was modified, only its
    absence can tell. Both times are whole seconds: two edits in the same second look alike."""
    if record is None:
        return told.kind != "deleted"
    modified_at, shown = _time(told.hint.get("modified_at")), _time(record.get("SystemModstamp"))
    return modified_at is not None and shown is not None and shown < modified_at.replace(microsecond=0)


def _time(text: object) -> datetime | None:
    """None for what is no time with a zone: it is a hint, and proves nothing then."""
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None


def read_kashflow(desk: Desk, flow: Flow, works: Sequence[Work]) -> list[Progress]:
    """One call per record, side by side. A flow that upserts takes every record; to all others an invoice that nobody
    linked is none of Salesforce's business."""
    if flow.pairing is not None:
        return read_pairs(desk, flow, works)
    listing = Listing(desk, RECORDS[flow.source_entity], flow.priority)

    def read_record(desk: Desk, work: Work) -> Progress:
        return _read_record(desk, work, listing)

    if flow.key:
        return _told_or_read(desk, read_record, works)
    links = desk.ledger.links_by_kashflow_id("invoice", [work.delivery.record_id for work in works])
    linked = [work for work in works if work.delivery.record_id in links]
    unlinked = [_unlinked(work) for work in works if work.delivery.record_id not in links]
    return [*unlinked, *_told_or_read(desk, read_record, linked, links)]


def _told_or_read(
    desk: Desk,
    read: Callable[[Desk, Work], Progress],
    works: Sequence[Work],
    links: Mapping[str, Link] = NO_LINKS,
) -> list[Progress]:
    """The works with their links and records. What was told with the delivery a moment ago needs no call, and no thread."""
    fresh = desk.clock() - FRESH
    told: list[Progress] = []
    left: list[Work] = []
    for work in works:
        delivery, link = work.delivery, links.get(work.delivery.record_id)
        if delivery.snapshot and delivery.registered_at > fresh:
            row = _decode(delivery.snapshot)
            digest = kashflow_digest(delivery.entity, row)
            told.append(work.knowing(link=link, record=row, digest=digest))
        else:
            left.append(replace(work, link=link) if link else work)
    return [*told, *(abreast(desk, read, left) if left else ())]


def read_pairs(desk: Desk, flow: Flow, works: Sequence[Work]) -> list[Progress]:
    """One call per record, side by side, linked or not; a renamed one is looked for in the list."""
    entity = thing_of(flow).entity
    links = desk.ledger.links_by_kashflow_id(entity, [work.delivery.record_id for work in works])
    return abreast(
        desk, _read_one_of_a_pair, [replace(work, link=links.get(work.delivery.record_id)) for work in works]
    )


def _read_one_of_a_pair(desk: Desk, work: Work) -> Progress:
    key, records = _address(work), RECORDS[work.delivery.entity]
    try:
        row = row_of(desk, records, key, work.delivery.record_id, work.flow.priority)
    except ConnectorError as error:
        return work.ends(ending_of(error, work.delivery, "hydrate", desk))
    if row is None:
        return _gone_or_not_yet_readable(desk, work)
    return _with_record(work, row, kashflow_digest(work.delivery.entity, row))


def _read_record(desk: Desk, work: Work, listing: Listing) -> Progress:
    try:
        found = _at_its_address(desk, work, listing)
    except ConnectorError as error:
        return work.ends(ending_of(error, work.delivery, "hydrate", desk))
    if found is None:
        return _gone_or_not_yet_readable(desk, work)
    return _with_record(work, found, kashflow_digest(work.delivery.entity, found))


def _address(work: Work) -> str:
    """Where the record was seen last."""
    return str(work.delivery.hint.get("key") or (work.link.kashflow_key if work.link else ""))


def _at_its_address(desk: Desk, work: Work, listing: Listing) -> Row | None:
    """The record, None where it is not there. Its address is a hint: by now it may be another record's, or nobody's. What is
    deleted for want of it is looked for in the list first."""
    known = _address(work)
    row = _read_at(desk, work, known) if known else None
    if row is not None and RECORDS[work.delivery.entity].identity(row) == work.delivery.record_id:
        return row
    is_to_be_found = row is not None or not known or work.flow.deletes
    moved = _address_in_list(work, listing) if is_to_be_found else None
    return _read_at(desk, work, moved) if moved and moved != known else None


def _read_at(desk: Desk, work: Work, key: str) -> Row | None:
    records = RECORDS[work.delivery.entity]
    try:
        return desk.kashflow_meter.call(lambda: records.read(desk.kashflow, key), priority=work.flow.priority)
    except NotFound:
        return None


def _address_in_list(work: Work, listing: Listing) -> str | None:
    """Where the record is now, by the list of its object; None where that does not show it. Raises Busy where it may."""
    records, record_id = RECORDS[work.delivery.entity], work.delivery.record_id
    if records.windowed:
        return record_id
    listed = listing.read()
    found = (records.key(row) for row in listed.rows if records.identity(row) == record_id)
    moved = next(found, None)
    if moved is None and not listed.complete:
        raise left_out(records)
    return moved


def _with_record(work: Work, record: Mapping[str, Any], digest: str) -> Work:
    return work.knowing(record=record, digest=digest)


def _gone_or_not_yet_readable(desk: Desk, work: Work) -> Progress:
    if work.delivery.kind != "deleted" and desk.clock() - work.delivery.registered_at < FRESH:
        reason = Reason("hydrate", "not_readable_yet", "KashFlow does not show the new record yet")
        return work.ends(Failed(desk.clock() + timedelta(seconds=desk.rules.backoff_seconds), reason))
    return _gone(work)


def _gone(work: Work) -> Progress:
    if work.flow.pairing is not None or work.flow.write_back or work.flow.deletes:
        return replace(work, gone=True)
    return work.ends(Unchanged(work.absence))


def _unlinked(work: Work) -> Progress:
    text = f"the {work.delivery.entity} {work.delivery.record_id} of {work.delivery.source} belongs to no record over there"
    return work.ends(Unchanged(Reason("hydrate", "not_linked", text)))


#: How each system's records are read.
READERS = {"salesforce": read_salesforce, "kashflow": read_kashflow}


def read(desk: Desk, flow: Flow, works: Sequence[Work]) -> list[Progress]:
    """Each work with its record, or its end. Raises ConnectorError for what holds for all of them."""
    return READERS[flow.source](desk, flow, works)
