"""The ledger's schema version: brings a database up to date with Alembic, and says when one is not."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from ledger.database import open_engine, wait_for_schema_turn

_MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaOutOfDate(Exception):
    """The database has another schema than this version of the program; nothing was touched."""


def upgrade(url: str) -> None:
    """Bring the database at `url` to this program's schema, creating what is missing.

    Safe to repeat, and for several processes at once. Raises BadLedgerUrl.
    """
    engine = open_engine(url)
    try:
        if engine.dialect.name == "sqlite" and engine.url.database:
            Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
        config = _config()
        with engine.begin() as connection:
            wait_for_schema_turn(connection)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def wanted_version() -> str:
    """The version this program was written for."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None, "the program ships at least one migration"  # noqa: S101 - a packaging fault
    return head


def present_version(engine: Engine) -> str | None:
    """The version of the database; None when it has no ledger yet."""
    with engine.connect().execution_options(reading=True) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def check(engine: Engine) -> None:
    """Raises SchemaOutOfDate with the remedy."""
    present, wanted = present_version(engine), wanted_version()
    if present != wanted:
        raise SchemaOutOfDate(
            f"the ledger has schema version {present or 'none'}, this program needs {wanted}; "
            "run 'kashforce ledger upgrade'"
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config
