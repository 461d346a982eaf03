"""What is known of the other side: pairs of ids, and creates whose outcome is in doubt."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.columns import BigId
from ledger.tables.base import Base


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
        # Ids first: of a key that begins with the noun PostgreSQL reads all its links where it has no statistics yet.
        UniqueConstraint("salesforce_id", "salesforce_entity", "entity", name="uq_links_salesforce"),
        UniqueConstraint("kashflow_id", "entity", name="uq_links_kashflow"),
        Index("ix_links_kashflow_key", "kashflow_key", "entity"),
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
