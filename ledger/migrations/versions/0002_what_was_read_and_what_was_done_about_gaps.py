"""What a delivery read of its record, what was done about an incident, since when a record is absent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("read_digest", sa.String(length=64), nullable=True))
    op.add_column("incidents", sa.Column("note", sa.JSON(), nullable=True))
    op.add_column("sightings", sa.Column("absent_since", sa.DateTime(timezone=True), nullable=True))
