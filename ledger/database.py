"""Opens the ledger's database: SQLite with a write-ahead log, or PostgreSQL. Only this file and many.py tell them apart."""

from __future__ import annotations

import json
import sqlite3
from contextlib import suppress
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, Insert, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft

#: How long a writer waits for another one on SQLite.
BUSY_TIMEOUT_MS = 30_000
#: More processes than this never open a new ledger in the same instant.
_WAL_TRIES = 20

#: What is raised while the database cannot be reached, or goes away in mid-transaction; whether that transaction was
#: committed nobody knows then. No bug of ours is among them: those are refused statements and refused values.
AWAY = (OperationalError, InterfaceError, NoConnectionLeft)


class BadLedgerUrl(ValueError):
    """The ledger URL names no database we can use."""


def open_engine(url: str, *, pool_size: int = 5) -> Engine:
    """An engine for `sqlite:///path` or `postgresql+psycopg://…`; nothing is connected yet.

    Raises BadLedgerUrl, which never repeats the password.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # A ValueError quotes what stands where the port should be, which may be half of a password.
        raise BadLedgerUrl(
            "the ledger URL is not a database URL; expected sqlite:///path/to/file or postgresql://user@host/name"
        ) from None
    if parsed.drivername in {"postgresql", "postgres"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    match parsed.get_backend_name():
        case "sqlite":
            return _sqlite(
                create_engine(parsed, connect_args={"check_same_thread": False}, hide_parameters=True)
            )
        case "postgresql":
            # Parameters are customers and amounts, and an error's text goes to the log.
            return _postgresql(
                create_engine(
                    parsed,
                    pool_size=pool_size,
                    max_overflow=5,
                    pool_pre_ping=True,
                    hide_parameters=True,
                    json_deserializer=_from_json,
                )
            )
        case other:
            raise BadLedgerUrl(f"the ledger cannot live in {other}; expected sqlite or postgresql")


#: As PostgreSQL's driver may bring it.
_EMPTY = frozenset({"{}", b"{}"})


def _from_json(text: str | bytes) -> Any:
    """As `json.loads`. Of hints and golden records most are empty."""
    return {} if text in _EMPTY else json.loads(text)


def _postgresql(engine: Engine) -> Engine:
    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        # Whatever the server's own zone is: so all times come as UTC, and none has to be turned into it row by row.
        connection.execute("SET TIME ZONE 'UTC'")
        connection.commit()

    return engine


def _sqlite(engine: Engine) -> Engine:
    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        # We say BEGIN ourselves: the driver's own habit begins late, and a late write lock means SQLITE_BUSY.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        _switch_to_wal(connection)
        for pragma in (
            # Every commit is on disk before we acknowledge anything to a source.
            "synchronous = FULL",
            "foreign_keys = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _switch_to_wal(connection: Any) -> None:
    """A new file is switched by whoever comes first; the others wait for it.

    The switch itself has no patience: it fails at once while another process makes it. A write transaction has.
    """
    for _ in range(_WAL_TRIES):
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode = WAL")
            return
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("COMMIT")
    raise sqlite3.OperationalError("the ledger's file cannot be switched to write-ahead logging")


#: Any number will do that no other program takes on the same PostgreSQL server's database.
_SCHEMA_LOCK = 0x4B61_7368


def wait_for_schema_turn(connection: Connection) -> None:
    """Return when no other transaction changes the schema; holds until this one ends.

    SQLite's writers wait for each other anyway; on PostgreSQL two upgrades would make the same table at once.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SCHEMA_LOCK})


def for_reading(connection: Connection) -> Connection:
    """The connection for statements that only read, and keep no writer waiting.

    PostgreSQL shows each statement what is committed by then, within a transaction or without; without one it takes one round
    trip instead of three.
    """
    if connection.dialect.name == "postgresql":
        return connection.execution_options(reading=True, isolation_level="AUTOCOMMIT")
    return connection.execution_options(reading=True)


def tidy_up_on_the_way(connection: Connection) -> None:
    """Let this transaction mark in the indexes what is no longer there, so that nobody looks for it again before the next vacuum:
    each delivery that waited and ran has left such entries behind. PostgreSQL's plain index scans do that, its bitmap scans not.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL enable_bitmapscan = off")


def met_another(error: DBAPIError) -> bool:
    """True when two transactions got into each other's way, and the one that lost may simply begin again:
    PostgreSQL's deadlock_detected and serialization_failure."""
    return getattr(error.orig, "sqlstate", None) in {"40P01", "40001"}


@cache
def insert_or_ignore(dialect: str, table: Any) -> Insert:
    """An INSERT that skips rows which a unique key already has."""
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


@cache
def insert_or_update(dialect: str, table: Any, *, key: tuple[str, ...], update: tuple[str, ...]) -> Insert:
    """An INSERT that overwrites `update` columns of the row with the same `key`."""
    statement: postgresql.Insert | sqlite.Insert = (
        postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    )
    return statement.on_conflict_do_update(
        index_elements=key, set_={column: statement.excluded[column] for column in update}
    )
