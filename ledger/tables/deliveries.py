"""Deliveries and their attempts: every column and index, with its meaning. No queries here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.columns import BigId, HeardText
from ledger.tables.base import Base, partial_index

#: At rest for good, and not cleared away yet.
TO_COMPACT = "compacted_at IS NULL AND state IN ('delivered', 'unchanged', 'superseded', 'dropped')"


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
    #: 0 goes first; ledger.deliveries.LAST is an initial load.
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
    #: The whole record as its system answered a moment before this was registered, as JSON in ASCII; NULL once this has ended.
    snapshot: Mapped[str | None] = mapped_column(Text)
    #: Digest of the source's record as the last attempt read it; NULL when that attempt read none.
    read_digest: Mapped[str | None] = mapped_column(String(64))
    #: Stage, code and sentence of the last ending.
    reason_stage: Mapped[str | None] = mapped_column(String(24))
    reason_code: Mapped[str | None] = mapped_column(HeardText(80))
    reason_text: Mapped[str | None] = mapped_column(HeardText)
    #: Class of our error tree, such as Refused; NULL when no foreign system said so.
    reason_class: Mapped[str | None] = mapped_column(String(40))
    #: The same for all dead letters of one cause; see ledger.fingerprint.
    fingerprint: Mapped[str | None] = mapped_column(String(16))
    #: What the record is worth, in hundredths of its currency, for "at risk"; NULL where its flow names no amount.
    worth_hundredths: Mapped[int | None] = mapped_column(BigInteger)
    #: ISO 4217; blank where the source has only one currency and does not name it.
    worth_currency: Mapped[str | None] = mapped_column(String(3))
    #: When it came to rest; also for dead ones.
    ended_at: Mapped[datetime | None]
    #: The last operation that put it back or registered it.
    operation_id: Mapped[int | None] = mapped_column(BigInteger)
    #: When its attempts, hint and reason were cleared away; its key stays.
    compacted_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("queue", "source", "entity", "record_id", "version", name="uq_deliveries_change"),
        # One running delivery per lock key, kept by the database and not by good manners.
        partial_index("ux_deliveries_running_lock", "lock_key", where="state = 'running'", unique=True),
        # The second condition is true of all: only who says it, too, uses this index (ledger/states.py).
        partial_index(
            "ix_deliveries_claim",
            "queue",
            "priority",
            "due_at",
            "id",
            where="state = 'waiting' AND priority >= 0",
        ),
        partial_index("ix_deliveries_lease", "lease_until", where="state = 'running'"),
        partial_index("ix_deliveries_running_claim", "claim", where="state = 'running'"),
        partial_index("ix_deliveries_waits_for", "waits_for", "state", where="waits_for IS NOT NULL"),
        # Finds who waits behind a lock.
        partial_index("ix_deliveries_waiting_lock", "lock_key", where="state = 'waiting'"),
        # State before queue: what a record went through in the past is passed over.
        Index("ix_deliveries_record", "record_id", "state", "queue"),
        partial_index("ix_deliveries_dead", "queue", "id", where="state = 'dead'"),
        # Groups a million dead letters without reading one of them.
        partial_index(
            "ix_deliveries_dead_cause",
            "fingerprint",
            "worth_currency",
            "ended_at",
            "worth_hundredths",
            "id",
            where="state = 'dead'",
        ),
        # Answer what an operator filters by.
        partial_index("ix_deliveries_dead_code", "reason_code", "id", where="state = 'dead'"),
        partial_index("ix_deliveries_dead_when", "ended_at", "id", where="state = 'dead'"),
        partial_index("ix_deliveries_operation", "operation_id", "state", where="operation_id IS NOT NULL"),
        # What retention looks at next.
        partial_index("ix_deliveries_to_compact", "ended_at", where=TO_COMPACT),
    )


class AttemptRow(Base):
    """One try of a delivery, and how it ended."""

    __tablename__ = "attempts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"), index=True)
    #: Token of the claim, the same for the whole batch; "operation 12" for what a person did.
    claim: Mapped[str] = mapped_column(String(36))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    #: delivered, unchanged, superseded, not_now, failed, dead or lease_expired; replayed or dropped by an operation.
    ending: Mapped[str] = mapped_column(String(16))
    stage: Mapped[str | None] = mapped_column(String(24))
    code: Mapped[str | None] = mapped_column(HeardText(80))
    #: A sentence: what was done, or why not.
    note: Mapped[str] = mapped_column(HeardText)
    #: Class of our error tree; NULL when no foreign system was at fault.
    error_class: Mapped[str | None] = mapped_column(String(40))
    #: What was sent and what came back, of attempts that failed; without headers, never of a login.
    request: Mapped[str | None] = mapped_column(HeardText)
    answer: Mapped[str | None] = mapped_column(HeardText)
