"""Fields of linked Salesforce records: compared first, then up to 200 records written in one call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from connectors.errors import ConnectorError
from connectors.salesforce.collections import RowResult
from ledger.deliveries import Settlement
from ledger.endings import Dead, Delivered, Reason, Unchanged
from mappings.recordmapping import RecordMapping
from workers.classify import ending_of, ending_of_each
from workers.desk import Desk
from workers.work import Progress, Work, known


class SalesforceRecords:
    """An update by id is idempotent, so a lost answer is simply asked again."""

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
        wanted = frozenset(name for work in works for name in work.payload or {})
        missing = wanted - desk.fields(mapping.entity)
        present = _read_present(desk, works, mapping.entity, sorted(wanted - missing))
        for work in works:
            yield _what_changes(work, mapping, present.get(_id(work)), missing)

    def send(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        records = [{"Id": _id(work), **(work.payload or {})} for work in works]
        entity, priority = _mapping(desk, works[0]).entity, works[0].flow.priority
        try:
            results = desk.salesforce_meter.call(
                lambda: desk.salesforce.collections_update(entity, records), priority=priority
            )
        except ConnectorError as error:
            yield from (work.ends(ending_of_each(error, work.delivery, "send", desk)) for work in works)
            return
        for work, result in zip(works, results, strict=True):
            yield _ending(desk, work, result)


def _mapping(desk: Desk, work: Work) -> RecordMapping:
    return desk.book.mapping(work.flow.writes)


def _read_present(
    desk: Desk, works: list[Work], entity: str, fields: list[str]
) -> dict[str, Mapping[str, object]]:
    if not fields:
        return {}
    ids = [_id(work) for work in works]
    rows = desk.salesforce_meter.call(
        lambda: desk.salesforce.collections_retrieve(entity, ids, ["Id", *fields]),
        priority=works[0].flow.priority,
    )
    return {str(row["Id"]): row for row in rows if row is not None}


def _id(work: Work) -> str:
    return known(work.link, "the link").salesforce_id


def _what_changes(
    work: Work, mapping: RecordMapping, present: Mapping[str, object] | None, missing: frozenset[str]
) -> Progress:
    """The work with only the fields that differ; its end where none does."""
    payload = {name: value for name, value in (work.payload or {}).items() if name not in missing}
    if not payload:
        text = f"{mapping.entity} has none of the fields {', '.join(sorted(missing))}; create them or change the mapping"
        return work.ends(Dead(Reason("compare", "no_fields", text)))
    if present is None:
        text = f"the {mapping.entity} {_id(work)} no longer exists in Salesforce"
        return work.ends(Dead(Reason("compare", "gone", text)))
    difference = mapping.difference(payload, present)
    if not difference:
        return work.ends(Unchanged(Reason("compare", "same_values", "Salesforce holds these values already")))
    return replace(work, payload={name: payload[name] for name in difference})


def _ending(desk: Desk, work: Work, result: RowResult) -> Settlement:
    if result.error is not None:
        return work.ends(ending_of(result.error, work.delivery, "send", desk))
    return work.ends(Delivered(f"wrote {', '.join(sorted(work.payload or {}))}"))
