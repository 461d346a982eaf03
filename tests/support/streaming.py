"""A Streaming API on loopback over a small org, and a plain Bayeux peer to talk to it; no client library."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.tls import trusted
from sandbox.clock import Clock
from sandbox.faults import Fault, Faults
from sandbox.salesforce.org import found_org
from sandbox.salesforce.schema import Schema
from sandbox.salesforce.sessions import Sessions, User
from sandbox.salesforce.store import Store
from sandbox.salesforce.streaming import STREAMING_FAULTS, EventBus, Limits, Timing, routes
from tests.support.ports import free_port

Message = dict[str, Any]

#: Long enough for a busy machine, short enough for a test that hangs.
PATIENCE_SECONDS = 30.0


class StreamingOrg:
    """The real store, schema and sessions with an event bus on top, and nothing else of a Salesforce."""

    def __init__(self, *, timing: Timing | None = None, limits: Limits | None = None, seed: int = 7) -> None:
        self.hidden_fields: set[tuple[str, str]] = set()
        self.clock = Clock(frozen_at=datetime(2026, 11, 21, 9, 0, tzinfo=UTC))
        self.rng = random.Random(seed)
        self.faults = Faults(STREAMING_FAULTS, self.rng)
        self.schema = Schema.load(hidden=lambda: self.hidden_fields)
        self.store = Store(self.clock, self.rng, self.schema)
        self.org = found_org(self.store)
        self.sessions = Sessions(self.clock, self.rng, self.org.id, 7200)
        self.events = EventBus(self, timing=timing or Timing(park_seconds=PATIENCE_SECONDS), limits=limits)

    def login(self, user_id: str | None = None) -> str:
        """An access token of this user, of the sales person without one."""
        row = self.store.row(user_id or self.org.sales_id)
        assert row is not None
        return self.sessions.issue(User.of(row))

    def declare(
        self, name: str, *, match: Mapping[str, Any] | None = None, times: int | None = 1, **params: Any
    ) -> None:
        self.faults.declare(Fault(name, times=times, match=match or {}, params=params))

    def create(self, entity: str, **fields: Any) -> str:
        with self.store.transaction(self.org.sales_id) as tx:
            return tx.create(entity, fields)

    def update(self, record_id: str, **fields: Any) -> None:
        with self.store.transaction(self.org.sales_id) as tx:
            tx.update(record_id, fields)


@contextmanager
def served(app: ASGIApp, *, before_stop: Callable[[], None] = lambda: None) -> Iterator[str]:
    """The app under uvicorn on a free loopback port; yields its URL."""
    port = free_port()
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_level="critical", lifespan="off", timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        before_stop()
        server.should_exit = True
        thread.join()


class Switchboard:
    """An application that passes each request to the org that is plugged in: one server for many tests."""

    def __init__(self) -> None:
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self._app is not None, "no org is plugged in"
        await self._app(scope, receive, send)

    @contextmanager
    def plugged(self, org: StreamingOrg) -> Iterator[None]:
        self._app = Starlette(routes=routes(org))
        try:
            yield
        finally:
            org.events.forget_sessions()
            self._app = None


def until(condition: Callable[[], bool]) -> None:
    """Return as soon as the condition holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.005)


class BayeuxPeer:
    """Sends exactly the messages it is told to and keeps cookies; two threads may use it at once."""

    def __init__(self, url: str, token: str, *, path: str = "/cometd/66.0") -> None:
        self.http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"OAuth {token}"},
            timeout=PATIENCE_SECONDS,
            verify=trusted(by_environment=False),
        )
        self.path = path
        self.client_id = ""
        self._ids = itertools.count(1)
        self._threads = ThreadPoolExecutor(max_workers=4)

    def __enter__(self) -> BayeuxPeer:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown()
        self.http.close()

    def message(self, channel: str, **fields: Any) -> Message:
        ours = {"clientId": self.client_id} if self.client_id else {}
        return {"id": str(next(self._ids)), "channel": channel, **ours, **fields}

    def post(self, *messages: Message) -> list[Message]:
        response = self.http.post(self.path, json=list(messages))
        assert response.status_code == 200, response.text
        replies: list[Message] = response.json()
        return replies

    def handshake(self) -> Message:
        self.client_id = ""
        offer = {"version": "1.0", "minimumVersion": "1.0", "supportedConnectionTypes": ["long-polling"]}
        (reply,) = self.post(self.message("/meta/handshake", ext={"replay": True}, **offer))
        self.client_id = reply.get("clientId", "")
        return reply

    def connect(self, **fields: Any) -> list[Message]:
        return self.post(self.message("/meta/connect", connectionType="long-polling", **fields))

    def connect_meanwhile(self) -> Future[list[Message]]:
        return self._threads.submit(self.connect)

    def subscribe(self, channel: str, replay: object = None) -> Message:
        ext = {} if replay is None else {"ext": {"replay": {channel: replay}}}
        (reply,) = self.post(self.message("/meta/subscribe", subscription=channel, **ext))
        return reply

    def begin(self, channel: str = "/data/ChangeEvents", replay: object = -1) -> None:
        """Handshake, first connect, subscribe."""
        assert self.handshake()["successful"]
        assert self.connect()[-1]["successful"]
        assert self.subscribe(channel, replay)["successful"]


def events_in(replies: list[Message]) -> list[Message]:
    """The `data` of the broadcast messages among the replies."""
    return [message["data"] for message in replies if "data" in message]


#: Plugs an org in and brings a peer that is logged in to it; called again for the same org, another peer.
MeetPeer = Callable[[StreamingOrg], BayeuxPeer]
