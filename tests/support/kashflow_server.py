"""The small KashFlow under uvicorn on a free loopback port, and a client's way in; knows nothing of the stories."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import uvicorn
from pydantic import SecretStr

from connectors.kashflow import KashFlowCredentials
from sandbox.clock import Clock
from sandbox.connections import CuttableProtocol
from sandbox.faults import Fault
from sandbox.kashflow.app import create_app
from sandbox.kashflow.world import KashFlowWorld


def small_kashflow() -> KashFlowWorld:
    """A seeded account on a standing clock."""
    return KashFlowWorld(Clock(frozen_at=datetime(2026, 11, 21, 9, 0, tzinfo=UTC)), random.Random(7))


def credentials_of(world: KashFlowWorld, *, password: str | None = None) -> KashFlowCredentials:
    """The user's own login, or the same with another password."""
    known = world.credentials
    secret = SecretStr(known.password if password is None else password)
    return KashFlowCredentials(known.username, secret, SecretStr(known.memorable_word))


def declare(world: KashFlowWorld, name: str, *, times: int | None = 1, **match: Any) -> None:
    world.faults.declare(Fault(name, times=times, match=match))


@contextmanager
def serving(world: KashFlowWorld) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yields the base URL, which ends in /v2, and the growing list of what was asked: method and path."""
    asked: list[tuple[str, str]] = []
    application = create_app(world)

    async def noting(scope: Any, receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        asked.append((scope["method"], scope["path"]))
        await application(scope, receive, send)

    config = uvicorn.Config(
        noting, http=CuttableProtocol, log_level="critical", lifespan="off", timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    # Listening before the server starts: an early client waits in the backlog, and nobody has to poll.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/v2", asked
        finally:
            server.should_exit = True
            thread.join()
