"""What became of incidents after they were noted: a list for people, and the note with which one is closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, select, update

from ledger.tables import IncidentRow


@dataclass(frozen=True)
class NotedIncident:
    """An incident as the ledger keeps it."""

    id: int
    kind: str
    source: str
    subject: str
    version: str
    occurred_at: datetime
    noted_at: datetime
    closed_at: datetime | None
    detail: Mapping[str, Any]
    #: `{"rounds": [{"flow", "object", "since", "until", "records", "changes", "calls"}, ...]}`: what was read
    #: again, with times in ISO 8601; or `{"text": ...}` where nothing had to be. None while it is open.
    note: Mapping[str, Any] | None


@dataclass(frozen=True)
class Closing:
    """That one incident was dealt with, and how."""

    incident_id: int
    note: Mapping[str, Any]


def list_incidents(connection: Connection, source: str, only_open: bool, limit: int) -> list[NotedIncident]:
    """Newest first; of every source when none is named."""
    wanted = select(IncidentRow.__table__).order_by(IncidentRow.id.desc()).limit(limit)
    if source:
        wanted = wanted.where(IncidentRow.source == source)
    if only_open:
        wanted = wanted.where(IncidentRow.closed_at.is_(None))
    return [
        NotedIncident(**{name: getattr(row, name) for name in NotedIncident.__dataclass_fields__})
        for row in connection.execute(wanted)
    ]


def was_noted(connection: Connection, kind: str, source: str, since: datetime) -> bool:
    """Has an incident of this kind been noted after `since`, open or closed?"""
    noted = exists().where(
        IncidentRow.kind == kind, IncidentRow.source == source, IncidentRow.noted_at > since
    )
    return bool(connection.scalar(select(noted)))


def close_incidents(connection: Connection, closings: Sequence[Closing], now: datetime) -> None:
    """Close those that are open."""
    for closing in closings:
        connection.execute(
            update(IncidentRow)
            .where(IncidentRow.id == closing.incident_id, IncidentRow.closed_at.is_(None))
            .values(closed_at=now, note=dict(closing.note))
        )
