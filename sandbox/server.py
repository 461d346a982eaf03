"""Runs both worlds and the control path on loopback ports: in a thread for tests, or as a process until told to end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, TypeVar

from starlette.types import ASGIApp

from sandbox.clock import Clock
from sandbox.control import create_control
from sandbox.kashflow.world import KashFlowWorld
from sandbox.listening import HOST, Listening, bound_socket
from sandbox.request_log import RequestLog
from sandbox.salesforce.world import SalesforceWorld
from sandbox.worlds import KASHFLOW, SALESFORCE, Worlds

T = TypeVar("T")


class Sandbox:
    """Both worlds, served.

        with Sandbox() as sandbox:
            httpx.get(f"{sandbox.kashflow_url}/customers")

    The worlds belong to the servers' thread: while clients are at work, change and read them through `run`.
    """

    def __init__(
        self,
        *,
        salesforce_port: int = 0,
        kashflow_port: int = 0,
        control_port: int = 0,
        seed: int = 0,
        clock: Clock | None = None,
        payments_resource: bool = False,
    ) -> None:
        self.worlds = Worlds(clock or Clock(), seed, payments_resource=payments_resource)
        self._ports = {SALESFORCE: salesforce_port, KASHFLOW: kashflow_port, "control": control_port}
        self._sockets: dict[str, socket.socket] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    @property
    def salesforce(self) -> SalesforceWorld:
        return self.worlds.salesforce

    @property
    def kashflow(self) -> KashFlowWorld:
        return self.worlds.kashflow

    @property
    def requests(self) -> dict[str, RequestLog]:
        """What each world was asked: "salesforce" and "kashflow"."""
        return self.worlds.requests

    @property
    def salesforce_url(self) -> str:
        return f"http://{HOST}:{self._ports[SALESFORCE]}"

    @property
    def kashflow_url(self) -> str:
        return f"http://{HOST}:{self._ports[KASHFLOW]}/v2"

    @property
    def control_url(self) -> str:
        return f"http://{HOST}:{self._ports['control']}"

    def announcement(self) -> dict[str, Any]:
        """Where everything is and how to get in, as the command prints it. Holds the sandbox's own secrets."""
        return {
            "salesforce": {"url": self.salesforce_url} | self.worlds.salesforce_login(),
            "kashflow": {"url": self.kashflow_url} | self.worlds.kashflow_login(),
            "control": self.control_url,
        }

    def __enter__(self) -> Sandbox:
        self._bind()
        up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(up.set)), name="sandbox")
        self._thread.start()
        up.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._thread is not None:
            self._thread.join()

    def run(self, work: Callable[[], T]) -> T:
        """Do something with the worlds in the servers' thread, between two requests; its result."""

        async def between_requests() -> T:
            return work()

        if self._loop is None:
            raise RuntimeError("the sandbox is not running: use it in a with statement")
        return asyncio.run_coroutine_threadsafe(between_requests(), self._loop).result()

    def stop(self) -> None:
        """Have the servers end, from whatever thread."""
        if self._loop is not None and self._stop is not None:
            # The loop may be gone already: then there is nothing left to stop.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stop.set)

    async def serve_forever(self, ready: Callable[[], None]) -> None:
        """Serve in this event loop until SIGTERM, SIGINT or `stop`; `ready` is called once all ports answer."""
        self._bind()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        await self._serve(ready)

    def _bind(self) -> None:
        try:
            for what, port in self._ports.items():
                self._sockets[what] = bound_socket(port, what)
        except OSError:
            for listener in self._sockets.values():
                listener.close()
            raise
        self._ports = {what: listener.getsockname()[1] for what, listener in self._sockets.items()}

    async def _serve(self, ready: Callable[[], None]) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        apps: dict[str, ASGIApp] = {
            SALESFORCE: self.worlds.served_salesforce,
            KASHFLOW: self.worlds.served_kashflow,
            "control": create_control(self.worlds, self.announcement),
        }
        servers = {what: Listening(app) for what, app in apps.items()}
        async with asyncio.TaskGroup() as group:
            for what, server in servers.items():
                group.create_task(server.serve([self._sockets[what]]))
            for server in servers.values():
                await server.up.wait()
            ready()
            await self._stop.wait()
            self.worlds.release()
            for server in servers.values():
                server.should_exit = True


def run_until_told(sandbox: Sandbox, *, until_stdin_closes: bool) -> None:
    """Serve in the foreground; print the announcement as one JSON line when everything answers."""

    def ready() -> None:
        sys.stdout.write(json.dumps(sandbox.announcement()) + "\n")
        sys.stdout.flush()
        if until_stdin_closes:
            threading.Thread(target=_stop_at_end_of_stdin, args=(sandbox,), daemon=True).start()

    asyncio.run(sandbox.serve_forever(ready))


def _stop_at_end_of_stdin(sandbox: Sandbox) -> None:
    # os.read rather than sys.stdin: a buffered reader in a waiting thread would hold up the interpreter's end.
    while os.read(0, 4096):
        pass
    sandbox.stop()
