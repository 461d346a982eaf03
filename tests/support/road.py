"""The whole road in one process: sandbox, producers, ledger and spine, real but for Celery and Redis."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from connectors.budget import KASHFLOW, SALESFORCE, LocalBudget
from connectors.kashflow.client import KashFlowClient
from connectors.kashflow.credentials import KashFlowCredentials
from connectors.meter import Meter
from connectors.salesforce.oauth import client_credentials
from connectors.salesforce.rest import SalesforceClient
from connectors.salesforce.streaming.cometd import CometdSource
from connectors.salesforce.streaming.endpoint import salesforce_path
from ledger import schema
from ledger.deliveries import Delivery
from ledger.ledger import Ledger
from ledger.overview import count_unfinished, deliveries_of
from mappings.book import load
from producers.kashflow_poll import KashFlowPoll
from producers.salesforce_stream import SalesforceStream
from sandbox.clock import Clock
from sandbox.faults import Fault
from sandbox.server import Sandbox
from workers import spine
from workers.account import KashFlowAccount
from workers.desk import Desk
from workers.fields import SalesforceFields
from workers.heart import Heart
from workers.rules import Rules

#: A Tuesday; British time is UTC then.
TODAY = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
CHANNEL = "/data/ChangeEvents"
WON = "Closed Won"

Row = Mapping[str, Any]


class Road:
    """What a journey walks on. Time stands still unless the sandbox's clock is advanced."""

    def __init__(self, sandbox: Sandbox, ledger: Ledger, open_: ExitStack) -> None:
        self.sandbox = sandbox
        self.ledger = ledger
        self.book = load()
        login = sandbox.announcement()
        self._tokens = client_credentials(
            login["salesforce"]["url"], login["salesforce"]["client_id"], login["salesforce"]["client_secret"]
        )
        self.salesforce = open_.enter_context(SalesforceClient(self._tokens))
        kashflow = login["kashflow"]
        self.kashflow = open_.enter_context(
            KashFlowClient(
                kashflow["url"],
                KashFlowCredentials(
                    kashflow["username"],
                    SecretStr(kashflow["password"]),
                    SecretStr(kashflow["memorable_word"]),
                ),
                timeout_seconds=5,
            )
        )
        self.desk = self._desk()
        self._heart = open_.enter_context(Heart(ledger, 30, self.now))

    def now(self) -> datetime:
        return self.sandbox.worlds.clock.now()

    # -- Salesforce as its people use it ------------------------------------------------------------

    def create(self, entity: str, **fields: Any) -> str:
        """A person makes a record; its id."""

        def work() -> str:
            world = self.sandbox.salesforce
            with world.store.transaction(world.org.admin_id) as tx:
                return tx.create(entity, fields)

        return self.sandbox.run(work)

    def change(self, record_id: str, **fields: Any) -> None:
        def work() -> None:
            world = self.sandbox.salesforce
            with world.store.transaction(world.org.admin_id) as tx:
                tx.update(record_id, fields)

        self.sandbox.run(work)

    def record(self, record_id: str) -> Row:
        row = self.sandbox.run(lambda: self.sandbox.salesforce.store.row(record_id))
        assert row is not None, f"{record_id} is gone"
        return row

    def deal(self, account_id: str, amount: Any = "1200.00", **fields: Any) -> str:
        """An open Opportunity."""
        values = {
            "Name": "Office refit",
            "StageName": "Proposal/Price Quote",
            "CloseDate": self.now().date().isoformat(),
            "AccountId": account_id,
            "Amount": amount,
        }
        return self.create("Opportunity", **{**values, **fields})

    def win(self, *opportunities: str) -> None:
        """Close them as won, all in one transaction and so in the same second."""

        def work() -> None:
            world = self.sandbox.salesforce
            with world.store.transaction(world.org.admin_id) as tx:
                for opportunity in opportunities:
                    tx.update(opportunity, {"StageName": WON})

        self.sandbox.run(work)

    # -- KashFlow as it stands ----------------------------------------------------------------------

    def invoices(self, reference: str = "") -> list[Row]:
        """Invoices as they stand in KashFlow, by our stamp; all that carry one of ours when none is named."""
        rows = self.sandbox.run(lambda: self.sandbox.kashflow.state())["invoices"]
        wanted = [row for row in rows if str(row.get("CustomerReference") or "").startswith("SF-")]
        return [row for row in wanted if not reference or row["CustomerReference"] == f"SF-{reference}"]

    def customers(self, name: str) -> list[Row]:
        rows = self.sandbox.run(lambda: self.sandbox.kashflow.state())["customers"]
        return [row for row in rows if row["Name"] == name]

    # -- Kashforce ----------------------------------------------------------------------------------

    def hear(self) -> None:
        """Let the stream producer read all that Salesforce has published."""
        source = CometdSource(salesforce_path("66.0"), self._tokens)
        producer = SalesforceStream(
            source, [CHANNEL], ledger=self.ledger, book=self.book, announce=lambda _: None, clock=self.now
        )
        name = f"salesforce_stream:{CHANNEL}"
        if self._has_heard_all(name):
            return
        known = self.ledger.cursors([name])
        position = known[name].value if name in known else "-2"
        for notice in source.listen({CHANNEL: position}):
            producer.hear(notice)
            if self._has_heard_all(name):
                return

    def look(self) -> None:
        """Let the poll producer look at KashFlow's lists."""
        KashFlowPoll(
            self.kashflow,
            self.desk.kashflow_meter,
            ledger=self.ledger,
            book=self.book,
            announce=lambda _: None,
            clock=self.now,
        ).look()

    def work(self, rounds: int = 20) -> None:
        """Work on every queue until nothing is due any more."""
        queues = list(dict.fromkeys(flow.queue for flow in self.book.flows))
        for _ in range(rounds):
            if not sum(spine.run(self.desk, self._heart, queue, []).claimed for queue in queues):
                return
        raise AssertionError(f"still not at rest after {rounds} rounds")

    def catch_up(self) -> None:
        """Hear and work until neither brings anything new: our own writes come back as events too."""
        self.hear()
        self.work()
        self.hear()
        self.work()

    def wait(self, seconds: float) -> None:
        """Let the sandbox's time pass, and expired leases with it."""
        self.sandbox.worlds.clock.advance(seconds)
        self.ledger.expire_leases(now=self.now())

    def fault(
        self,
        world: str,
        name: str,
        times: int | None = 1,
        match: Mapping[str, Any] | None = None,
        **params: Any,
    ) -> None:
        faults = self.sandbox.salesforce.faults if world == "salesforce" else self.sandbox.kashflow.faults
        fault = Fault(name, times, match=match or {}, params=params)
        self.sandbox.run(lambda: faults.declare(fault))

    def deliveries(self, record_id: str) -> list[Delivery]:
        with self.ledger.reading() as connection:
            return deliveries_of(connection, [record_id])

    def last(self, record_id: str, queue: str = "kashflow.invoice") -> Delivery:
        return [delivery for delivery in self.deliveries(record_id) if delivery.queue == queue][-1]

    def unfinished(self) -> int:
        with self.ledger.reading() as connection:
            return count_unfinished(connection)

    def _has_heard_all(self, name: str) -> bool:
        stored = self.ledger.cursors([name])
        return (stored[name].value if name in stored else "") == self.sandbox.run(self._newest_event)

    def _newest_event(self) -> str:
        log = self.sandbox.salesforce.events.log_of(CHANNEL)
        logged = list(log.after(0, self.now())) if log else []
        return str(logged[-1].replay_id) if logged else ""

    def _desk(self) -> Desk:
        salesforce_meter = Meter("salesforce", LocalBudget(SALESFORCE, time.time))
        kashflow_meter = Meter("kashflow", LocalBudget(KASHFLOW, time.time))
        return Desk(
            ledger=self.ledger,
            book=self.book,
            salesforce=self.salesforce,
            kashflow=self.kashflow,
            salesforce_meter=salesforce_meter,
            kashflow_meter=kashflow_meter,
            context=KashFlowAccount(self.kashflow, kashflow_meter, self.now).context,
            fields=SalesforceFields(self.salesforce, salesforce_meter, self.now).of,
            announce=lambda _: None,
            clock=self.now,
            rules=Rules(),
            rng=random.Random(7),
        )


@contextmanager
def road(ledger_url: str, seed: int = 1) -> Iterator[Road]:
    """A fresh sandbox and a fresh ledger."""
    schema.upgrade(ledger_url)
    with ExitStack() as open_:
        sandbox = open_.enter_context(Sandbox(seed=seed, clock=Clock(frozen_at=TODAY)))
        ledger = Ledger.open(ledger_url)
        open_.callback(ledger.close)
        yield Road(sandbox, ledger, open_)
