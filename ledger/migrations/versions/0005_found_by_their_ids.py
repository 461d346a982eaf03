"""Keys of links begin with the id that they are looked up by, KashFlow's codes and numbers get one, a record's live deliveries are
found without its past ones, and only a claim goes through all that waits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("links") as links:
        links.drop_constraint("uq_links_salesforce", type_="unique")
        links.drop_constraint("uq_links_kashflow", type_="unique")
        links.create_unique_constraint(
            "uq_links_salesforce", ["salesforce_id", "salesforce_entity", "entity"]
        )
        links.create_unique_constraint("uq_links_kashflow", ["kashflow_id", "entity"])
        links.create_index("ix_links_kashflow_key", ["kashflow_key", "entity"])
    op.drop_index("ix_deliveries_record", "deliveries")
    op.create_index("ix_deliveries_record", "deliveries", ["record_id", "state", "queue"])
    for name, columns, where in (
        ("claim", ["queue", "priority", "due_at", "id"], "state = 'waiting' AND priority >= 0"),
        ("waits_for", ["waits_for", "state"], "waits_for IS NOT NULL"),
    ):
        index, condition = f"ix_deliveries_{name}", sa.text(where)
        op.drop_index(index, "deliveries")
        op.create_index(index, "deliveries", columns, sqlite_where=condition, postgresql_where=condition)
