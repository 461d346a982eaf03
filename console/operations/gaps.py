"""What the sources could not show as changes, and what was done about it. Reads the ledger only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.bootstrap import House
from ledger.incidents import NotedIncident


@dataclass(frozen=True)
class Reread:
    """One window that was read again for one flow."""

    flow: str
    object: str
    since: datetime
    until: datetime
    records: int
    changes: int
    calls: int


@dataclass(frozen=True)
class Gap:
    """An incident, and the note it was closed with; `reread` and `text` are empty while it is open."""

    id: int
    kind: str
    source: str
    subject: str
    occurred_at: datetime
    noted_at: datetime
    closed_at: datetime | None
    #: What happened, in words; never what came over the wire: that may be a customer's record.
    reason: str
    reread: tuple[Reread, ...]
    #: Why nothing had to be read.
    text: str


def gaps(house: House, *, only_open: bool = False) -> tuple[Gap, ...]:
    """Newest first. Raises BadLedgerUrl, SchemaOutOfDate or SQLAlchemyError when the ledger cannot be read."""
    return tuple(_gap(incident) for incident in house.ledger.incidents(only_open=only_open))


def _gap(incident: NotedIncident) -> Gap:
    note = incident.note if incident.note is not None and incident.closed_at is not None else {}
    return Gap(
        id=incident.id,
        kind=incident.kind,
        source=incident.source,
        subject=incident.subject,
        occurred_at=incident.occurred_at,
        noted_at=incident.noted_at,
        closed_at=incident.closed_at,
        reason=str(incident.detail.get("reason") or incident.detail.get("why") or ""),
        reread=tuple(_reread(told) for told in note.get("rounds", ())),
        text=str(note.get("text", "")),
    )


def _reread(told: Mapping[str, Any]) -> Reread:
    times = {name: datetime.fromisoformat(told[name]) for name in ("since", "until")}
    return Reread(**{**told, **times})
