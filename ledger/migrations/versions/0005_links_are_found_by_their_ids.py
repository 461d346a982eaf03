"""Keys of links begin with the id that they are looked up by, and KashFlow's codes and numbers get one."""

from __future__ import annotations

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
