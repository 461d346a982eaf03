"""Reads again what Salesforce's event stream may have kept from us, and what it never tells; hears no events itself.

Per flow, everything that changed since the round before is read in order of SystemModstamp and Id, page by page. A
record becomes a change if what it holds now is not what was last read for its delivery along this flow: the digests of
both reads are compared (ledger.newest). That is the whole rule, for three reasons. Times cannot decide: SystemModstamp has
whole seconds, is set before the commit, and moves with our own write-backs. Counting versions cannot decide: the stream and
the sweep count differently. And a change heard and delivered must not be delivered again only because the sweep
saw it too. So nothing is lost as long as every changed record is read once after it became visible, which
the overlap of the rounds sees to, and the only repeats are records that are being worked on at that very moment.

An incident (a lost replay id, a gap event, a quota) needs no reading of its own: it makes a round due, and is closed by
the first round of each of its flows that ended late enough and began early enough, with a note of what was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from canonical.change import Change
from connectors.errors import ConnectorError
from ledger.deliveries import Waiting, deliveries_of
from ledger.incidents import Closing, NotedIncident
from ledger.ledger import Ledger
from ledger.producing import Incident, Lease
from mappings.book import Book
from mappings.flows import Flow
from producers import salesforce_stream
from producers.sweep_gaps import KINDS, concerned, concerns, note_of
from producers.sweep_page import Page, Reader, change_of, changes_in, missed_since, modified_at
from producers.sweep_round import SETTLE, Round, start_of

log = structlog.get_logger("kashforce.sweep")

NAME = "salesforce_sweep"
#: A change that the stream has not registered after this, while nothing is known to be wrong with it, was missed.
STREAM_PATIENCE = timedelta(minutes=10)
#: Then it is the next flow's turn, and somebody may want this process to stop.
PAGES_PER_TURN = 20
#: Salesforce takes windows of at most 30 days for deletions (reference salesforce.md section 3.6).
DELETIONS_WINDOW = timedelta(days=29)


@dataclass(frozen=True)
class SweepRules:
    """How often each flow is swept, and in what portions."""

    #: As the safety net under the stream; 0 sweeps only after incidents.
    seconds: float = 900
    #: Objects that no event is expected of, and how often these are swept.
    swept_only: frozenset[str] = frozenset()
    swept_only_seconds: float = 300
    #: Records in one query and one transaction.
    page_size: int = 1000


class SalesforceSweep:
    """The producer: `turn` does what is due. Everything it learns is in the ledger, page by page, so it may be killed."""

    def __init__(
        self,
        reader: Reader,
        *,
        ledger: Ledger,
        book: Book,
        announce: Callable[[Waiting], None],
        clock: Callable[[], datetime],
        lease: Callable[[], Lease | None] = lambda: None,
        rules: SweepRules | None = None,
    ) -> None:
        self._reader = reader
        self._ledger = ledger
        self._announce = announce
        self._clock = clock
        self._lease = lease
        self._rules = rules or SweepRules()
        self._flows = [flow for flow in book.flows if flow.source == "salesforce" and flow.kinds]

    def turn(self) -> None:
        """Sweep every flow that is due, then close what that makes up for. What Salesforce declines waits for the next.

        Raises LeaseLost when another process sweeps now.
        """
        incidents = self._open_incidents()
        for flow in self._flows:
            try:
                self._sweep(flow, [incident for incident in incidents if concerns(incident, flow)])
            except ConnectorError as error:
                log.warning("not_swept", flow=flow.name, reason=error.message)
        self._close(incidents)

    def _sweep(self, flow: Flow, incidents: Sequence[NotedIncident]) -> None:
        round_ = self._due(flow, incidents)
        is_expected = bool(incidents) or flow.source_entity in self._rules.swept_only
        for _ in range(PAGES_PER_TURN):
            if round_ is None or round_.done:
                return
            round_ = self._page(flow, round_, is_expected=is_expected)

    def _due(self, flow: Flow, incidents: Iterable[NotedIncident]) -> Round | None:
        """The round to go on with, or None while there is nothing to do."""
        now, last = self._clock(), self._last_round(flow)
        if last is None:
            first = Round.first(self._beginning(), now)
            if first.done:
                self._register(flow, first)
            return first
        if not last.done:
            return last
        waiting = [
            incident
            for incident in incidents
            if now >= incident.noted_at + SETTLE and not last.makes_up_for(incident)
        ]
        seconds = self._seconds_between(flow)
        if not waiting and (not seconds or now < last.until + timedelta(seconds=seconds)):
            return None
        return last.following(now, min([last.until, *(start_of(incident) for incident in waiting)]))

    def _page(self, flow: Flow, round_: Round, *, is_expected: bool) -> Round:
        page = self._reader.page(flow, round_, self._rules.page_size)
        # Asked after the records were read: what waits now will be read later than that.
        known = self._ledger.newest_deliveries(flow.name, [record["Id"] for record in page.records])
        changes = list(changes_in(page, flow, known, round_.begun))
        since = None if is_expected else missed_since(changes, known, round_.until - STREAM_PATIENCE)
        after = _behind(page, round_, changes=len(changes))
        if len(page.records) < self._rules.page_size:
            gone, calls = self._deletions(flow, round_)
            changes += gone
            after = replace(after, done=True, calls=after.calls + calls, changes=after.changes + len(gone))
        self._register(flow, after, changes, [self._missed(flow, after, since)] if since else [])
        return after

    def _deletions(self, flow: Flow, round_: Round) -> tuple[list[Change], int]:
        """Deletions of the whole round, for flows that want to know; they are told by window, not by place."""
        if "deleted" not in flow.kinds or round_.until <= round_.since:
            return [], 0
        found: dict[str, datetime] = {}
        calls, start = 0, round_.since
        while start < round_.until:
            end = min(start + DELETIONS_WINDOW, round_.until)
            found |= self._reader.deleted(flow, start, end)
            start, calls = end, calls + 1
        known = self._ledger.newest_deliveries(flow.name, found)
        return [
            change_of(flow, record_id, "deleted", at, known.get(record_id))
            for record_id, at in found.items()
            if not (record_id in known and known[record_id].covers_deletion)
        ], calls

    def _register(
        self, flow: Flow, round_: Round, changes: Iterable[Change] = (), incidents: Sequence[Incident] = ()
    ) -> None:
        waiting = self._ledger.register(
            deliveries_of(changes, lambda change: [flow] if flow.watches(change) else []),
            cursors=[round_.as_cursor(_cursor_name(flow))],
            incidents=incidents,
            lease=self._lease(),
            now=self._clock(),
        )
        self._announce(waiting)
        if round_.done:
            log.info(
                "swept", flow=flow.name, records=round_.records, changes=round_.changes, calls=round_.calls
            )

    def _missed(self, flow: Flow, round_: Round, since: datetime) -> Incident:
        log.error("stream_missed", object=flow.source_entity, changes=round_.changes)
        reason = "the sweep found changes that the event stream had not told"
        return Incident(
            "watchdog",
            "salesforce",
            flow.source_entity,
            round_.since.isoformat(),
            self._clock(),
            {"reason": reason, "since": since.isoformat()},
        )

    def _close(self, incidents: Iterable[NotedIncident]) -> None:
        closings: list[Closing] = []
        for incident in incidents:
            rounds = [(flow, self._last_round(flow)) for flow in concerned(incident, self._flows)]
            done = [(flow, one) for flow, one in rounds if one and one.makes_up_for(incident)]
            if len(done) == len(rounds):
                closings.append(Closing(incident.id, note_of(done)))
                log.info("gap_closed", incident=incident.id, kind=incident.kind, subject=incident.subject)
        if closings:
            self._ledger.close_incidents(closings, now=self._clock(), lease=self._lease())

    def _open_incidents(self) -> list[NotedIncident]:
        return [
            incident
            for incident in self._ledger.incidents(source="salesforce", only_open=True)
            if incident.kind in KINDS
        ]

    def _last_round(self, flow: Flow) -> Round | None:
        name = _cursor_name(flow)
        cursor = self._ledger.cursors([name]).get(name)
        return Round.from_cursor(cursor) if cursor else None

    def _beginning(self) -> datetime:
        """Where a flow that was never swept begins: where the stream began to be read, or now.

        What was there before is the initial load's business.
        """
        stream = self._ledger.cursors_beginning_with(f"{salesforce_stream.NAME}:")
        return min([self._clock(), *(cursor.position_at for cursor in stream if cursor.position_at)])

    def _seconds_between(self, flow: Flow) -> float:
        alone = flow.source_entity in self._rules.swept_only
        return self._rules.swept_only_seconds if alone else self._rules.seconds


def _behind(page: Page, round_: Round, *, changes: int) -> Round:
    """The round after this page."""
    told = replace(
        round_,
        records=round_.records + len(page.records),
        changes=round_.changes + changes,
        calls=round_.calls + page.calls,
    )
    if not page.records:
        return told
    last = page.records[-1]
    return replace(told, at=modified_at(last), after_id=last["Id"])


def _cursor_name(flow: Flow) -> str:
    return f"{NAME}:{flow.name}"
