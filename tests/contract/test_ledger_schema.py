"""The ledger's schema on both databases: what the migrations make is what the code expects, and saying so when it is not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from ledger import schema
from ledger.database import BadLedgerUrl, open_engine
from ledger.schema import NoLedgerYet, SchemaOutOfDate
from ledger.tables import Base

#: What a big ledger cannot do without: each covers only the rows that are asked for, so it stays small.
PARTIAL_INDEXES = {
    "ix_deliveries_claim": "waiting",
    "ix_deliveries_waiting_lock": "waiting",
    "ix_deliveries_lease": "running",
    "ix_deliveries_running_claim": "running",
    "ux_deliveries_running_lock": "running",
    "ix_deliveries_dead": "dead",
    "ix_deliveries_dead_cause": "dead",
    "ix_deliveries_dead_code": "dead",
    "ix_deliveries_dead_when": "dead",
    "ix_deliveries_operation": "operation_id IS NOT NULL",
    "ix_deliveries_to_compact": "compacted_at IS NULL",
    "ix_deliveries_waits_for": "waits_for IS NOT NULL",
}


@pytest.fixture
def engine(ledger_url: str) -> Iterator[Engine]:
    opened = open_engine(ledger_url)
    yield opened
    opened.dispose()


def test_the_migrated_database_is_what_the_models_describe(ledger_url: str, engine: Engine) -> None:
    schema.upgrade(ledger_url)

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_an_upgrade_may_be_repeated(ledger_url: str, engine: Engine) -> None:
    schema.upgrade(ledger_url)
    schema.upgrade(ledger_url)

    schema.check(engine)
    assert schema.present_version(engine) == schema.wanted_version()


def test_the_version_that_is_wanted_is_that_of_the_last_migration() -> None:
    chain = ScriptDirectory(str(Path(schema.__file__).parent / "migrations"))

    assert schema.wanted_version() == chain.get_current_head()
    assert [revision.revision for revision in chain.walk_revisions()] == sorted(
        (path.name.partition("_")[0] for path in Path(chain.versions).glob("*.py")), reverse=True
    )


def test_a_file_that_is_not_there_is_no_ledger_yet_and_looking_does_not_make_it(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    file = tmp_path_factory.mktemp("fresh") / "ledger.db"
    engine = open_engine(f"sqlite:///{file}")

    with pytest.raises(NoLedgerYet, match=f"there is no ledger yet at {file}: .*'kashforce up' makes it"):
        schema.check(engine)

    engine.dispose()
    assert not file.exists()


def test_an_upgrade_makes_the_folder_that_the_file_is_to_lie_in(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("fresh") / "state" / "deep"

    schema.upgrade(f"sqlite:///{folder}/ledger.db")

    assert (folder / "ledger.db").exists()


def test_an_empty_database_is_refused_with_the_remedy(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))

    with pytest.raises(SchemaOutOfDate) as refused:
        schema.check(engine)

    assert str(refused.value) == (
        f"the ledger has schema version none, this program needs {schema.wanted_version()}; "
        "run 'kashforce ledger upgrade'"
    )


def test_a_database_of_another_version_is_refused_with_both_versions(ledger_url: str, engine: Engine) -> None:
    schema.upgrade(ledger_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(SchemaOutOfDate, match=f"version 9999, this program needs {schema.wanted_version()}"):
        schema.check(engine)


def test_the_partial_indexes_are_there_and_partial(ledger_url: str, engine: Engine) -> None:
    schema.upgrade(ledger_url)

    with engine.connect() as connection:
        found = {
            index["name"]: str(index["dialect_options"].get(f"{engine.dialect.name}_where", ""))
            for index in inspect(connection).get_indexes("deliveries")
        }

    assert {name for name, only in PARTIAL_INDEXES.items() if only not in found.get(name or "", "")} == set()


def test_several_processes_may_upgrade_the_same_new_database_at_once(ledger_url: str, engine: Engine) -> None:
    # Given three processes that have done everything else and stand at the line
    program = (
        "import sys, alembic.command; from ledger import schema;"
        "print('ready', flush=True); sys.stdin.read(); schema.upgrade(sys.argv[1])"
    )
    with ExitStack() as ended:
        racers = [
            ended.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", program, ledger_url],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(3)
        ]
        for racer in racers:
            assert racer.stdout
            assert racer.stdout.readline() == "ready\n"

        # When they are let go together
        for racer in racers:
            assert racer.stdin
            racer.stdin.close()
        complaints = [racer.stderr.read() for racer in racers if racer.stderr]
        codes = [racer.wait() for racer in racers]

    # Then each of them finds the schema it wants
    assert codes == [0, 0, 0], "\n".join(complaints)
    schema.check(engine)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://kashforce:s3cret@db.example:notaport/ledger",
        "mysql://kashforce:s3cret@db.example/ledger",
        "://kashforce:s3cret@db.example",
        "kashforce:s3cret",
        "",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(BadLedgerUrl) as refused:
        open_engine(url)

    error: BaseException | None = refused.value
    while error is not None:
        assert "s3cret" not in f"{error} {error!r}"
        error = None if error.__suppress_context__ else error.__cause__ or error.__context__
    assert "expected" in str(refused.value)


def test_an_upgrade_of_a_url_that_cannot_be_used_is_refused_without_its_password() -> None:
    with pytest.raises(BadLedgerUrl) as refused:
        schema.upgrade("postgresql://kashforce:s3cret@db.example:notaport/ledger")

    assert "s3cret" not in str(refused.value)
