"""Reads what there is to load: ids in an order that no edit changes, and which of them are delivered as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol

from connectors.errors import NotFound
from connectors.kashflow.reading import Row
from console.operations.loading.query_job import ids_by_job
from console.operations.source_records import FIRST_DAY, listed_in_kashflow
from ledger.deliveries import LAST
from ledger.ledger import Ledger
from ledger.newest import Newest
from mappings.digest import kashflow_digest, salesforce_digest
from mappings.flows import Flow
from mappings.plan import STAMP
from mappings.soql import count_soql, ids_soql, soql
from producers.kashflow_reading import KashFlowReader
from producers.kashflow_resources import concerns, resource_for
from workers.desk import Desk
from workers.targets.salesforce_objects import lacking
from workers.ways import query_job_pays

#: Records in one query by id, as a worker's largest batch.
QUERIED = 200


@dataclass(frozen=True)
class Found:
    """A record that is there, and where it stands, if a worker has to be told."""

    record_id: str
    hint: Mapping[str, str] = field(default_factory=dict)


class Records(Protocol):
    """The records of one system. Every method may raise ConnectorError, and NoWindow where `since` says nothing."""

    @property
    def most(self) -> int:
        """Records to read ahead of one transaction at the most."""
        ...

    def count(self, flow: Flow, since: datetime | None) -> int:
        """How many there are, at the most."""
        ...

    def behind(self, flow: Flow, since: datetime | None, place: str) -> Iterator[Found]:
        """Those behind the id `place`, in the order of their ids; all of them behind a blank one."""
        ...

    def is_covered(self, flow: Flow, found: Sequence[Found], known: Mapping[str, Newest]) -> set[str]:
        """Ids of those of which was, or will be, delivered what they hold now."""
        ...


def records_of(desk: Desk, source: str) -> Records:
    """`desk` is a patient one."""
    return SalesforceRecords(desk) if source == "salesforce" else KashFlowRecords(desk)


def absent(desk: Desk, flow: Flow) -> str:
    """Why nothing can be loaded along `flow`: the org lacks an object. Blank where it can. May call Salesforce."""
    if flow.source == "salesforce" and not desk.fields(flow.source_entity):
        return f"Salesforce has no {flow.source_entity}, or does not show it to us"
    return lacking(desk, flow)


@dataclass(frozen=True)
class SalesforceRecords:
    """Ids only, by pages of a query or one query job, whichever is cheaper; the record itself is a worker's to read."""

    desk: Desk
    most: int = 500

    def count(self, flow: Flow, since: datetime | None) -> int:
        return self._count(flow, since, "")

    def behind(self, flow: Flow, since: datetime | None, place: str) -> Iterator[Found]:
        statement = ids_soql(flow.source_entity, flow.condition, since, place)
        pages: Iterator[list[str]] | None = None
        if query_job_pays(self._count(flow, since, place), self.desk.rules.pace):
            pages = ids_by_job(self.desk, statement)
        for page in pages or self._by_query(statement):
            yield from map(Found, page)

    def is_covered(self, flow: Flow, found: Sequence[Found], known: Mapping[str, Newest]) -> set[str]:
        """Asks for those that the ledger knows, in one query for each 200."""
        ids = [one.record_id for one in found if one.record_id in known]
        missing = flow.plan.missing({name: self.desk.fields(name) for name in flow.plan.objects()})
        chunks = (ids[at : at + QUERIED] for at in range(0, len(ids), QUERIED))
        rows = (row for chunk in chunks for row in self._query(soql(flow.plan, chunk, missing, STAMP)))
        return {
            row["Id"] for row in rows if known[row["Id"]].covers(salesforce_digest(row, flow.written_back))
        }

    def _count(self, flow: Flow, since: datetime | None, place: str) -> int:
        statement = count_soql(flow.source_entity, flow.condition, since, place)
        (row,) = self._query(statement)
        return int(row["total"])

    def _query(self, statement: str) -> list[dict[str, Any]]:
        return self.desk.salesforce_meter.call(lambda: self.desk.salesforce.query(statement), priority=LAST)

    def _by_query(self, statement: str) -> Iterator[list[str]]:
        pages = self.desk.salesforce.query_pages(statement)
        while page := self.desk.salesforce_meter.call(lambda: next(pages, None), priority=LAST):
            yield [str(row["Id"]) for row in page]


@dataclass
class KashFlowRecords:
    """KashFlow's lists come whole: rows may slip between pages, and only a record itself says what it holds."""

    desk: Desk
    #: Those that the ledger knows are read one by one.
    most: int = 50
    _lists: dict[str, dict[str, Row]] = field(default_factory=dict)

    def count(self, flow: Flow, since: datetime | None) -> int:
        """By the total that the list's first page tells, where all of it concerns the flow."""
        resource = resource_for(flow.source_entity)
        is_one_list = not resource.records.windowed
        if since is None and is_one_list and (flow.key or not resource.linked_as):
            pages = resource.records.pages(self.desk.kashflow, FIRST_DAY)
            first = self.desk.kashflow_meter.call(lambda: next(pages, None), priority=LAST)
            if first is not None and first.total is not None:
                return first.total
        return len(self._concerned(flow, since))

    def behind(self, flow: Flow, since: datetime | None, place: str) -> Iterator[Found]:
        rows = self._concerned(flow, since)
        key = resource_for(flow.source_entity).records.key
        for record_id in sorted(rows, key=_order):
            if not place or _order(record_id) > _order(place):
                yield Found(record_id, {"key": key(rows[record_id])})

    def is_covered(self, flow: Flow, found: Sequence[Found], known: Mapping[str, Newest]) -> set[str]:
        """One call for each that the ledger knows."""
        resource, covered = resource_for(flow.source_entity), set()
        for one in found:
            newest = known.get(one.record_id)
            if newest is None:
                continue
            try:
                row = self._reader.detail_by_key(resource, one.hint["key"])
            except NotFound:
                continue  # a worker looks for it in the list
            if newest.covers(kashflow_digest(flow.source_entity, row)):
                covered.add(one.record_id)
        return covered

    def _concerned(self, flow: Flow, since: datetime | None) -> dict[str, Row]:
        """The list, without what is no business of the flow."""
        if flow.source_entity not in self._lists:
            self._lists[flow.source_entity] = listed_in_kashflow(self._reader, flow, since, None)
        rows, resource = self._lists[flow.source_entity], resource_for(flow.source_entity)
        if not resource.linked_as:
            return rows
        links = self._ledger.links_by_kashflow_id(resource.linked_as, rows)
        return {
            key: row
            for key, row in rows.items()
            if concerns(resource, flow, links.get(key), is_first_look=False)
        }

    @property
    def _ledger(self) -> Ledger:
        return self.desk.ledger

    @cached_property
    def _reader(self) -> KashFlowReader:
        return KashFlowReader(self.desk.kashflow, self.desk.kashflow_meter, self.desk.wait)


def _order(record_id: str) -> tuple[int, ...]:
    """An id may have several parts."""
    return tuple(int(part) for part in record_id.split("-"))
