"""What a producer keeps: how far it has read, who may read, what could not be read, what a poll saw last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from ledger.database import insert_or_ignore, insert_or_update
from ledger.tables import CursorRow, IncidentRow, LeaseRow, SightingRow


@dataclass(frozen=True)
class Cursor:
    """How far a producer has read; `position_at` is when the last thing read happened, if the source says."""

    name: str
    value: str
    position_at: datetime | None = None


@dataclass(frozen=True)
class Lease:
    """The right to act as the singleton `name`; void as soon as a higher fence was given out."""

    name: str
    holder: str
    fence: int
    until: datetime


@dataclass(frozen=True)
class Incident:
    """Something the source could not show as ordinary changes. The same (kind, source, subject, version) is
    noted once."""

    kind: str
    source: str
    subject: str
    version: str
    occurred_at: datetime
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Sighting:
    """What a poll saw of a record: a digest of its row, and how many different ones it has seen so far."""

    source: str
    entity: str
    record_id: str
    digest: str
    serial: int
    #: Since when complete lists have left it out; None while they show it.
    absent_since: datetime | None = None


class LeaseLost(Exception):
    """Another process acts as this singleton now; stop at once, nothing of this transaction was kept."""


def move_cursors(connection: Connection, cursors: Sequence[Cursor], now: datetime) -> None:
    """Write how far each producer has read; a cursor that is new begins here."""
    if cursors:
        connection.execute(
            insert_or_update(
                connection.dialect.name, CursorRow, key=("name",), update=("value", "position_at", "moved_at")
            ),
            [
                {"name": c.name, "value": c.value, "position_at": c.position_at, "moved_at": now}
                for c in cursors
            ],
        )


def read_cursors(connection: Connection, names: Iterable[str]) -> dict[str, Cursor]:
    """The cursors with these names, by name; one that was never moved is left out."""
    rows = connection.execute(select(CursorRow.__table__).where(CursorRow.name.in_(sorted(set(names)))))
    return {row.name: Cursor(row.name, row.value, row.position_at) for row in rows}


def cursors_beginning_with(connection: Connection, prefix: str) -> list[Cursor]:
    """The cursors whose names begin with `prefix`, taken letter by letter: no character of it is a wildcard."""
    rows = connection.execute(
        select(CursorRow.__table__).where(CursorRow.name.startswith(prefix, autoescape=True))
    )
    return [Cursor(row.name, row.value, row.position_at) for row in rows]


def take_lease(connection: Connection, name: str, holder: str, now: datetime, seconds: float) -> Lease | None:
    """Take the singleton `name` if it is free, expired or already ours; None while another one holds it.

    Every change of holder raises the fence.
    """
    until = now + timedelta(seconds=seconds)
    connection.execute(
        insert_or_ignore(connection.dialect.name, LeaseRow),
        [{"name": name, "holder": "", "fence": 0, "until": now}],
    )
    row = connection.execute(select(LeaseRow.__table__).where(LeaseRow.name == name).with_for_update()).one()
    if row.holder != holder and row.until > now:
        return None
    fence = row.fence if row.holder == holder else row.fence + 1
    connection.execute(
        update(LeaseRow).where(LeaseRow.name == name).values(holder=holder, fence=fence, until=until)
    )
    return Lease(name, holder, fence, until)


def release_lease(connection: Connection, lease: Lease, now: datetime) -> None:
    """Let a standby take over at once instead of after the lease's time."""
    connection.execute(
        update(LeaseRow).where(LeaseRow.name == lease.name, LeaseRow.fence == lease.fence).values(until=now)
    )


def check_lease(connection: Connection, lease: Lease) -> None:
    """Raises LeaseLost, and so undoes the transaction, when somebody else was given the singleton."""
    row = connection.execute(
        select(LeaseRow.fence).where(LeaseRow.name == lease.name).with_for_update()
    ).one()
    if row.fence != lease.fence:
        raise LeaseLost(f"{lease.name} is held by another process now; this one must stop")


def note_incidents(connection: Connection, incidents: Sequence[Incident], now: datetime) -> None:
    """Note each once. One that was closed and comes back is open again, because what was done about it is overtaken."""
    for incident in incidents:
        connection.execute(
            update(IncidentRow)
            .where(
                IncidentRow.kind == incident.kind,
                IncidentRow.source == incident.source,
                IncidentRow.subject == incident.subject,
                IncidentRow.version == incident.version,
                IncidentRow.closed_at.is_not(None),
            )
            .values(closed_at=None, noted_at=now)
        )
    if incidents:
        connection.execute(
            insert_or_ignore(connection.dialect.name, IncidentRow),
            [
                {
                    "kind": incident.kind,
                    "source": incident.source,
                    "subject": incident.subject,
                    "version": incident.version,
                    "detail": dict(incident.detail),
                    "occurred_at": incident.occurred_at,
                    "noted_at": now,
                }
                for incident in incidents
            ],
        )


def open_incidents(connection: Connection, limit: int = 50) -> list[Incident]:
    """The incidents nobody closed yet, newest first."""
    rows = connection.execute(
        select(IncidentRow.__table__)
        .where(IncidentRow.closed_at.is_(None))
        .order_by(IncidentRow.id.desc())
        .limit(limit)
    )
    return [Incident(r.kind, r.source, r.subject, r.version, r.occurred_at, r.detail) for r in rows]


def read_sightings(connection: Connection, source: str, entity: str) -> dict[str, Sighting]:
    """What the poll of this entity saw last, by record id."""
    rows = connection.execute(
        select(SightingRow.__table__).where(SightingRow.source == source, SightingRow.entity == entity)
    )
    return {
        r.record_id: Sighting(source, entity, r.record_id, r.digest, r.serial, r.absent_since) for r in rows
    }


def write_sightings(connection: Connection, sightings: Sequence[Sighting], now: datetime) -> None:
    """Remember what the poll saw of each record, in place of what it saw before."""
    if sightings:
        connection.execute(
            insert_or_update(
                connection.dialect.name,
                SightingRow,
                key=("source", "entity", "record_id"),
                update=("digest", "serial", "seen_at", "absent_since"),
            ),
            [
                {
                    "source": s.source,
                    "entity": s.entity,
                    "record_id": s.record_id,
                    "digest": s.digest,
                    "serial": s.serial,
                    "seen_at": now,
                    "absent_since": s.absent_since,
                }
                for s in sightings
            ],
        )
