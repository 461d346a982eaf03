"""The sandbox's Salesforce before the published CometD client for JavaScript, over real HTTP."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.clock import Clock
from sandbox.salesforce.app import create_app
from sandbox.salesforce.world import SalesforceWorld
from tests.support.npm import installed_beside
from tests.support.streaming import served

CLIENT = Path(__file__).parent / "npm_cometd_client"


class Listener:
    """The JavaScript client as a process; each line it prints is one thing that happened."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.told: list[dict[str, Any]] = []

    def until(self, what: str, **facts: Any) -> dict[str, Any]:
        """Read on until this happened; fails when the client ended before."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            self.told.append(told)
            if told["what"] == what and all(told.get(key) == value for key, value in facts.items()):
                return dict(told)
        pytest.fail(f"the client ended before {what!r}; it told {self.told}")

    def end(self) -> int:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self.until("disconnected")
        return self._process.wait()


@contextmanager
def listening(folder: Path, url: str, token: str) -> Iterator[Listener]:
    command = ["node", "listen.js", f"{url}/cometd/66.0", token]
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Listener(process)
        finally:
            process.kill()


def create_account(url: str, token: str, name: str) -> str:
    response = httpx.post(
        f"{url}/services/data/v66.0/sobjects/Account",
        json={"Name": name},
        headers={"Authorization": f"Bearer {token}", "Sforce-Call-Options": "client=AcmeBooks"},
    )
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


def test_the_published_client_replays_listens_and_survives_a_forgotten_session() -> None:
    folder = installed_beside(CLIENT)
    world = SalesforceWorld(Clock(), random.Random(11))
    user = world.user(world.org.sales_id)
    assert user is not None
    token = world.sessions.issue(user)
    with served(create_app(world), before_stop=world.events.release_connects) as url:
        before = create_account(url, token, "Written before anybody listened")
        with listening(folder, url, token) as listener:
            greeting = listener.until("handshake", successful=True)
            replayed = listener.until("event")
            during = create_account(url, token, "Written while it listened")
            heard = listener.until("event")

            world.events.forget_sessions()
            meanwhile = create_account(url, token, "Written while it was unknown")
            again = listener.until("handshake", successful=True)
            listener.until("subscribed", successful=True)
            caught_up = listener.until("event")

            assert listener.end() == 0

    assert (greeting["replay"], greeting["transport"]) == (True, "long-polling")
    assert again["clientId"] != greeting["clientId"]
    events = [replayed, heard, caught_up]
    headers = [event["payload"]["ChangeEventHeader"] for event in events]
    assert [header["recordIds"] for header in headers] == [[before], [during], [meanwhile]]
    assert {header["changeOrigin"] for header in headers} == {"com/salesforce/api/rest/66.0;client=AcmeBooks"}
    assert {header["commitUser"] for header in headers} == {user.id}
    assert replayed["payload"]["Name"] == "Written before anybody listened"
    replay_ids = [event["replayId"] for event in events]
    assert replay_ids == sorted(set(replay_ids))
    assert [told for told in listener.told if told["what"] == "event"] == events
    assert len(world.events.clients) == 0
