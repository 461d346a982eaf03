"""What people did: operations on many deliveries, and queues that are held."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from ledger.columns import BigId, HeardText
from ledger.tables.base import Base


class OperationRow(Base):
    """A person's decision about many deliveries, and how far it has been carried out."""

    __tablename__ = "operations"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    #: replay, drop, requeue or backfill.
    verb: Mapped[str] = mapped_column(String(16))
    #: running, interrupted, stopped or finished; see ledger.operations.
    state: Mapped[str] = mapped_column(String(12))
    who: Mapped[str] = mapped_column(HeardText(80))
    reason: Mapped[str] = mapped_column(HeardText)
    #: What was asked for, as the command or the script said it; shape by verb in console.operations.
    request: Mapped[dict[str, Any]]
    #: How many deliveries it was to concern when it was planned.
    planned: Mapped[int] = mapped_column(Integer)
    #: How many it has dealt with so far, and how many of them needed nothing any more.
    done: Mapped[int] = mapped_column(Integer)
    skipped: Mapped[int] = mapped_column(Integer)
    #: Everything up to here is dealt with; opaque to the ledger.
    position: Mapped[str] = mapped_column(HeardText)
    #: Why it ended as it did; blank while it runs.
    note: Mapped[str] = mapped_column(HeardText)
    begun_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class HoldRow(Base):
    """A queue of which nobody may claim deliveries, or only the older ones."""

    __tablename__ = "holds"

    queue: Mapped[str] = mapped_column(String(64), primary_key=True)
    #: Deliveries with a higher id are held: 0 holds all; while a queue is drained, its newest id.
    after_id: Mapped[int] = mapped_column(BigInteger)
    #: An operator, or "ceiling" when too many dead letters did it.
    who: Mapped[str] = mapped_column(HeardText(80))
    reason: Mapped[str] = mapped_column(HeardText)
    held_at: Mapped[datetime]
