"""Questions that a person has to answer before a record can go on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ledger.columns import BigId, HeardText
from ledger.tables.base import Base, partial_index


class ReviewRow(Base):
    """One question, and the decision on it."""

    __tablename__ = "reviews"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    #: match, merge, conflict, breaker or credit.
    kind: Mapped[str] = mapped_column(String(16))
    #: open, decided, used or withdrawn; see ledger.reviews.
    state: Mapped[str] = mapped_column(String(12))
    #: What it is about, such as "customer 001…": when that is looked at again, questions not asked again are withdrawn.
    about: Mapped[str] = mapped_column(String(120))
    #: The question's identity: while one is open or decided, the same is not asked twice.
    subject: Mapped[str] = mapped_column(HeardText(200))
    #: A sentence for whoever decides.
    question: Mapped[str] = mapped_column(HeardText)
    #: Both sides, side by side; shape by kind, explained in ledger.reviews.
    detail: Mapped[dict[str, Any]]
    #: The delivery to register again once it is decided: flow, queue, source, entity, record_id, lock_key, priority.
    again: Mapped[dict[str, Any]]
    opened_at: Mapped[datetime]
    #: When it was asked last, perhaps with other values.
    asked_at: Mapped[datetime]
    #: One of the answers that the detail offers.
    decision: Mapped[str | None] = mapped_column(HeardText(120))
    who: Mapped[str | None] = mapped_column(HeardText(80))
    reason: Mapped[str | None] = mapped_column(HeardText)
    decided_at: Mapped[datetime | None]
    #: When and by which delivery the decision was carried out; from then on it cannot be undone.
    used_at: Mapped[datetime | None]
    used_by: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        partial_index("ux_reviews_live", "subject", where="state IN ('open', 'decided')", unique=True),
        Index("ix_reviews_about", "about", "state"),
    )
