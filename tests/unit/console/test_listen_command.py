"""`kashforce listen` as a process: what it takes from the settings, how a signal ends it, what scripts see."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.commands.listen import run_listen
from console.settings import BadSettings
from sandbox.server import Sandbox
from tests.support.bayeux_server import BayeuxServer
from tests.support.console import environment_of, logging_restored, logins_of

CHANNEL = "/data/ChangeEvents"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=5) as sandbox:
        yield sandbox


@pytest.fixture
def server() -> Iterator[BayeuxServer]:
    with BayeuxServer() as server:
        yield server


def start(folder: Path, *arguments: str, channel: str = CHANNEL, **settings: str) -> subprocess.Popen[str]:
    """The command in an empty folder, with these settings only."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("KASHFORCE_")}
    return subprocess.Popen(
        [sys.executable, "-m", "console", "listen", "--channel", channel, *arguments],
        env={**inherited, "PYTHONPATH": str(Path.cwd()), **environment_of(settings)},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder: Path, *arguments: str, channel: str = CHANNEL, **settings: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    with start(folder, *arguments, channel=channel, **settings) as process:
        out, err = process.communicate()
        return process.returncode, out, err


def test_the_org_of_the_settings_is_heard_and_no_secret_is_printed(sandbox: Sandbox, tmp_path: Path) -> None:
    logins = logins_of(sandbox)

    code, out, err = run(tmp_path, "--replay", "-2", "--max", "3", **logins)

    events = [json.loads(line) for line in out.splitlines()]
    assert (code, len(events)) == (0, 3)
    assert all("ChangeEventHeader" in event["data"]["payload"] for event in events)
    assert logins["salesforce_client_secret"] not in out + err


def test_an_access_token_opens_a_complete_address(sandbox: Sandbox, tmp_path: Path) -> None:
    url, token = f"{sandbox.salesforce_url}/cometd/66.0", sandbox.announcement()["salesforce"]["access_token"]

    code, out, err = run(
        tmp_path, "--url", url, "--replay", "-2", "--max", "1", salesforce_access_token=token
    )

    assert (code, len(out.splitlines())) == (0, 1)
    assert token not in out + err


def test_the_login_of_the_settings_opens_an_address_on_the_orgs_own_host(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    url = f"{sandbox.salesforce_url}/cometd/66.0"

    code, out, _ = run(tmp_path, "--url", url, "--replay", "-2", "--max", "1", **logins_of(sandbox))

    assert (code, len(out.splitlines())) == (0, 1)


def test_the_login_of_the_settings_does_not_travel_to_another_host(
    sandbox: Sandbox, server: BayeuxServer, tmp_path: Path
) -> None:
    logins = {**logins_of(sandbox), "salesforce_url": "https://acme.my.salesforce.com"}
    server.publish(CHANNEL, {})

    code, _, err = run(tmp_path, "--url", server.url, "--replay", "-2", "--max", "1", **logins)

    assert code == 0
    assert "no token is sent" in err
    assert all("authorization" not in map(str.lower, request.headers) for request in server.requests)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_good_order(server: BayeuxServer, tmp_path: Path, number: signal.Signals) -> None:
    with start(tmp_path, "--url", server.url) as process:
        server.until(lambda: any(client.positions for client in server.clients.values()))

        process.send_signal(number)
        out, err = process.communicate()

    assert (process.returncode, out) == (0, "")
    assert "Traceback" not in err
    assert len(server.sent("/meta/disconnect")) == 1


def test_a_reader_that_leaves_ends_it_without_complaint(server: BayeuxServer, tmp_path: Path) -> None:
    server.publish(CHANNEL, {"number": 1})
    with start(tmp_path, "--url", server.url, "--replay", "-2") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()

        server.publish(CHANNEL, {"number": 2})
        complaint = process.stderr.read()

    assert process.returncode == 0
    assert complaint.splitlines() == [f"kashforce: subscribed to {CHANNEL} from -2"]


@pytest.mark.parametrize(
    ("url", "channel", "said"),
    [
        ("", "data/ChangeEvents", "begins with a slash"),
        ("ws://127.0.0.1/cometd", CHANNEL, "must be an address such as"),
        ("http://example.org/cometd", CHANNEL, "must use https"),
    ],
)
def test_an_address_or_a_channel_that_cannot_be_is_refused_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, channel: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)

    with logging_restored(), pytest.raises(BadSettings, match=said):
        run_listen(channel, "-1", max_events=0, timeout=0, url=url)


def test_a_missing_setting_is_one_line_and_the_code_for_usage(tmp_path: Path) -> None:
    code, out, err = run(tmp_path)

    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "KASHFORCE_SALESFORCE_URL" in err


def test_the_exit_code_tells_a_refused_channel_from_a_wrong_password(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    wrong = {**logins_of(sandbox), "salesforce_client_secret": "hush-wrong"}

    refused = run(tmp_path, "--timeout", "60", channel="/data/Nowhere__chn", **logins_of(sandbox))
    unknown = run(tmp_path, "--timeout", "60", **wrong)

    assert (refused[0], unknown[0]) == (4, 4)
    assert "Nowhere__chn" in refused[2]
    assert "refused the login" in unknown[2]
    assert "hush" not in unknown[2]
