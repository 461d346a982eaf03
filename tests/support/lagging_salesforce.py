"""A Salesforce of a few records whose edits show up late: what a sweep and a worker would read of it at any moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from mappings.flows import Flow
from producers.sweep_page import Page
from producers.sweep_round import Round
from tests.support.ledger import START, TestClock


@dataclass(frozen=True)
class Edit:
    """One committed state of a record."""

    value: int
    modified_at: datetime
    visible_at: datetime


class Killed(Exception):
    """The process that read was killed here."""


class LaggingSalesforce:
    """Reads as a SOQL query does: committed states only, by whole seconds of SystemModstamp."""

    def __init__(self, clock: TestClock) -> None:
        self._clock = clock
        self._edits: dict[str, list[Edit]] = {}
        #: Pages until the reader is killed; None: never.
        self.pages_left: int | None = None

    def edit(self, number: int, value: int, lag_seconds: int) -> None:
        """The row stays locked until the edit is committed, so the next one shows up later."""
        record_id = f"006{number:012d}AAA"
        edits = self._edits.setdefault(record_id, [])
        visible_at = self._clock() + timedelta(seconds=lag_seconds)
        if edits and edits[-1].visible_at > self._clock():
            return
        edits.append(Edit(value, self._clock().replace(microsecond=0), visible_at))

    def record(self, record_id: str) -> Mapping[str, Any] | None:
        """What a query shows of the record now."""
        shown = [edit for edit in self._edits.get(record_id, ()) if edit.visible_at <= self._clock()]
        return _row(record_id, shown[-1]) if shown else None

    def latest(self) -> dict[str, Mapping[str, Any]]:
        """The truth, visible or not."""
        return {record_id: _row(record_id, edits[-1]) for record_id, edits in self._edits.items()}

    def ids(self) -> list[str]:
        return sorted(self._edits)

    # -- as the sweep's reader ------------------------------------------------------------------------

    def page(self, flow: Flow, round_: Round, limit: int) -> Page:
        if self.pages_left is not None:
            self.pages_left -= 1
            if self.pages_left < 0:
                raise Killed
        rows = [row for record_id in self._edits if (row := self.record(record_id)) is not None]
        wanted = sorted(
            (
                row
                for row in rows
                if (round_.at, round_.after_id) < _place(row) and _place(row)[0] <= round_.until
            ),
            key=_place,
        )
        return Page(wanted[:limit], calls=1)

    def deleted(self, flow: Flow, since: datetime, until: datetime) -> Mapping[str, datetime]:
        return {}


def _row(record_id: str, edit: Edit) -> dict[str, Any]:
    return {
        "attributes": {"type": "Opportunity"},
        "Id": record_id,
        "Name": f"value {edit.value}",
        "SystemModstamp": f"{edit.modified_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000+0000",
        "CreatedDate": f"{START:%Y-%m-%dT%H:%M:%S}.000+0000",
    }


def _place(row: Mapping[str, Any]) -> tuple[datetime, str]:
    return datetime.fromisoformat(row["SystemModstamp"]), row["Id"]
