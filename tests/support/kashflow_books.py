"""A small KashFlow on a standing clock, and a client that is logged in; what the sandbox's own tests start from."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
from starlette.types import ASGIApp

from sandbox.clock import Clock
from sandbox.faults import Fault
from sandbox.kashflow.app import create_app
from sandbox.kashflow.world import KashFlowWorld

#: A Tuesday; British time is UTC then.
TODAY = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
#: The first bank account and a payment method of the seed.
ACCOUNT, BACS = 55160, 409844


class Books:
    """One world, its clock, and a client of its REST API whose paths are below /v2."""

    def __init__(self, world: KashFlowWorld, clock: Clock, client: httpx.Client) -> None:
        self.world = world
        self.clock = clock
        self.client = client

    def fault(self, name: str, times: int | None = 1, **params: Any) -> None:
        self.world.faults.declare(Fault(name, times, params=params))

    def days_pass(self, days: int) -> None:
        """Move the clock, and log in again, since no session lasts that long."""
        self.clock.advance(days * 24 * 3600)
        log_in(self.client, self.world)

    def get(self, path: str, **query: Any) -> Any:
        """The JSON of a GET that is expected to succeed."""
        response = self.client.get(path, params=query or None)
        assert response.status_code == 200, response.text
        return response.json()

    def post(self, path: str, body: Any) -> Any:
        """The JSON of a POST that is expected to create."""
        response = self.client.post(path, json=body)
        assert response.status_code == 201, response.text
        return response.json()

    def put(self, path: str, body: Any, status: int = 200) -> Any:
        response = self.client.put(path, json=body)
        assert response.status_code == status, response.text
        return response.json()

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str, str]:
        """Status, error and message of a call that is expected to fail."""
        response = self.client.request(method, path, json=body)
        assert response.status_code >= 400, response.text
        answer = response.json()
        assert set(answer) == {"Error", "Message"}
        return response.status_code, answer["Error"], answer["Message"]


class InProcess(httpx.BaseTransport):
    """Calls an ASGI application without a server, for tests that wait in plain functions."""

    def __init__(self, app: ASGIApp) -> None:
        self._transport = httpx.ASGITransport(app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return asyncio.run(self._exchange(request))

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        answer = await self._transport.handle_async_request(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())


def log_in(client: httpx.Client, world: KashFlowWorld) -> str:
    """Both steps of the login; the client sends the token from then on."""
    known = world.credentials
    step_1 = client.post("sessiontoken", json={"UserName": known.username, "Password": known.password})
    answer = step_1.json()
    for asked in answer["MemorableWordList"]:
        asked["Value"] = known.memorable_word[asked["Position"] - 1]
    token: str = client.put("sessiontoken", json=answer).json()["SessionToken"]
    client.headers["Authorization"] = f"KfToken {token}"
    return token


@contextmanager
def books(*, logged_in: bool = True, seeded: bool = True) -> Iterator[Books]:
    clock = Clock(TODAY)
    world = KashFlowWorld(clock, random.Random(7), seeded=seeded)
    with httpx.Client(transport=InProcess(create_app(world)), base_url="http://kashflow.test/v2/") as client:
        if logged_in:
            log_in(client, world)
        yield Books(world, clock, client)
