"""Kashforce as it is installed, between a producer and a stub: real worker processes, a real Valkey, a real ledger."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from redis import Redis

from bench.stub import Stub
from bench.work import delivery_of, events, links
from console.bootstrap import House, utc_now
from console.settings import load as settings_from
from ledger import schema
from ledger.links import remember_links
from ledger.overview import any_unfinished
from sandbox.server import Sandbox
from tests.support.console import environment_of, logins_of

#: Changes of one registration, and of one message.
STEP = 200
#: Changes under way at most: with more of them waiting, a worker would take them to a Bulk job.
WINDOW = 2_000
WORKERS = 2
#: How often it is looked whether changes are settled.
LOOK_SECONDS = 0.04
#: What is under way is done within this, or never.
PATIENCE_SECONDS = 120.0
#: Changes before anything is measured: both workers have imported, connected and asked what they ask once.
WARM_UP = 2_000


@dataclass
class Road:
    """A running installation: changes go in here, and are delivered by its worker processes."""

    house: House
    stub: Stub
    #: Of the workers, and last of beat.
    pids: list[int]

    def run(self, changes: Sequence[str]) -> None:
        """Register the changes as a producer does, and return when every one of them is settled."""
        # Tells these from earlier changes of the same records.
        turn, before, settled = uuid.uuid4(), self.stub.count(), 0

        def settled_so_many(needed: int) -> bool:
            # Asked of the stub, whose time is left out, and only when it matters: the ledger has enough to do.
            nonlocal settled
            settled = settled if settled >= needed else self.stub.count() - before
            return settled >= needed

        for start in range(0, len(changes), STEP):
            _wait_until(partial(settled_so_many, start + STEP - WINDOW))
            self._register(changes[start : start + STEP], f"{turn}, {start}")
        _wait_until(partial(settled_so_many, len(changes)))
        _wait_until(lambda: not self._unfinished())

    def _register(self, told: Sequence[str], version: str) -> None:
        deliveries = [delivery_of(event, version, self.house.book) for event in told]
        self.house.wire.announce(self.house.ledger.register(deliveries, now=utc_now()))

    def _unfinished(self) -> bool:
        with self.house.ledger.reading() as connection:
            return any_unfinished(connection)


def _wait_until(come: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not come():
        time.sleep(LOOK_SECONDS)
        if time.monotonic() - began > PATIENCE_SECONDS:
            raise RuntimeError("changes are not delivered; is a queue paused?")


@contextmanager
def installed(
    ledger_url: str, redis_url: str, stub: Stub, folder: Path
) -> Iterator[tuple[House, Mapping[str, str]]]:
    """An installation with a new ledger, as its own house and as settings for processes; KashFlow is the sandbox's."""
    schema.upgrade(ledger_url)
    with Sandbox() as worlds:
        settings = logins_of(worlds) | {
            "salesforce_url": stub.url,
            "salesforce_calls_per_second": "1000",
            "redis_url": redis_url,
            "ledger_url": ledger_url,
            "state_dir": str(folder),
            # All of them together stay within the five calls side by side that the budget grants.
            "worker_threads": "2",
        }
        with House(settings_from(None, **settings)) as house:
            yield house, environment_of(settings)


@contextmanager
def road(
    ledger_url: str, redis_url: str, stub: Stub, folder: Path, *, records: int, workers: int = WORKERS
) -> Iterator[Road]:
    """An installation whose ledger knows `records` invoices; ready when its workers have delivered something."""
    with ExitStack() as open_:
        house, settings = open_.enter_context(installed(ledger_url, redis_url, stub, folder))
        with house.ledger.writing() as connection:
            remember_links(connection, list(links(records)), utc_now())
        # Beat wakes the sweeper, as in every installation.
        pids = open_.enter_context(_processes(settings, *["worker"] * workers, "beat"))
        with Redis.from_url(redis_url) as redis:
            # All of them: who comes late would start up within what is measured.
            _wait_until(lambda: redis.info("clients")["blocked_clients"] >= workers)
        made = Road(house, stub, pids)
        made.run(events(min(WARM_UP, records), 0))
        yield made


@contextmanager
def _processes(settings: Mapping[str, str], *names: str) -> Iterator[list[int]]:
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "console", name],
            env={**os.environ, **settings},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        )
        for name in names
    ]
    try:
        yield [process.pid for process in started]
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait()
