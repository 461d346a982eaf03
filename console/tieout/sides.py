"""Both systems as a tie-out reads them: each list, each record and each query once, behind everything that is delivered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from canonical.shape import Noun
from connectors.errors import NotFound
from connectors.kashflow.reading import Row
from connectors.kashflow.values import read_date
from connectors.kashflow.writing import to_json
from connectors.meter import Meter
from connectors.salesforce.org import Record
from console.tieout.findings import Findings
from console.tieout.period import Period
from ledger.links import Link
from ledger.overview import first_registered_at
from mappings.flows import Flow
from mappings.golden.record import Golden
from mappings.plan import STAMP
from mappings.problems import MappingProblem
from mappings.recordmapping import Direction
from producers.kashflow_reading import PRIORITY, KashFlowReader, Listed
from producers.kashflow_resources import resource_for
from workers.desk import Desk
from workers.rehearsal import Rehearsed, rehearse
from workers.work import LOOK

#: How a difference that no delivery was ever about is known.
BEFORE_US = "from before Kashforce began"
#: How one is known that a repair would not touch.
BY_POLICY = "stays, by its flow's when_gone"
#: Fields of ours that say when a document was issued, or money moved: the first that a mapping knows counts.
_DATES = ("issued_on", "booked_on", "paid_on")
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


def noun_of(entity: str) -> str:
    """What we call an object of KashFlow: `bank_account` for `BankAccount`."""
    return _WORD.sub("_", entity).casefold()


@dataclass
class Sides:
    """What one tie-out has read so far. All reading may raise ConnectorError."""

    desk: Desk
    reader: KashFlowReader
    period: Period
    findings: Findings
    #: Hears what is being looked at, and how many more records are done.
    say: Callable[[str, int], None]
    #: Ids of Salesforce's records that are KashFlow's although they have lost its id.
    keyless: set[str] = field(default_factory=set)
    _lists: dict[str, Listed] = field(default_factory=dict)
    _links: dict[str, dict[str, Link]] = field(default_factory=dict)
    _details: dict[tuple[str, str], Row | None] = field(default_factory=dict)

    @property
    def meter(self) -> Meter:
        """Salesforce's."""
        return self.desk.salesforce_meter

    # -- KashFlow -----------------------------------------------------------------------------------

    def listed(self, entity: str) -> Listed:
        """The whole list of an object of KashFlow, whatever the period; bank transactions from its first day on."""
        if entity not in self._lists:
            self._lists[entity] = self.listed_again(entity)
        return self._lists[entity]

    def listed_again(self, entity: str) -> Listed:
        """The same as it is now."""
        self.say(f"KashFlow's list of {entity}", 0)
        return self.reader.listed(resource_for(entity), self.period.first)

    def in_period(self, flow: Flow) -> dict[str, Row]:
        """The rows of the flow's list that are dated within the period; all of an object that has no date."""
        dated = self.date_field(flow.reads, "read")
        rows = self.listed(flow.source_entity).rows
        return {key: row for key, row in rows.items() if not dated or self._is_in(row.get(dated))}

    def _is_in(self, said: object) -> bool:
        day = read_date(said)
        return day is None or day in self.period

    def detail(self, entity: str, record_id: str) -> Row | None:
        """The whole record behind a row of the list; None where it has gone since."""
        key = (entity, record_id)
        if key not in self._details:
            try:
                row = self.listed(entity).rows[record_id]
                self._details[key] = self.reader.detail(resource_for(entity), row)
            except NotFound:
                self._details[key] = None
            self.say(entity, 1)
        return self._details[key]

    def models(self, flow: Flow) -> dict[str, Noun]:
        """The records of the period in our words, by id; without those that cannot be read, which a rehearsal tells."""
        mapping, context = self.desk.book.mapping(flow.reads), self.desk.context()
        found: dict[str, Noun] = {}
        for record_id in self.in_period(flow):
            row = self.detail(flow.source_entity, record_id)
            try:
                if row is not None:
                    found[record_id] = mapping.read(row, context)
            except MappingProblem:
                continue
        return found

    def linked(self, noun: str) -> dict[str, Link]:
        """All links of one noun of ours, by KashFlow's id."""
        if noun not in self._links:
            self._links[noun] = {link.kashflow_id: link for link in self.desk.ledger.links_of(noun)}
        return self._links[noun]

    def kept(self, noun: str) -> list[Link]:
        """The links of pairs that are still kept in step."""
        links = self.linked(noun).values()
        return [link for link in links if Golden.from_plain(link.golden).parted is None]

    def key(self, entity: str, record_id: str) -> str:
        """The number or code of a record; its id where the list does not show it."""
        row = self.listed(entity).rows.get(record_id)
        return resource_for(entity).records.key(row) if row is not None else record_id

    # -- Salesforce ---------------------------------------------------------------------------------

    def rows(self, entity: str, columns: Iterable[str], where: str) -> list[Record]:
        """The records of an object that meet `where`, 2,000 a call."""
        fields = ", ".join(dict.fromkeys(["Id", *columns]))
        # Names were checked when the files were loaded, values are quoted by whoever brings them.
        statement = f"SELECT {fields} FROM {entity} WHERE {where} ORDER BY Id"  # noqa: S608  # see above
        pages = self.desk.salesforce.query_pages(statement)
        found: list[Record] = []
        while page := self.meter.call(lambda: next(pages, None), priority=PRIORITY):
            found += page
        return found

    def dated_in_period(self, dated: str) -> str:
        """The condition for records whose date field is within the period; for any, where there is none."""
        if not dated:
            return "Id != null"
        return f"({dated} >= {self.period.first.isoformat()} AND {dated} <= {self.period.last.isoformat()})"

    # -- both ---------------------------------------------------------------------------------------

    def date_field(self, mapping: str, direction: Direction) -> str:
        """The field that dates the records of a mapping; blank where they have no date."""
        fields = (self.desk.book.mapping(mapping).field_for(name, direction) for name in _DATES)
        return next((name for name in fields if name), "")

    def day_of(self, model: Noun) -> date | None:
        """When a record of ours is dated."""
        found = (getattr(model, name, None) for name in _DATES)
        return next((day for day in found if isinstance(day, date)), None)

    def is_older_than_we(self, flow: Flow, one: Rehearsed) -> bool:
        """Is it as it was before Kashforce began, so that no delivery of it was ever registered? Then it is the initial
        load's, or nobody's: what was billed by hand long ago must not be billed by us."""
        record = one.work.record if one.work else None
        said, began = (record or {}).get(STAMP), self._began()
        if not isinstance(said, str) or began is None or datetime.fromisoformat(said) >= began:
            return False
        found = self.desk.ledger.newest_deliveries(flow.name, [one.record_id])
        return one.record_id not in found

    def _began(self) -> datetime | None:
        with self.desk.ledger.reading() as connection:
            return first_registered_at(connection)

    def rehearse(
        self,
        flow: Flow,
        record_ids: Iterable[str],
        hints: Mapping[str, Mapping[str, str]] | None = None,
        snapshots: Mapping[str, str] | None = None,
    ) -> Iterator[Rehearsed]:
        """What the spine would do with these records now; see workers.rehearsal."""
        return rehearse(
            self.desk, flow, record_ids, hints, snapshots, say=lambda done: self.say(flow.name, done)
        )

    def answers(
        self, entity: str, record_ids: Iterable[str]
    ) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
        """Hints and snapshot of each record: its address, that what was made of it is looked for, and what KashFlow said of
        it, so that it is not asked again for each flow."""
        hints, snapshots = {}, {}
        for record_id in record_ids:
            row: dict[str, Any] | None = self.detail(entity, record_id)
            if row is not None:
                hints[record_id] = {"key": self.key(entity, record_id), LOOK: "yes"}
                snapshots[record_id] = to_json(row)
        return hints, snapshots
