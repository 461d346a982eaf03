"""Sees what changed in KashFlow, which has no change feed: lists, compares with what it saw last, registers what moved.

A summary never stands for the record itself: a row whose digest moved is a hint, and what the record holds is read when
the hint is worked on. So a list that leaves out fields, or prints them blank, causes a read and no harm. What no list
shows (lines, notes, addresses) is found by a slower walk through the details, a slice at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from canonical.change import Change, Kind
from connectors.errors import ConnectorError, NotFound
from ledger.deliveries import Waiting, deliveries_of
from ledger.ledger import Ledger
from ledger.links import Link
from ledger.producing import Lease, Sighting
from mappings.book import Book
from mappings.digest import as_far_as_shown, kashflow_row_digest, says_more
from mappings.flows import Flow
from producers.kashflow_absence import GONE, absences, gone, is_still_there, still_there
from producers.kashflow_audit import AuditWatch
from producers.kashflow_details import DetailWalk
from producers.kashflow_reading import KashFlowReader, Listed
from producers.kashflow_resources import Resource, concerns, resource_for

log = structlog.get_logger("kashforce.poll")

NAME = "kashflow_poll"


@dataclass(frozen=True)
class PollRules:
    """How thorough the poll is."""

    #: How often all details are walked through; 0: never.
    details_seconds: float = 86_400
    #: Details read in one turn, one call each.
    details_per_turn: int = 50
    #: Ask the audit report first, and leave lists alone while it shows nothing new.
    uses_audit: bool = False
    #: Lists are read at least this often, whatever the audit report says.
    unaudited_seconds: float = 3600
    #: How far back by their date the rows of a windowed list are read: bank transactions.
    window_days: int = 60


class KashFlowPoll:
    """The producer: `turn` does what is due. Raises NoSuchResource for a flow from an object that has no list."""

    def __init__(
        self,
        reader: KashFlowReader,
        *,
        ledger: Ledger,
        book: Book,
        announce: Callable[[Waiting], None],
        clock: Callable[[], datetime],
        lease: Callable[[], Lease | None] = lambda: None,
        rules: PollRules | None = None,
    ) -> None:
        self._reader = reader
        self._ledger = ledger
        self._book = book
        self._announce = announce
        self._clock = clock
        self._lease = lease
        self._rules = rules or PollRules()
        watched = dict.fromkeys(
            flow.source_entity for flow in book.flows if flow.source == "kashflow" and flow.kinds
        )
        self._resources = [resource_for(entity) for entity in watched]
        self._audit = AuditWatch(reader, ledger, clock, self._rules.unaudited_seconds)
        self._details = DetailWalk(
            reader, ledger, clock, self._rules.details_seconds, self._rules.details_per_turn
        )

    def turn(self) -> None:
        """Look at every list that may show something new, and walk on through its details.

        Raises LeaseLost when another process polls now.
        """
        entries = self._audit.ask() if self._rules.uses_audit else None
        for resource in self._resources:
            if (
                entries is not None
                and resource.is_audited
                and not entries.has_news
                and not self._details.is_due(resource)
            ):
                continue
            try:
                listed, _ = self._look(resource)
                self._walk_details(resource, listed)
            except ConnectorError as error:
                log.warning("not_looked", entity=resource.entity, reason=error.message)
                entries = None  # what the report told has not been looked into
        if entries is not None and entries.has_news:
            self._ledger.register([], cursors=[entries.cursor], lease=self._lease(), now=self._clock())

    def look(self) -> int:
        """Compare every list with what was seen last; how many records moved. May raise any ConnectorError."""
        return sum(self._look(resource)[1] for resource in self._resources)

    def _look(self, resource: Resource) -> tuple[Listed, int]:
        since = (self._clock() - timedelta(days=self._rules.window_days)).date()
        listed = self._reader.listed(resource, since)
        seen = self._ledger.sightings("kashflow", resource.entity)
        moved = [
            _sighting(resource, record_id, kashflow_row_digest(resource.entity, row), seen.get(record_id))
            for record_id, row in listed.rows.items()
        ]
        moved = [sighting for sighting in moved if sighting != seen.get(sighting.record_id)]
        news = [sighting for sighting in moved if _is_news(sighting, seen.get(sighting.record_id))]
        changes = [
            _change(
                sighting,
                _kind(seen.get(sighting.record_id)),
                self._clock(),
                _hint(resource, listed, sighting),
            )
            for sighting in news
        ]
        if listed.complete:
            missing, deleted = self._missing(resource, listed, seen)
            moved += missing
            changes += [_change(sighting, "deleted", self._clock()) for sighting in deleted]
        deliveries = deliveries_of(changes, self._routes(resource, changes, is_first_look=not seen))
        waiting = self._ledger.register(deliveries, sightings=moved, lease=self._lease(), now=self._clock())
        self._announce(waiting)
        log.info(
            "looked",
            entity=resource.entity,
            rows=len(listed.rows),
            moved=len(news),
            new_deliveries=len(deliveries),
        )
        return listed, len(news)

    def _missing(
        self, resource: Resource, listed: Listed, seen: dict[str, Sighting]
    ) -> tuple[list[Sighting], list[Sighting]]:
        """What a complete list leaves out: sightings to write, and those among them that are deletions."""
        found = absences(seen, listed.rows.keys(), self._clock())
        keys = {}
        noun = resource.linked_as or resource.noun
        if noun and found.overdue:
            links = self._ledger.links_by_kashflow_id(noun, [one.record_id for one in found.overdue])
            keys = {record_id: link.kashflow_key for record_id, link in links.items()}
        if resource.records.windowed:
            keys = {one.record_id: one.record_id for one in found.overdue}
        deleted, present = [], []
        for sighting in found.overdue:
            exists = self._exists(resource, sighting, keys.get(sighting.record_id))
            if exists:
                present.append(still_there(sighting, windowed=resource.records.windowed))
            elif exists is not None:
                deleted.append(gone(sighting))
        return [*found.first, *present, *deleted], deleted

    def _exists(self, resource: Resource, sighting: Sighting, key: str | None) -> bool | None:
        """Ask for the record itself, where its address is known. None when KashFlow does not say."""
        if key is None:
            return False
        try:
            row = self._reader.detail_by_key(resource, key)
        except NotFound:
            return False
        except ConnectorError as error:
            log.warning("not_looked", entity=resource.entity, reason=error.message)
            return None
        return is_still_there(row, sighting.record_id, resource.records.identity)

    def _walk_details(self, resource: Resource, listed: Listed) -> None:
        if not self._details.is_due(resource):
            return
        flows = self._book.flows_for("kashflow", resource.entity)
        walked = self._details.walk_on(resource, listed.rows, flows, self._links(resource, listed.rows))
        waiting = self._ledger.register(
            walked.deliveries, cursors=[walked.cursor], lease=self._lease(), now=self._clock()
        )
        self._announce(waiting)
        log.info(
            "walked", entity=resource.entity, records=walked.records, new_deliveries=len(walked.deliveries)
        )

    def _routes(
        self, resource: Resource, changes: Sequence[Change], *, is_first_look: bool
    ) -> Callable[[Change], list[Flow]]:
        """Which flows each of `changes` concerns."""
        flows = self._book.flows_for("kashflow", resource.entity)
        links = self._links(resource, [change.record_id for change in changes])
        return lambda change: [
            flow
            for flow in flows
            if flow.watches(change)
            and concerns(resource, flow, links.get(change.record_id), is_first_look=is_first_look)
        ]

    def _links(self, resource: Resource, record_ids: Iterable[str]) -> dict[str, Link]:
        return self._ledger.links_by_kashflow_id(resource.linked_as, record_ids) if resource.linked_as else {}


def _sighting(resource: Resource, record_id: str, digest: str, last: Sighting | None) -> Sighting:
    """The sighting of a row that a list shows; equal to the last one when nothing moved."""
    if last is None:
        return Sighting("kashflow", resource.entity, record_id, digest, 1)
    digest = as_far_as_shown(digest, last.digest)
    moved = digest != last.digest and not says_more(digest, last.digest)
    return Sighting("kashflow", resource.entity, record_id, digest, last.serial + moved)


def _is_news(sighting: Sighting, last: Sighting | None) -> bool:
    """Did more happen than that it is shown again, or shown in full?"""
    return last is None or last.serial != sighting.serial


def _kind(last: Sighting | None) -> Kind:
    if last is None:
        return "created"
    return "undeleted" if last.digest == GONE else "updated"


def _hint(resource: Resource, listed: Listed, sighting: Sighting) -> dict[str, str]:
    """Where the record stands, for whoever reads it: the key of its link may be out of date."""
    key = resource.records.key(listed.rows[sighting.record_id])
    return {"key": key} if key else {}


def _change(sighting: Sighting, kind: Kind, now: datetime, hint: Mapping[str, str] | None = None) -> Change:
    return Change(
        source="kashflow",
        entity=sighting.entity,
        record_id=sighting.record_id,
        # Counted, not taken from the content: paid, unpaid and paid again are three changes.
        version=f"seen {sighting.serial}",
        kind=kind,
        occurred_at=now,
        hint=hint or {},
    )
