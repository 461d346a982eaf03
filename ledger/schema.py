"""The ledger's schema version: brings a database up to date with Alembic, and says when one is not."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, inspect, text

from ledger.database import open_engine, wait_for_schema_turn

_MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaOutOfDate(Exception):
    """The database has another schema than this version of the program; nothing was touched."""


class NoLedgerYet(SchemaOutOfDate):
    """There is no database file; looking made none."""


def upgrade(url: str) -> None:
    """Bring the database at `url` to this program's schema, creating what is missing.

    Safe to repeat, and for several processes at once. Raises BadLedgerUrl.
    """
    # Every process asks for the version, few upgrade: Alembic is loaded by those that do.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    engine = open_engine(url)
    try:
        if engine.dialect.name == "sqlite" and engine.url.database:
            Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
        with engine.begin() as connection:
            wait_for_schema_turn(connection)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def wanted_version() -> str:
    """The version this program was written for: that of the last migration, with which its file's name begins."""
    return max(path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


def present_version(engine: Engine) -> str | None:
    """The version of the database; None when it has no ledger yet."""
    with engine.connect().execution_options(reading=True) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return version


def check(engine: Engine) -> None:
    """Raises SchemaOutOfDate with the remedy, NoLedgerYet where nothing was ever stored."""
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    # SQLite would make an empty database of it.
    if file and file != ":memory:" and not Path(file).exists():
        raise NoLedgerYet(
            f"there is no ledger yet at {file}: 'kashforce up' makes it; for single processes run "
            "'kashforce ledger upgrade'"
        )
    present, wanted = present_version(engine), wanted_version()
    if present != wanted:
        raise SchemaOutOfDate(
            f"the ledger has schema version {present or 'none'}, this program needs {wanted}; "
            "run 'kashforce ledger upgrade'"
        )
