"""Keeps a set of processes running: starts them, restarts the ones that end, stops all of them in order."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO

import structlog

log = structlog.get_logger("kashforce.supervisor")

#: How long a process may take to end after SIGTERM before it is killed.
GRACE_SECONDS = 20.0
#: A process that ran this long before it ended is restarted at once; one that keeps ending waits longer each time.
STEADY_SECONDS = 10.0
LONGEST_WAIT_SECONDS = 30.0
#: After so many short lives a child is called failing.
FAILING_RESTARTS = 3


@dataclass
class Child:
    """One process to keep running."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    #: Where its output goes; None: where ours goes.
    log_file: Path | None = None
    #: File descriptors of ours that it keeps open as long as it lives.
    inherits: Sequence[int] = ()
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    #: Stopped after all others, because they need it to end in good order.
    serves_others: bool = False
    restarts: int = 0
    #: Not to be started again before this, by the monotonic clock.
    not_before: float = 0.0
    _output: IO[bytes] | None = field(default=None, repr=False)

    @property
    def pid(self) -> int | None:
        return None if self.process is None else self.process.pid

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        if self.log_file and self._output is None:
            self.log_file.parent.mkdir(parents=True, exist_ok=True)
            self._output = self.log_file.open("ab")
        self.process = subprocess.Popen(  # noqa: S603 - our own commands, no shell
            list(self.command),
            env=dict(self.env),
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT if self._output else None,
            pass_fds=self.inherits,
            # Ctrl-C in the terminal reaches us alone; we tell the children in our own order.
            start_new_session=True,
        )
        self.started = time.monotonic()

    def close(self) -> None:
        if self._output:
            self._output.close()
            self._output = None


class Supervisor:
    """Runs children until told to stop. Not thread-safe; `stop` may be called by a signal handler."""

    def __init__(self) -> None:
        self._children: list[Child] = []
        self._stopping = False

    def __enter__(self) -> Supervisor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.shut_down()

    def add(self, child: Child) -> Child:
        """Start a child and keep it running from now on."""
        child.start()
        self._children.append(child)
        log.info("started", child=child.name, pid=child.pid)
        return child

    def stop(self) -> None:
        """Ask `run` to come to its end."""
        self._stopping = True

    def run(self) -> None:
        """Watch until `stop`."""
        while not self._stopping:
            self.tend()
            time.sleep(0.2)  # the pace of the watch: there is nobody to wait for

    def tend(self) -> None:
        """Restart what has ended; one look, no waiting."""
        now = time.monotonic()
        for child in self._children:
            if child.process is None or child.is_running:
                continue
            if child.not_before == 0.0:
                steady = now - child.started >= STEADY_SECONDS
                child.restarts = 0 if steady else child.restarts + 1
                wait = 0.0 if steady else min(0.5 * 2**child.restarts, LONGEST_WAIT_SECONDS)
                child.not_before = now + wait
                log.warning("ended", child=child.name, exit=child.process.returncode, again_in_seconds=wait)
            if now >= child.not_before and not self._stopping:
                child.not_before = 0.0
                child.start()
                log.info("restarted", child=child.name, pid=child.pid)

    def child(self, name: str) -> Child:
        return next(child for child in self._children if child.name == name)

    def failing(self) -> str | None:
        """The name of a child that keeps ending soon after its start, if there is one."""
        return next((child.name for child in self._children if child.restarts >= FAILING_RESTARTS), None)

    def shut_down(self) -> None:
        """Ask all children to end, those that serve the others last; kill what takes too long."""
        self._stopping = True
        for serving in (False, True):
            group = [child for child in self._children if child.serves_others is serving]
            for child in group:
                if child.process is not None and child.is_running:
                    child.process.terminate()
            for child in group:
                _wait_for_end(child)
                child.close()


def _wait_for_end(child: Child) -> None:
    if child.process is None:
        return
    try:
        child.process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        log.warning("killed", child=child.name, pid=child.pid)
        child.process.kill()
        child.process.wait()
