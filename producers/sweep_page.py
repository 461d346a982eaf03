"""One page of the sweep: asks Salesforce, and says which of its records were not delivered as they are. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from canonical.change import Change, Kind
from connectors.errors import Unreadable
from connectors.meter import Meter
from connectors.salesforce.rest import SalesforceClient
from ledger.newest import Newest
from mappings.digest import salesforce_digest
from mappings.flows import Flow
from mappings.soql import page_soql
from producers.sweep_round import Round

#: Behind everything that a worker sends.
PRIORITY = 3


@dataclass(frozen=True)
class Page:
    """Records in the order of their changes; fewer than asked for when there are no more."""

    records: Sequence[Mapping[str, Any]]
    calls: int


class Reader(Protocol):
    """Where a round's records come from. Both may raise any ConnectorError."""

    def page(self, flow: Flow, round_: Round, limit: int) -> Page: ...
    def deleted(self, flow: Flow, since: datetime, until: datetime) -> Mapping[str, datetime]: ...


class SalesforceReader:
    """Reads pages, and deletions, out of the budget that workers share, at the lowest priority.

    `fields` names the fields of an object as our user sees them.
    """

    def __init__(
        self, client: SalesforceClient, meter: Meter, fields: Callable[[str], frozenset[str]]
    ) -> None:
        self._client = client
        self._meter = meter
        self._fields = fields

    def page(self, flow: Flow, round_: Round, limit: int) -> Page:
        """Up to `limit` records behind the place reached, as a worker that delivers them reads them; none of an object
        that the org does not have."""
        if not self._fields(flow.source_entity):
            return Page([], calls=0)
        missing = flow.plan.missing({name: self._fields(name) for name in flow.plan.objects()})
        soql = page_soql(flow.plan, (round_.at, round_.after_id), round_.until, limit, missing)
        pages = self._meter.call(lambda: list(self._client.query_pages(soql)), priority=PRIORITY)
        records = [record for page in pages for record in page]
        return Page(_in_order(records, round_), calls=len(pages))

    def deleted(self, flow: Flow, since: datetime, until: datetime) -> dict[str, datetime]:
        """When which records were deleted; Salesforce forgets after some 15 days, and takes 30 at most."""
        if not self._fields(flow.source_entity):
            return {}
        found = self._meter.call(
            lambda: self._client.deleted(flow.source_entity, since, until), priority=PRIORITY
        )
        return {record.id: record.deleted_at for record in found.records}


def changes_in(page: Page, flow: Flow, known: Mapping[str, Newest], begun: datetime) -> Iterator[Change]:
    """The records of which something else was delivered than what they hold now.

    What was never delivered and does not meet the flow's condition is left alone: it may once, and changes then.
    """
    for record in page.records:
        newest = known.get(record["Id"])
        if (
            newest is not None
            and not newest.covers_deletion
            and newest.covers(salesforce_digest(record, flow.written_back))
        ):
            continue
        if newest is None and flow.condition is not None and flow.condition.unmet(record):
            continue
        at = modified_at(record)
        kind: Kind = "updated"
        if newest is not None and newest.covers_deletion:
            kind = "undeleted"
        elif newest is None and _time(record, "CreatedDate") >= begun:
            kind = "created"
        yield change_of(flow, record["Id"], kind, at, newest)


def missed_since(changes: Iterable[Change], known: Mapping[str, Newest], before: datetime) -> datetime | None:
    """When the oldest change happened that nobody told us although there was time until `before`; None without one."""
    missed = [
        change.occurred_at
        for change in changes
        if change.occurred_at < before
        and ((newest := known.get(change.record_id)) is None or newest.occurred_at < change.occurred_at)
    ]
    return min(missed, default=None)


def change_of(flow: Flow, record_id: str, kind: Kind, at: datetime, newest: Newest | None) -> Change:
    """The version names the delivery that came before: seen twice before that one is overtaken, it is one change."""
    before = newest.id if newest else 0
    return Change(
        source="salesforce",
        entity=flow.source_entity,
        record_id=record_id,
        version=f"{flow.name} swept {at:%Y-%m-%dT%H:%M:%SZ} after {before}",
        kind=kind,
        occurred_at=at,
    )


def modified_at(record: Mapping[str, Any]) -> datetime:
    """Its SystemModstamp. Raises Unreadable."""
    return _time(record, "SystemModstamp")


def _in_order(records: Sequence[Mapping[str, Any]], round_: Round) -> Sequence[Mapping[str, Any]]:
    """Raises Unreadable for records that are not behind the place reached: the round would go in circles."""
    place = (round_.at, round_.after_id)
    for record in records:
        here = (modified_at(record), str(record.get("Id") or ""))
        if here <= place:
            raise Unreadable(
                f"Salesforce sent {here[1] or 'a record without id'} out of order", system="salesforce"
            )
        place = here
    return records


def _time(record: Mapping[str, Any], field: str) -> datetime:
    try:
        return datetime.fromisoformat(record[field])
    except (KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"a record came without {field}", system="salesforce") from error
