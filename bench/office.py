"""A small firm whose APIs answer late, and Kashforce's own processes at work for it, on a real PostgreSQL and a real Valkey."""

from __future__ import annotations

import asyncio
import io
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import psutil
from redis import Redis

from bench.spent import Spent, spent
from canonical.change import Change
from ledger.deliveries import deliveries_of
from ledger.endings import LinkFound
from ledger.links import remember_links
from mappings.book import load
from sandbox.server import Sandbox
from tests.support.firm import WON
from tests.support.installation import STARTED_WITHIN, Installation, eventually
from tests.support.postgres import PostgresServer
from tests.support.valkey import ValkeyServer
from workers.app import make_app
from workers.wire import Wire

#: An installation's own patience, where those of tests are in a hurry.
_UNHURRIED = {"sweep_seconds": 2, "poll_seconds": 300, "lease_seconds": 30, "doubt_seconds": 90}
#: What makes every call of an API slow.
_SLOW = {"salesforce": ("rest_slow", "cometd_hang"), "kashflow": ("slow",)}
_ACCOUNTS = 20
#: Its code in KashFlow.
FIRST_CUSTOMER = "LARK00"


class Office(Installation):
    """An installation whose customers are known on both sides already."""

    def customers_on_both_sides(self) -> list[str]:
        """Accounts that have been customers for long; their ids."""
        names = [f"Larkfield Ceramics {number} Ltd" for number in range(_ACCOUNTS)]
        accounts = self.create_many("Account", [{"Name": name} for name in names])
        rows = [self.add_customer(f"LARK{number:02}", name) for number, name in enumerate(names)]
        found = [
            LinkFound("customer", "Account", account, str(row["Id"]), str(row["Code"]))
            for account, row in zip(accounts, rows, strict=True)
        ]
        with self.ledger.writing() as connection:
            remember_links(connection, found, self.now())
        return accounts

    def open_deals(self, accounts: Sequence[str], count: int) -> list[str]:
        """Deals that nobody has won yet; their ids."""
        rows = [self.open_deal(account) for account in islice(cycle(accounts), count)]
        return self.create_many("Opportunity", rows)

    def listening_workers(self, count: int) -> None:
        """So many, all of them waiting for messages."""
        for _ in range(count):
            self.start("worker")
        with Redis.from_url(self.settings["redis_url"]) as redis:
            eventually(
                lambda: redis.info("clients")["blocked_clients"] >= count,
                STARTED_WITHIN,
                "workers that listen",
            )

    def backlog(self, accounts: Sequence[str], count: int) -> None:
        """Deals that were won while no worker was about, registered and announced as the stream would have done it."""
        rows = [self.open_deal(account, StageName=WON) for account in islice(cycle(accounts), count)]
        changes = [
            Change(
                source="salesforce",
                entity="Opportunity",
                record_id=deal,
                version="won",
                kind="updated",
                occurred_at=self.now(),
            )
            for deal in self.create_many("Opportunity", rows)
        ]
        flow = load().flow("opportunity_to_invoice")
        waiting = self.ledger.register(deliveries_of(changes, lambda _: [flow]), now=self.now())
        redis_url = self.settings["redis_url"]
        with (
            Redis.from_url(redis_url) as redis,
            make_app(broker_url=redis_url, queues=list(waiting), sweep_seconds=2) as app,
        ):
            Wire(app, redis).announce(waiting)

    def answers_late(self, seconds: float, *worlds: str) -> None:
        """Every call of these APIs takes so long from now on, a long poll until it is held."""
        for world in worlds or _SLOW:
            self.recover(world)
            for name in _SLOW[world]:
                self.fault(world, name, times=None, seconds=seconds)

    def commit(self, record_id: str, **fields: Any) -> None:
        """A person changes a record; to be called in the sandbox's own thread."""
        world = self.sandbox.salesforce
        with world.store.transaction(world.org.admin_id) as transaction:
            transaction.update(record_id, fields)

    def again_and_again(self, act: Callable[[int], None], rate: int, count: int) -> None:
        """Have `act(0)`, `act(1)` and so on called in the sandbox's thread, `rate` times a second, whatever becomes of them.
        Returns at once."""

        def plan() -> None:
            loop = asyncio.get_running_loop()
            begin = loop.time()
            for number in range(count):
                loop.call_at(begin + number / rate, act, number)

        self.sandbox.run(plan)

    def spent(self) -> Spent:
        """By our processes and both servers, not by the sandbox; the memory is that of one of ours."""
        ours = [process.pid for process in self.started]
        everybody = spent(child.pid for child in psutil.Process().children())
        return Spent(everybody.cpu_seconds, spent(ours).peak_mib)


@contextmanager
def office(**settings: Any) -> Iterator[Office]:
    """Everything but the processes, which the caller starts; what they printed is lost at the end."""
    # As PostgreSQL is shipped, durable and with its own memory settings.
    with (
        tempfile.TemporaryDirectory() as folder,
        PostgresServer(fsync=True, settings=("jit=off",)) as postgres,
        ValkeyServer() as valkey,
        Sandbox() as sandbox,
        redirect_stdout(io.StringIO()),
    ):
        chosen: dict[str, Any] = _UNHURRIED | {
            "ledger_url": postgres.fresh_database(),
            "redis_url": valkey.url,
            **settings,
        }
        with Office(sandbox, Path(folder), **chosen) as opened:
            opened.make_ledger()
            yield opened
