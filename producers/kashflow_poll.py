"""Sees what changed in KashFlow, which has no change feed: lists, compares with what it saw last, registers what moved."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import structlog

from canonical.change import Change
from connectors.kashflow.client import KashFlowClient
from connectors.kashflow.reading import Row
from connectors.meter import Meter
from ledger.deliveries import Waiting, deliveries_of
from ledger.ledger import Ledger
from ledger.producing import Lease, Sighting
from mappings.book import Book
from mappings.flows import Flow

log = structlog.get_logger("kashforce.poll")

NAME = "kashflow_poll"
INVOICE = "Invoice"
#: Behind everything that a worker sends.
PRIORITY = 3

#: Fields that move without an edit (reference kashflow.md section 3.2 and quirk 2).
VOLATILE = frozenset(
    {
        "OverdueDays",
        "EmailCount",
        "FileCount",
        "PreviousNumber",
        "NextNumber",
        "FormattedDueAmount",
        "VATReturnId",
    }
)


class KashFlowPoll:
    """The producer: one `look` compares the whole invoice list with the last one.

    A row whose digest moved becomes a change; what it holds now is read when the change is worked on, so a
    summary never stands for the record itself.
    """

    def __init__(
        self,
        client: KashFlowClient,
        meter: Meter,
        *,
        ledger: Ledger,
        book: Book,
        announce: Callable[[Waiting], None],
        clock: Callable[[], datetime],
        lease: Callable[[], Lease | None] = lambda: None,
    ) -> None:
        self._client = client
        self._meter = meter
        self._ledger = ledger
        self._book = book
        self._announce = announce
        self._clock = clock
        self._lease = lease

    def look(self) -> int:
        """Register what moved since the last look; returns how many records did. May raise any ConnectorError."""
        rows = self._list()
        seen = self._ledger.sightings("kashflow", INVOICE)
        moved = [
            _sighting(row, seen.get(str(row["Id"])))
            for row in rows
            if row.get("Id") and _moved(row, seen.get(str(row["Id"])))
        ]
        linked = self._ledger.links_by_kashflow_id("invoice", [sighting.record_id for sighting in moved])
        changes = [_change(sighting, self._clock()) for sighting in moved if sighting.record_id in linked]
        waiting = self._ledger.register(
            deliveries_of(changes, self._routes), sightings=moved, lease=self._lease(), now=self._clock()
        )
        self._announce(waiting)
        log.info("looked", rows=len(rows), moved=len(moved), changes=len(changes))
        return len(moved)

    def _list(self) -> list[Row]:
        """All summaries, each page paid for out of the workers' budget at the lowest priority."""
        pages = self._client.invoices.pages()
        rows: list[Row] = []
        while page := self._meter.call(lambda: next(pages, None), priority=PRIORITY):
            rows.extend(page.rows)
        return rows

    def _routes(self, change: Change) -> list[Flow]:
        return [flow for flow in self._book.flows_for(change.source, change.entity) if flow.watches(change)]


def digest_of(row: Mapping[str, Any]) -> str:
    """What the row says, without what moves by itself. A list leaves collections out or prints them as null or empty,
    which says nothing about the record (reference kashflow.md, quirk 1)."""
    kept = {
        name: str(value)
        for name, value in row.items()
        if name not in VOLATILE and value is not None and not isinstance(value, list)
    }
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def _moved(row: Mapping[str, Any], last: Sighting | None) -> bool:
    return last is None or last.digest != digest_of(row)


def _sighting(row: Mapping[str, Any], last: Sighting | None) -> Sighting:
    serial = 1 if last is None else last.serial + 1
    return Sighting("kashflow", INVOICE, str(row["Id"]), digest_of(row), serial)


def _change(sighting: Sighting, now: datetime) -> Change:
    return Change(
        source="kashflow",
        entity=INVOICE,
        record_id=sighting.record_id,
        # Counted, not taken from the content: paid, unpaid and paid again are three changes.
        version=f"seen {sighting.serial}",
        kind="updated",
        occurred_at=now,
    )
