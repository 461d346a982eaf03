"""What a system has just said of a record has a column of its own: as a member of the hint it was JSON within JSON."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What still waits with an answer in its hint is read anew, and its deal looked at before it is written.
    op.add_column("deliveries", sa.Column("snapshot", sa.Text(), nullable=True))
