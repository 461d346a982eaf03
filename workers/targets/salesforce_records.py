"""Fields of linked Salesforce records: compared first, then written 200 in a call, or thousands in one Bulk job."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import structlog

from connectors.errors import ConnectorError, NotNow
from connectors.salesforce.collections import MOST_RETRIEVED, RowResult
from ledger.deliveries import Settlement
from ledger.endings import Dead, Delivered, Reason, Unchanged
from mappings.recordmapping import RecordMapping
from workers.classify import ending_of, ending_of_each, held_back, may_be_one_records_fault
from workers.desk import Desk
from workers.targets.salesforce_bulk import update_by_job
from workers.ways import COLLECTIONS_RECORDS, bulk_pays
from workers.work import Progress, Work, known

log = structlog.get_logger("kashforce.salesforce")

#: Salesforce's word for a record in the recycle bin (reference salesforce.md section 4).
DELETED = "ENTITY_IS_DELETED"
#: Code of the reason why a record waits that a Bulk job left undecided.
LEFT = "left_by_bulk_job"


class SalesforceRecords:
    """An update by id is idempotent: it may be sent again after a lost answer, and in parts after a refusal."""

    def resolve(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        """hydrate found the links on its way: without one there was nothing to read."""
        for work in works:
            link = known(work.link, "the link")
            if link.salesforce_entity == _mapping(desk, work).entity:
                yield work
            else:
                text = f"it belongs to {link.salesforce_entity} {link.salesforce_id}"
                yield work.ends(Unchanged(Reason("resolve", "another_object", text)))

    def compare(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        mapping = _mapping(desk, works[0])
        wanted = frozenset[str]().union(*(work.payload or {} for work in works))
        missing = wanted - desk.fields(mapping.entity)
        known_before = [work for work in works if not _is_first_news(work)]
        present = _read_present(desk, known_before, mapping.entity, sorted(wanted - missing))
        for work in works:
            if _is_first_news(work):
                yield _without(missing, work, mapping)
            else:
                yield _what_changes(work, mapping, present.get(_id(work)), missing)

    def send(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        # Collections decide about each record: a job that fails for all of them, or an org whose jobs never begin,
        # holds nobody up twice.
        fresh = [work for work in works if work.delivery.reason_code != LEFT]
        by_job = fresh if bulk_pays(len(fresh), desk.rules.pace) else []
        if by_job:
            yield from _send_by_job(desk, by_job)
        taken = {work.delivery.id for work in by_job}
        rest = [work for work in works if work.delivery.id not in taken]
        for start in range(0, len(rest), COLLECTIONS_RECORDS):
            yield from _send_by_collections(desk, rest[start : start + COLLECTIONS_RECORDS])


def _send_by_collections(desk: Desk, works: list[Work]) -> Iterator[Settlement]:
    """One call. One that is refused as a whole is sent again in halves, until the culprit is alone."""
    entity, priority = _mapping(desk, works[0]).entity, works[0].flow.priority
    records = [_record(work) for work in works]
    try:
        results = desk.salesforce_meter.call(
            lambda: desk.salesforce.collections_update(entity, records), priority=priority
        )
    except ConnectorError as error:
        if len(works) > 1 and may_be_one_records_fault(error):
            middle = len(works) // 2
            yield from _send_by_collections(desk, works[:middle])
            yield from _send_by_collections(desk, works[middle:])
        else:
            yield from (work.ends(ending_of_each(error, work.delivery, "send", desk)) for work in works)
        return
    for work, result in zip(works, results, strict=True):
        yield _ending(desk, work, result)


def _send_by_job(desk: Desk, works: list[Work]) -> Iterator[Settlement]:
    """One Bulk job. A record of which it says nothing waits again."""
    entity, priority = _mapping(desk, works[0]).entity, works[0].flow.priority
    results: Mapping[str, RowResult] = {}
    asked_seconds = None
    try:
        job, outcome = update_by_job(desk, entity, [_record(work) for work in works], priority)
    except ConnectorError as error:
        why = f"{error.system}: {error.message}"
        asked_seconds = error.retry_after_seconds if isinstance(error, NotNow) else None
        log.warning("bulk_broke", entity=entity, rows=len(works), code=error.code or type(error).__name__)
    else:
        results = outcome.results
        why = f"the Bulk job {job.id} ended as {job.state} before this record; {job.error_message or 'no reason given'}"
        log.info("bulk", entity=entity, rows=len(works), job=job.id, state=job.state, failed=job.failed)
    # One time for all: what a job left would come back in crumbs, a call for each.
    left = held_back(works[0].delivery, Reason("send", LEFT, why), desk, asked_seconds)
    for work in works:
        result = results.get(_id(work))
        yield work.ends(left) if result is None else _ending(desk, work, result)


def _record(work: Work) -> dict[str, Any]:
    return {"Id": _id(work), **(work.payload or {})}


def _mapping(desk: Desk, work: Work) -> RecordMapping:
    return desk.book.mapping(work.flow.writes)


def _read_present(
    desk: Desk, works: list[Work], entity: str, fields: list[str]
) -> dict[str, Mapping[str, object]]:
    if not fields or not works:
        return {}
    ids = [_id(work) for work in works]
    rows = desk.salesforce_meter.call(
        lambda: desk.salesforce.collections_retrieve(entity, ids, ["Id", *fields]),
        priority=works[0].flow.priority,
        calls=math.ceil(len(ids) / MOST_RETRIEVED),
    )
    return {str(row["Id"]): row for row in rows if row is not None}


def _id(work: Work) -> str:
    return known(work.link, "the link").salesforce_id


def _is_first_news(work: Work) -> bool:
    """Is it of a record that we have just made ourselves? Then Salesforce cannot show it yet, and to look would only cost a
    call, while somebody waits for the number."""
    told = work.delivery
    just_made = told.kind == "created" and bool(told.snapshot)
    return just_made and told.attempts == 0 and not told.in_doubt


def _without(missing: frozenset[str], work: Work, mapping: RecordMapping) -> Progress:
    """The work with those fields that the organisation has; its end where it has none."""
    payload = work.payload or {}
    if payload and missing.isdisjoint(payload):
        return work
    payload = {name: value for name, value in payload.items() if name not in missing}
    if payload:
        return work.knowing(payload=payload)
    text = f"{mapping.entity} has none of the fields {', '.join(sorted(missing))}; create them or change the mapping"
    return work.ends(Dead(Reason("compare", "no_fields", text)))


def _what_changes(
    work: Work, mapping: RecordMapping, present: Mapping[str, object] | None, missing: frozenset[str]
) -> Progress:
    """The work with only the fields that differ; its end where none does."""
    wanted = _without(missing, work, mapping)
    if not isinstance(wanted, Work):
        return wanted
    if present is None:
        return work.ends(_gone("compare", work, mapping))
    payload = known(wanted.payload, "the payload")
    difference = mapping.difference(payload, present)
    if not difference:
        return work.ends(Unchanged(Reason("compare", "same_values", "Salesforce holds these values already")))
    return replace(work, payload={name: payload[name] for name in difference}, changes=difference)


def _gone(stage: str, work: Work, mapping: RecordMapping) -> Dead:
    return Dead(Reason(stage, "gone", f"the {mapping.entity} {_id(work)} no longer exists in Salesforce"))


def _ending(desk: Desk, work: Work, result: RowResult) -> Settlement:
    if result.error is not None and result.error.code == DELETED:
        return work.ends(_gone("send", work, _mapping(desk, work)))
    if result.error is not None:
        return work.ends(ending_of(result.error, work.delivery, "send", desk))
    return work.ends(Delivered(f"wrote {', '.join(sorted(work.payload or {}))}"))
