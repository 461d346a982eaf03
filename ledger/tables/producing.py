"""What producers keep: how far they have read, who may read, what could not be read, what a poll saw last."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.columns import BigId, HeardText
from ledger.tables.base import Base


class CursorRow(Base):
    """How far a producer has read."""

    __tablename__ = "cursors"

    #: Producer and channel, such as "salesforce_stream:/data/ChangeEvents".
    name: Mapped[str] = mapped_column(String(160), primary_key=True)
    #: Opaque to the ledger.
    value: Mapped[str] = mapped_column(Text)
    #: When the last thing read happened in the source, where the source says.
    position_at: Mapped[datetime | None]
    moved_at: Mapped[datetime]


class LeaseRow(Base):
    """Who may act as a singleton. A lower fence than the stored one belongs to a holder that was replaced."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    holder: Mapped[str] = mapped_column(String(120))
    fence: Mapped[int] = mapped_column(BigInteger)
    until: Mapped[datetime]


class IncidentRow(Base):
    """Something the source could not show us as ordinary changes; open until it was dealt with."""

    __tablename__ = "incidents"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    #: gap, overflow, position_lost, long_outage, unreadable, channel_refused, quota, watchdog or totals_drift.
    kind: Mapped[str] = mapped_column(String(24))
    #: "salesforce" or "kashflow".
    source: Mapped[str] = mapped_column(String(16))
    #: Channel, queue or object it concerns.
    subject: Mapped[str] = mapped_column(HeardText(160))
    #: The same incident seen again (after a restart) is not noted again.
    version: Mapped[str] = mapped_column(HeardText(120))
    detail: Mapped[dict[str, Any]]
    occurred_at: Mapped[datetime]
    #: Anew when it comes back after it was closed.
    noted_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    #: What was done about it when it was closed; shape in ledger.incidents.
    note: Mapped[dict[str, Any] | None]

    __table_args__ = (UniqueConstraint("kind", "source", "subject", "version", name="uq_incidents_once"),)


class SightingRow(Base):
    """What a poll saw of a record last time, for sources that cannot say what changed."""

    __tablename__ = "sightings"

    source: Mapped[str] = mapped_column(String(16), primary_key=True)
    entity: Mapped[str] = mapped_column(String(80), primary_key=True)
    record_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    #: Digest of the row without its volatile fields.
    digest: Mapped[str] = mapped_column(String(64))
    #: Counts the changes seen: the version of the change that it becomes.
    serial: Mapped[int] = mapped_column(Integer)
    seen_at: Mapped[datetime]
    #: Since when complete lists have left the record out; NULL while they show it.
    absent_since: Mapped[datetime | None]
