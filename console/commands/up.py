"""All processes of an installation on one machine, kept running."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from console import logs, settings
from console.bootstrap import House
from console.embedded import EmbeddedRedis, wait_until_ready
from console.lock import locked
from console.settings import Settings
from console.supervisor import Child, Supervisor
from ledger import schema

#: Every process of the Procfile but the workers, whose number is chosen.
PROCESSES = ("stream", "poll", "beat", "flower", "web")


def run_up(*, workers: int) -> None:
    """Blocks until SIGTERM or SIGINT. Raises BadSettings before anything is started."""
    loaded = settings.load()
    logs.configure(loaded, "up")
    loaded.require_salesforce()
    loaded.require_kashflow()
    with House(loaded) as house:
        # Refused here, once, instead of by every process.
        _ = house.book
    with (
        locked(loaded.state_dir) as lock,
        Installation(loaded, workers=workers, env=os.environ, inherits=[lock]) as installation,
    ):
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: installation.supervisor.stop())
        installation.start()
        installation.supervisor.run()


class Installation:
    """The children of one machine: an embedded Valkey where no Redis is set, then the processes."""

    def __init__(
        self,
        loaded: Settings,
        *,
        workers: int,
        env: Mapping[str, str],
        processes: Sequence[str] = PROCESSES,
        log_dir: Path | None = None,
        inherits: Sequence[int] = (),
    ) -> None:
        self._settings = loaded
        self._workers = workers
        self._processes = processes
        self._env = dict(env)
        self._log_dir = log_dir
        self._inherits = inherits
        self.redis_url = loaded.redis_url.get_secret_value()
        self.supervisor = Supervisor()

    def __enter__(self) -> Installation:
        return self

    def __exit__(self, *_: object) -> None:
        self.supervisor.shut_down()

    def start(self) -> None:
        """Bring the ledger up to date, start everything."""
        schema.upgrade(self._settings.ledger)
        if not self.redis_url:
            self._start_embedded_redis()
        for name in self._processes:
            self.supervisor.add(self._child(name, [sys.executable, "-m", "console", name]))
        for number in range(1, self._workers + 1):
            self.supervisor.add(self._child(f"worker-{number}", [sys.executable, "-m", "console", "worker"]))

    def _start_embedded_redis(self) -> None:
        embedded = EmbeddedRedis(self._settings.state_dir)
        self.redis_url = embedded.prepare()
        server = self._child("valkey", embedded.command())
        server.serves_others = True
        wait_until_ready(self.redis_url, self.supervisor.add(server))

    def _child(self, name: str, command: list[str]) -> Child:
        log_file = self._log_dir / f"{name}.log" if self._log_dir else None
        return Child(name, command, self._env, log_file=log_file, inherits=self._inherits)
