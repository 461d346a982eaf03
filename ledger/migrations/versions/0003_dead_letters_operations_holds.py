"""Dead letters that can be grouped and put back, operations on them, held queues, and rows that are cleared away."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    for column in (
        sa.Column("reason_class", sa.String(length=40), nullable=True),
        sa.Column("fingerprint", sa.String(length=16), nullable=True),
        sa.Column("worth_hundredths", sa.BigInteger(), nullable=True),
        sa.Column("worth_currency", sa.String(length=3), nullable=True),
        sa.Column("operation_id", sa.BigInteger(), nullable=True),
        sa.Column("compacted_at", MOMENT, nullable=True),
    ):
        op.add_column("deliveries", column)
    for column in (
        sa.Column("error_class", sa.String(length=40), nullable=True),
        sa.Column("request", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
    ):
        op.add_column("attempts", column)
    # Dead letters had no time of death so far; the last attempt is it.
    op.execute(
        "UPDATE deliveries SET ended_at = (SELECT max(attempts.ended_at) FROM attempts "
        "WHERE attempts.delivery_id = deliveries.id) WHERE state = 'dead'"
    )
    op.create_index(
        "ix_deliveries_dead_cause",
        "deliveries",
        ["fingerprint", "worth_currency", "ended_at", "worth_hundredths", "id"],
        **_where("state = 'dead'"),
    )
    for name, by in (("code", "reason_code"), ("when", "ended_at")):
        op.create_index(f"ix_deliveries_dead_{name}", "deliveries", [by, "id"], **_where("state = 'dead'"))
    op.create_index(
        "ix_deliveries_operation",
        "deliveries",
        ["operation_id", "state"],
        **_where("operation_id IS NOT NULL"),
    )
    op.create_index(
        "ix_deliveries_to_compact",
        "deliveries",
        ["ended_at"],
        **_where("compacted_at IS NULL AND state IN ('delivered', 'unchanged', 'superseded', 'dropped')"),
    )
    op.create_table(
        "operations",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("verb", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_operations"),
    )
    op.create_table(
        "holds",
        sa.Column("queue", sa.String(length=64), nullable=False),
        sa.Column("after_id", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("held_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("queue", name="pk_holds"),
    )
