"""`kashforce up` on a Valkey and a SQLite of its own: it comes up, keeps its processes up, ends in order, refuses the impossible."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.support.installation import STARTED_WITHIN, Installation, Running, eventually
from tests.support.valkey import ValkeyServer

#: What `up` keeps running, by the last word of each command line.
CHILDREN = {"stream", "poll", "beat", "flower", "web", "worker"}


def children_of(installation: Installation) -> dict[str, int]:
    """Process ids by what the processes are called."""
    named = {command.split()[-1]: pid for pid, command in installation.processes().items()}
    return {name: pid for name, pid in named.items() if name in CHILDREN}


def come_up(installation: Installation) -> Running:
    up = installation.start("up").has_printed("subscribed")
    eventually(lambda: children_of(installation).keys() == CHILDREN, STARTED_WITHIN, "all processes are up")
    return up


def test_up_brings_everything_keeps_it_up_and_ends_in_order(installation: Installation) -> None:
    up = come_up(installation)
    first, second = installation.deals("Larkfield Ceramics", "Tern Valley Brewery")
    installation.win(first)
    installation.show_their_numbers(first)

    worker = children_of(installation)["worker"]
    os.kill(worker, signal.SIGKILL)
    installation.win(second)
    installation.show_their_numbers(second)
    assert children_of(installation)["worker"] != worker

    refused = installation.run("up")
    assert (refused.code, refused.out) == (2, "")
    assert f"process {up.pid}" in refused.err
    assert "KASHFORCE_STATE_DIR" in refused.err
    assert children_of(installation).keys() == CHILDREN, "the first one goes on undisturbed"

    assert up.end(signal.SIGTERM) == 0
    assert installation.processes() == {}
    assert "killed" not in up.printed
    assert "Traceback" not in up.printed


def test_up_ends_at_ctrl_c_comes_back_where_it_was_and_is_not_doubled_when_it_was_killed(
    installation: Installation,
) -> None:
    stopped = come_up(installation)
    assert stopped.end(signal.SIGINT) == 0
    assert installation.processes() == {}
    assert "Traceback" not in stopped.printed
    (deal,) = installation.deals("Ottery Yarn Works")
    installation.win(deal)  # while nobody listens

    up = come_up(installation)
    installation.show_their_numbers(deal)

    up.kill()
    refused = installation.run("up")
    assert refused.code == 2
    assert "left processes behind" in refused.err
    assert children_of(installation).keys() == CHILDREN


@pytest.mark.parametrize(
    ("system", "missing"),
    [
        ("Salesforce", ("salesforce_url", "salesforce_client_secret")),
        ("KashFlow", ("kashflow_password", "kashflow_memorable_word")),
    ],
)
def test_up_without_settings_names_each_and_does_nothing(
    installation: Installation, system: str, missing: tuple[str, ...]
) -> None:
    refused = installation.run("up", **dict.fromkeys(missing, ""))

    assert (refused.code, refused.out) == (2, "")
    names = ", ".join(f"KASHFORCE_{name.upper()}" for name in missing)
    assert f"to reach {system}, set {names}" in refused.err
    assert not Path(installation.settings["state_dir"]).exists()


def test_up_with_a_bad_mapping_file_names_file_and_line_and_does_nothing(installation: Installation) -> None:
    mappings = installation.folder / "mappings"
    mappings.mkdir()
    (mappings / "flows.yaml").write_text(
        "opportunity_to_invoice:\n  source: salesforce\n  sauce: salesforce\n"
    )

    refused = installation.run("up", mappings_dir=mappings)

    assert (refused.code, refused.out) == (2, "")
    assert f"{mappings / 'flows.yaml'}:3" in refused.err
    assert "sauce" in refused.err
    assert not Path(installation.settings["state_dir"]).exists()


@pytest.mark.parametrize("process", ["worker", "stream"])
def test_a_process_without_the_right_ledger_names_the_remedy(
    valkey_url: str, installation: Installation, process: str
) -> None:
    installation.make_ledger()
    engine = create_engine(installation.ledger_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    engine.dispose()

    refused = installation.run(process, redis_url=valkey_url)

    assert (refused.code, refused.out) == (2, "")
    assert "schema version 0000" in refused.err
    assert "run 'kashforce ledger upgrade'" in refused.err


def test_a_wrong_kashflow_password_is_tried_once_by_all_processes_together_and_the_status_tells(
    valkey_url: str, installation: Installation
) -> None:
    installation.settings["redis_url"] = valkey_url
    installation.make_ledger()
    installation.listening_stream()
    installation.start("beat")
    before = installation.calls("POST", "/v2/sessiontoken")
    wrong = "Tidy-Boots-26"
    installation.start("poll", kashflow_password=wrong).has_printed("not_looked")
    for _ in range(2):
        installation.start("worker", kashflow_password=wrong)
    deals = installation.deals("Morfe Valley Farm Shop", "Wrekin Cycle Hire")

    installation.win(*deals)
    eventually(lambda: all(map(installation.attempts, deals)), STARTED_WITHIN, "both deals were tried")

    assert installation.calls("POST", "/v2/sessiontoken") - before == 1
    told = json.loads(installation.run("status", "--json").out)
    assert {queue["name"]: queue["waiting"] for queue in told["queues"]}["kashflow.invoice"] == 2
    assert {trouble["record_id"] for trouble in told["troubles"]} == set(deals)
    assert all(trouble["text"].startswith("kashflow: ") for trouble in told["troubles"])
    assert installation.end() == [0] * 5


def test_without_redis_changes_are_kept_and_delivered_once_it_is_there(installation: Installation) -> None:
    server = ValkeyServer()
    installation.settings["redis_url"] = server.url
    installation.make_ledger()
    installation.listening_stream()
    installation.start("beat")
    installation.start("worker")
    (deal,) = installation.deals("Severn Bore Kayaks")

    installation.win(deal)
    eventually(lambda: installation.deliveries(deal), STARTED_WITHIN, "the change is in the ledger")
    told = json.loads(installation.run("status", "--json").out)
    assert any("Redis does not answer" in note for note in told["notes"])

    with server:
        installation.a_minute_passes()
        installation.show_their_numbers(deal)
        assert installation.end() == [0] * 3
