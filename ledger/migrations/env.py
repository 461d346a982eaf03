"""Run by Alembic: migrates over the connection that ledger.schema hands in. There is no offline mode."""

from __future__ import annotations

from alembic import context

from ledger.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
