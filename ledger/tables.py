"""The stored shapes of the ledger: every table, column and index, with its meaning. No queries here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from ledger.columns import BigId, HeardText, UtcDateTime


class Base(DeclarativeBase):
    """What every table shares: names of keys and indexes, and how types are stored."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime(), dict[str, Any]: JSON()}  # noqa: RUF012 - SQLAlchemy's own form


class DeliveryRow(Base):
    """One change on its way to one target."""

    __tablename__ = "deliveries"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    #: Name of the flow in mappings/flows.yaml.
    flow: Mapped[str] = mapped_column(String(64))
    #: "<target>.<entity>", such as kashflow.invoice; also the name of the Celery queue.
    queue: Mapped[str] = mapped_column(String(64))
    #: "salesforce" or "kashflow".
    source: Mapped[str] = mapped_column(String(16))
    #: The source's own name of the object, such as Opportunity.
    entity: Mapped[str] = mapped_column(String(80))
    #: The source's stable id of the record.
    record_id: Mapped[str] = mapped_column(String(80))
    #: What tells two changes of one record apart; never derived from content, for A→B→A is three changes.
    version: Mapped[str] = mapped_column(String(120))
    #: created, updated, deleted, undeleted or unknown.
    kind: Mapped[str] = mapped_column(String(16))
    #: When the source says that it happened.
    occurred_at: Mapped[datetime]
    registered_at: Mapped[datetime]
    #: Deliveries of one lock key run one at a time, whatever their record or queue.
    lock_key: Mapped[str] = mapped_column(String(160))
    #: 0 goes first.
    priority: Mapped[int] = mapped_column(SmallInteger)
    #: A word of ledger.endings.State.
    state: Mapped[str] = mapped_column(String(12))
    #: Not to be claimed before this.
    due_at: Mapped[datetime]
    #: When a message last said that it waits; NULL makes the sweeper say it when it is due.
    announced_at: Mapped[datetime | None]
    #: Token of the claim that runs it; an answer under another token comes too late.
    claim: Mapped[str | None] = mapped_column(String(36))
    #: When the claim is void and the delivery waits again, in doubt.
    lease_until: Mapped[datetime | None]
    #: Attempts that count against the maximum.
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    #: A worker was lost while it ran: look before sending anything again.
    in_doubt: Mapped[bool] = mapped_column(Boolean, default=False)
    #: The delivery that has to end first.
    waits_for: Mapped[int | None] = mapped_column(BigInteger)
    #: Small facts from the producer that are not in the record itself, such as a contact's id.
    hint: Mapped[dict[str, Any]]
    #: Digest of the source's record as the last attempt read it; NULL when that attempt read none.
    read_digest: Mapped[str | None] = mapped_column(String(64))
    #: Stage, code and sentence of the last ending.
    reason_stage: Mapped[str | None] = mapped_column(String(24))
    reason_code: Mapped[str | None] = mapped_column(HeardText(80))
    reason_text: Mapped[str | None] = mapped_column(HeardText)
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("queue", "source", "entity", "record_id", "version", name="uq_deliveries_change"),
        # One running delivery per lock key, kept by the database and not by good manners.
        Index(
            "ux_deliveries_running_lock",
            "lock_key",
            unique=True,
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
        Index(
            "ix_deliveries_claim",
            "queue",
            "priority",
            "due_at",
            "id",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index(
            "ix_deliveries_lease",
            "lease_until",
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
        Index(
            "ix_deliveries_running_claim",
            "claim",
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
        Index(
            "ix_deliveries_waits_for",
            "waits_for",
            sqlite_where=text("waits_for IS NOT NULL"),
            postgresql_where=text("waits_for IS NOT NULL"),
        ),
        # Finds who waits behind a lock.
        Index(
            "ix_deliveries_waiting_lock",
            "lock_key",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_deliveries_record", "record_id", "queue", "state"),
        Index(
            "ix_deliveries_dead",
            "queue",
            "id",
            sqlite_where=text("state = 'dead'"),
            postgresql_where=text("state = 'dead'"),
        ),
    )


class AttemptRow(Base):
    """One try of a delivery, and how it ended."""

    __tablename__ = "attempts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"), index=True)
    #: Token of the claim, the same for the whole batch.
    claim: Mapped[str] = mapped_column(String(36))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    #: delivered, unchanged, superseded, not_now, failed, dead or lease_expired.
    ending: Mapped[str] = mapped_column(String(16))
    stage: Mapped[str | None] = mapped_column(String(24))
    code: Mapped[str | None] = mapped_column(HeardText(80))
    #: A sentence: what was done, or why not.
    note: Mapped[str] = mapped_column(HeardText)


class LinkRow(Base):
    """The pair of ids of one thing on both sides."""

    __tablename__ = "links"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    #: Our noun: customer, invoice.
    entity: Mapped[str] = mapped_column(String(32))
    salesforce_entity: Mapped[str] = mapped_column(String(80))
    #: 18 characters.
    salesforce_id: Mapped[str] = mapped_column(String(18))
    #: The numeric id, as text; never changes.
    kashflow_id: Mapped[str] = mapped_column(String(32))
    #: Code or number: what the URL uses; may be renamed.
    kashflow_key: Mapped[str] = mapped_column(String(64))
    #: The values both sides agreed on.
    golden: Mapped[dict[str, Any]]
    linked_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("entity", "salesforce_entity", "salesforce_id", name="uq_links_salesforce"),
        UniqueConstraint("entity", "kashflow_id", name="uq_links_kashflow"),
    )


class IntentRow(Base):
    """Written before a create that is not idempotent is sent; while it is open, nobody sends without looking."""

    __tablename__ = "intents"

    #: What identifies the record we mean to create on the other side.
    stamp: Mapped[str] = mapped_column(String(120), primary_key=True)
    queue: Mapped[str] = mapped_column(String(64))
    delivery_id: Mapped[int] = mapped_column(BigInteger)
    #: What the record will be known by there, such as a customer's code: a resend must use the same one.
    key: Mapped[str] = mapped_column(String(80))
    #: When the last request was about to be sent.
    sent_at: Mapped[datetime]
    #: When its outcome became certain; NULL while in doubt.
    closed_at: Mapped[datetime | None]


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
