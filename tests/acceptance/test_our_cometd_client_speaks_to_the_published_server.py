"""Our CometD client against the CometD project's own server from npm, because a server of ours agrees with us too easily."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from connectors.salesforce.streaming.cometd import CometdSource
from connectors.salesforce.streaming.source import (
    ALL_RETAINED,
    NEW_ONLY,
    Counter,
    Events,
    Idle,
    Notice,
    Notices,
    Subscribed,
    Trouble,
)

HERE = Path(__file__).parent
PEER = HERE / "npm_cometd_server"
#: Ignored by git; kept between runs.
INSTALLED = HERE.parents[1] / "var" / "npm" / "cometd-server"

CHANGES = "/data/ChangeEvents"
ORDERS = "/data/OrderChangeEvent"
N = TypeVar("N", bound=Notice)

pytestmark = pytest.mark.skipif(
    shutil.which("npm") is None and "CI" not in os.environ,
    reason="npm is missing: install Node.js with npm to try the client against the published CometD server",
)


@dataclass(frozen=True)
class PublishedServer:
    url: str

    @property
    def endpoint(self) -> str:
        return f"{self.url}/cometd/66.0"

    def publish(self, channel: str, payload: object) -> str:
        answer = httpx.post(f"{self.url}/publish", json={"channel": channel, "payload": payload})
        return str(answer.json()["replayId"])

    def lose_an_answer(self) -> None:
        """The next one that carries events."""
        httpx.post(f"{self.url}/lose")

    def sessions(self) -> int:
        count: int = httpx.get(f"{self.url}/sessions").json()["count"]
        return count


@pytest.fixture(scope="module")
def installed() -> Path:
    """The folder of the server, with the exact version of its package.json installed."""
    INSTALLED.mkdir(parents=True, exist_ok=True)
    with (INSTALLED / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test processes may run side by side
        install()
    return INSTALLED


def install() -> None:
    for name in ("package.json", "server.js"):
        shutil.copy(PEER / name, INSTALLED / name)
    wanted = json.loads((PEER / "package.json").read_text())["dependencies"]["cometd-nodejs-server"]
    manifest = INSTALLED / "node_modules" / "cometd-nodejs-server" / "package.json"
    if not manifest.exists() or json.loads(manifest.read_text())["version"] != wanted:
        subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"],
            cwd=INSTALLED,
            check=True,
            timeout=300,
        )


@contextmanager
def running(folder: Path, *, timeout: int, max_interval: int) -> Iterator[PublishedServer]:
    """The server, its times in milliseconds: how long it parks a poll, and how long it waits for the next."""
    command = ["node", "server.js", str(timeout), str(max_interval), "50"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield PublishedServer(f"http://127.0.0.1:{json.loads(process.stdout.readline())['port']}")
        finally:
            process.terminate()


@pytest.fixture
def server(installed: Path) -> Iterator[PublishedServer]:
    with running(installed, timeout=300, max_interval=20_000) as server:
        yield server


def client(server: PublishedServer) -> CometdSource:
    """Ours, resting not at all between tries."""
    return CometdSource(server.endpoint, wait=lambda _seconds: None)


def until(notices: Notices, kind: type[N]) -> N:
    return next(notice for notice in notices if isinstance(notice, kind))


def cursors_until(notices: Notices, last: str) -> list[str]:
    seen: list[str] = []
    while last not in seen:
        seen += [event.cursor for event in until(notices, Events).events]
    return seen


def test_handshake_subscribe_receive_and_disconnect(server: PublishedServer) -> None:
    with closing(client(server).listen({CHANGES: NEW_ONLY})) as notices:
        assert next(notices) == Subscribed(CHANGES, NEW_ONLY)
        assert server.sessions() == 1
        cursor = server.publish(CHANGES, {"Name": "Ação & Söhne", "Amount": 10.5})

        (event,) = until(notices, Events).events

        assert (event.channel, event.cursor) == (CHANGES, cursor)
        assert event.payload["Name"] == "Ação & Söhne"
        assert str(event.payload["Amount"]) == "10.5"

    assert server.sessions() == 0


def test_a_quiet_stream_stays_connected_over_many_polls(server: PublishedServer) -> None:
    with closing(client(server).listen({CHANGES: NEW_ONLY})) as notices:
        assert isinstance(next(notices), Subscribed)
        assert [next(notices) for _ in range(5)] == [Idle()] * 5
        assert server.sessions() == 1


def test_reading_resumes_behind_the_cursor_of_each_channel(server: PublishedServer) -> None:
    first, second = server.publish(CHANGES, {"n": 1}), server.publish(CHANGES, {"n": 2})
    order = server.publish(ORDERS, {"n": 3})

    with closing(client(server).listen({CHANGES: first, ORDERS: ALL_RETAINED})) as notices:
        heard = [until(notices, Events), until(notices, Events)]

    cursors = {(each.channel, event.cursor) for each in heard for event in each.events}
    assert cursors == {(CHANGES, second), (ORDERS, order)}


def test_a_session_that_the_server_sweeps_away_is_opened_anew_and_nothing_is_lost(installed: Path) -> None:
    with (
        running(installed, timeout=300, max_interval=200) as server,
        closing(client(server).listen({CHANGES: ALL_RETAINED})) as notices,
    ):
        first = server.publish(CHANGES, {"n": 1})
        assert cursors_until(notices, first) == [first]
        while server.sessions():
            pass  # the reader is busy, the server loses patience
        second = server.publish(CHANGES, {"n": 2})

        trouble = until(notices, Trouble)

        assert trouble.counter is Counter.HANDSHAKE
        assert cursors_until(notices, second) == [second]


def test_events_are_not_lost_with_the_answer_that_should_have_brought_them(server: PublishedServer) -> None:
    with closing(client(server).listen({CHANGES: ALL_RETAINED})) as notices:
        published = [server.publish(CHANGES, {"n": 0})]
        heard = cursors_until(notices, published[0])
        for number in range(1, 6):
            server.lose_an_answer()
            published.append(server.publish(CHANGES, {"n": number}))
            assert until(notices, Trouble).counter is Counter.CONNECT
            published.append(server.publish(CHANGES, {"n": -number}))
            heard += cursors_until(notices, published[-1])
        assert server.sessions() == 1, "the sessions given up were said goodbye to"

    assert heard == published
