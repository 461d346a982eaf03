"""The command line as scripts and curious people meet it: help with examples, exit codes, one line that says why."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

from tests.support.commands import commands
from tests.support.installation import Installation
from tests.support.ports import free_port

#: A password that nobody may repeat.
UNTOLD = "not-to-be-told"


def test_every_command_has_help_with_an_example(installation: Installation) -> None:
    shown = installation.run("--help")
    assert shown.code == 0

    for name in commands():
        words = name.split()
        assert words[0] in shown.out
        helped = installation.run(*words, "--help")
        assert (helped.code, helped.err) == (0, "")
        assert "Example: " in helped.out
        assert f"kashforce {name}" in helped.out


def test_the_sandbox_prints_one_line_of_json_and_ends_when_it_is_told(installation: Installation) -> None:
    ports = [free_port(), free_port()]

    sandbox = installation.start(
        "sandbox", "--salesforce-port", str(ports[0]), "--kashflow-port", str(ports[1])
    )
    (line,) = sandbox.has_printed("\n").printed.splitlines()

    told = json.loads(line)
    assert told.keys() == {"salesforce", "kashflow", "control"}
    assert told["salesforce"].keys() == {
        "url",
        "access_token",
        "client_id",
        "client_secret",
        "username",
        "password",
    }
    assert told["kashflow"].keys() == {"url", "username", "password", "memorable_word"}
    assert told["salesforce"]["url"] == f"http://127.0.0.1:{ports[0]}"
    assert told["kashflow"]["url"] == f"http://127.0.0.1:{ports[1]}/v2"
    assert sandbox.end(signal.SIGTERM) == 0
    assert sandbox.printed.splitlines() == [line]


@pytest.mark.parametrize(
    ("words", "changed", "code", "says"),
    [
        ("sing", {}, 2, "No such command 'sing'"),
        ("status --jsno", {}, 2, "No such option: --jsno"),
        ("sandbox --kashflow-port 70000", {}, 2, "--kashflow-port"),
        ("status", {"ledger_url": "sqlite://"}, 2, "run 'kashforce ledger upgrade'"),
        ("worker", {"ledger_url": f"mysql://kashforce:{UNTOLD}@127.0.0.1:1/k"}, 2, "expected sqlite or postgresql"),
        ("worker", {"ledger_url": f"postgresql://kashforce:{UNTOLD}@127.0.0.1:1/k"}, 3, "database does not answer"),
        ("up", {"ledger_url": f"postgresql://kashforce:{UNTOLD}@127.0.0.1:1/k"}, 3, "database does not answer"),
        ("worker -Q kashflow.invoices", {}, 2, "there is no queue kashflow.invoices; there are: kashflow.invoice, "),
        ("worker", {"worker_threads": "many"}, 2, "KASHFORCE_WORKER_THREADS"),
        ("stream", {"redis_url": ""}, 2, "no Redis: set KASHFORCE_REDIS_URL"),
        ("listen --channel /data/ChangeEvents --timeout 5", {"salesforce_client_secret": UNTOLD}, 4, "salesforce"),
        ("listen --channel /data/ChangeEvents --timeout 1", {"salesforce_url": "http://127.0.0.1:1"}, 3, "127.0.0.1"),
    ],
)  # fmt: skip
def test_a_command_that_cannot_do_its_work_says_why_in_a_line_and_with_a_code(
    installation: Installation, words: str, changed: dict[str, Any], code: int, says: str
) -> None:
    installation.make_ledger()

    ended = installation.run(*words.split(), **{"redis_url": "redis://127.0.0.1:1/0"} | changed)

    assert (ended.code, ended.out) == (code, ""), ended.err
    assert says.lower() in ended.err.lower()
    assert "Traceback" not in ended.err
    assert UNTOLD not in ended.err
