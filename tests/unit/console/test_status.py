"""What the installation says of itself, from a real ledger and a real Valkey, or without one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.bootstrap import House
from console.commands.screen import screen
from console.commands.status import run_status, show
from console.operations.plain import as_plain
from console.operations.status import Status, status
from ledger import schema
from ledger.schema import SchemaOutOfDate
from tests.support.console import a_morning_of_work, environment_of, ledger_at, logging_restored, settings_in
from tests.support.desk import shipped_book
from tests.support.ledger import START, TestClock


@pytest.fixture
def house(tmp_path: Path, valkey_url: str) -> Iterator[House]:
    """With a morning's work in the ledger and a Valkey that answers."""
    settings = settings_in(tmp_path, redis_url=valkey_url)
    with ledger_at(settings.ledger) as ledger:
        a_morning_of_work(ledger)
    with House(settings) as house:
        yield house


@pytest.fixture
def seen(house: House) -> Status:
    return status(house, TestClock())


def test_each_queue_of_the_flows_is_counted_by_state_with_the_age_of_what_waits_longest(seen: Status) -> None:
    assert [queue.name for queue in seen.queues] == list(
        dict.fromkeys(flow.queue for flow in shipped_book().flows)
    )
    invoices, customers, opportunities, accounts = (
        next(queue for queue in seen.queues if queue.name == name)
        for name in ("kashflow.invoice", "kashflow.customer", "salesforce.opportunity", "salesforce.account")
    )
    assert (invoices.delivered, invoices.dead, invoices.waiting, invoices.running) == (3, 1, 3, 0)
    assert invoices.oldest_waiting_seconds == 3600
    assert (customers.delivered, customers.unchanged, customers.oldest_waiting_seconds) == (1, 1, None)
    assert opportunities.waiting == accounts.waiting == 0


def test_a_queue_that_only_the_ledger_remembers_is_still_shown(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, mappings_dir=_mappings_without_flows(tmp_path))
    with ledger_at(settings.ledger) as ledger:
        a_morning_of_work(ledger)

    with House(settings) as house:
        names = [queue.name for queue in status(house, TestClock()).queues]

    assert names == ["kashflow.customer", "kashflow.invoice"]


def test_cursors_tell_when_they_moved_and_how_old_the_last_event_is(seen: Status) -> None:
    (cursor,) = seen.cursors

    assert (cursor.name, cursor.value) == ("salesforce_stream:/data/ChangeEvents", "7327646")
    assert (cursor.moved_age_seconds, cursor.position_age_seconds) == (3600, 3600)


def test_a_producer_is_held_until_its_time_has_run_out(house: House) -> None:
    clock = TestClock()
    (now,) = status(house, clock).singletons
    clock.tick(11)
    (later,) = status(house, clock).singletons

    assert (now.is_held, now.holder) == (True, "office-server:4711:9f2c01ab")
    assert not later.is_held


def test_troubles_say_which_record_why_and_what_comes_next(seen: Status) -> None:
    put_off, dead = seen.troubles

    assert (dead.state, dead.queue, dead.record_id, dead.attempts) == (
        "dead",
        "kashflow.invoice",
        "006000000000004AAA",
        1,
    )
    assert (dead.stage, dead.code) == ("send", "InvalidVATRate")
    assert "17.5 %" in dead.text
    assert (put_off.state, put_off.code) == ("waiting", "SQLTimeout")
    assert put_off.due_at > START


def test_an_incident_tells_its_reason_and_nothing_of_the_record_that_came_with_it(seen: Status) -> None:
    (incident,) = seen.incidents

    assert (incident.kind, incident.subject) == ("position_lost", "/data/ChangeEvents")
    assert incident.text == "the replay id is older than what Salesforce keeps"
    assert "a customer's record" not in json.dumps(as_plain(seen))


def test_budgets_show_what_salesforce_said_last(house: House) -> None:
    house.salesforce_budget.observe_usage(6312, 15000)

    salesforce, kashflow = status(house).budgets

    assert (salesforce.name, salesforce.used, salesforce.allowed) == ("salesforce", 6312, 15000)
    assert salesforce.told_at is not None
    assert (kashflow.name, kashflow.allowed) == ("kashflow", None)


@pytest.mark.parametrize("url", ["", "redis://127.0.0.1:1/0", "redis://:topsecret/x@host:port/0"])
def test_without_a_redis_everything_else_is_told_and_the_lack_is_said(tmp_path: Path, url: str) -> None:
    settings = settings_in(tmp_path, redis_url=url)
    with ledger_at(settings.ledger) as ledger:
        a_morning_of_work(ledger)

    with House(settings) as house:
        seen = status(house)

    assert seen.budgets == ()
    assert len(seen.troubles) == 2
    (note,) = seen.notes
    assert note.startswith("the budgets are not known")
    assert "topsecret" not in note


def test_broken_mappings_are_a_note_because_the_ledger_can_still_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "mappings"
    folder.mkdir()
    (folder / "flows.yaml").write_text("nonsense: [")
    settings = settings_in(tmp_path, mappings_dir=folder)
    with ledger_at(settings.ledger) as ledger:
        a_morning_of_work(ledger)

    with House(settings) as house:
        seen = status(house)

    assert any("flows.yaml:" in note for note in seen.notes)
    assert [queue.name for queue in seen.queues] == ["kashflow.customer", "kashflow.invoice"]


def test_a_ledger_of_another_version_is_refused_with_the_remedy(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)

    with House(settings) as house, pytest.raises(SchemaOutOfDate, match="kashforce ledger upgrade"):
        status(house)


def test_the_tables_fit_a_hundred_columns_and_need_no_colours(
    seen: Status, capsys: pytest.CaptureFixture[str]
) -> None:
    show(seen, screen())

    printed = capsys.readouterr().out
    assert max(len(line) for line in printed.splitlines()) <= 100
    assert "\x1b" not in printed
    for word in (
        "kashflow.invoice",
        "position_lost",
        "office-server",
        "006000000000004AAA",
        "InvalidVATRate",
    ):
        assert word in printed


def test_the_command_prints_json_and_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secrets = {
        "redis_url": "redis://:hush-redis@127.0.0.1:1/0",
        "kashflow_password": "hush-password",
        "kashflow_memorable_word": "hush-word",
        "salesforce_client_secret": "hush-client",
        "console_password": "hush-console",
        "state_dir": str(tmp_path),
    }
    _take(monkeypatch, tmp_path, secrets)
    schema.upgrade(settings_in(tmp_path).ledger)

    with logging_restored():
        code = run_status(as_json=True)

    out, err = capsys.readouterr()
    assert code == 0
    assert json.loads(out)["queues"][0]["name"] == "kashflow.invoice"
    assert "hush" not in out + err


def test_a_database_that_does_not_answer_is_one_line_and_an_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "postgresql://kashforce:hush-ledger@127.0.0.1:1/ledger"
    _take(monkeypatch, tmp_path, {"ledger_url": url, "state_dir": str(tmp_path)})

    with logging_restored():
        code = run_status(as_json=False)

    out, err = capsys.readouterr()
    assert (code, out) == (3, "")
    assert err.count("\n") == 1
    assert "kashforce doctor" in err
    assert "hush" not in err


def _take(monkeypatch: pytest.MonkeyPatch, folder: Path, settings: dict[str, str]) -> None:
    """These settings are the environment's, and there is no .env."""
    monkeypatch.chdir(folder)
    for name, value in environment_of(settings).items():
        monkeypatch.setenv(name, value)


def _mappings_without_flows(folder: Path) -> Path:
    mappings = folder / "mappings"
    mappings.mkdir()
    (mappings / "flows.yaml").write_text("{}\n")
    return mappings
