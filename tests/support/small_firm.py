"""Both small worlds, the real ledger, the real stream producer and the real spine between them, under one clock.

Nothing happens by itself: who acts, who dies at which moment and how much time passes is up to whoever tells the story.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import httpx
from sqlalchemy import delete, event, select

from canonical.change import Change
from connectors.budget import KASHFLOW, SALESFORCE, LocalBudget
from connectors.kashflow import KashFlowClient, Patience
from connectors.meter import Meter
from connectors.salesforce.streaming.source import Events
from ledger import dead_letters, operations
from ledger.database import open_engine
from ledger.deliveries import Waiting, deliveries_of
from ledger.endings import State
from ledger.tables import AttemptRow, CursorRow, DeliveryRow, IncidentRow, IntentRow, LinkRow
from mappings.book import Book
from mappings.context import Context
from mappings.digest import kashflow_digest
from producers.salesforce_stream import SalesforceStream
from tests.support.deaf_source import DeafSource
from tests.support.desk import shipped_book
from tests.support.ledger import TestClock
from tests.support.moments import Killed, Moments, WatchedLedger
from tests.support.scripted_kashflow import CREDENTIALS
from tests.support.small_kashflow import SmallKashFlow, SmallKashFlowTransport
from tests.support.small_salesforce import CHANNEL, WRITTEN_BACK, SmallSalesforce, Told
from workers import spine
from workers.desk import Desk
from workers.heart import Heart
from workers.rules import Rules

QUEUES = ("kashflow.invoice", "kashflow.customer", "salesforce.opportunity")
SalesforceOf = Callable[[Callable[[], datetime], Moments], SmallSalesforce]
_TABLES = (AttemptRow, DeliveryRow, LinkRow, IntentRow, CursorRow, IncidentRow)


class SmallFirm:
    """The people of both worlds, and every process of Kashforce as a method that runs once."""

    def __init__(
        self,
        open_ledger: Callable[[Moments], WatchedLedger],
        kashflow: KashFlowClient,
        transport: SmallKashFlowTransport,
        salesforce: SalesforceOf,
    ) -> None:
        self.clock = TestClock()
        self.moments = Moments()
        self.salesforce = salesforce(self.clock, self.moments)
        self.kashflow = transport.world = SmallKashFlow(self.clock, self.moments)
        self.ledger = open_ledger(self.moments)
        self._forget_everything()
        # Its Salesforce answers for deals alone, so that stories of invoices stay short: nobody keeps customers in step.
        shipped = shipped_book()
        one_way = tuple(flow for flow in shipped.flows if flow.pairing is None and not flow.passes_to)
        self.book = Book(shipped.mappings, one_way)
        #: Messages on the wire: what was announced and not read yet.
        self.messages: list[tuple[str, list[int]]] = []
        #: Changes that the producer was shown at least once.
        self.shown: set[Told] = set()
        self.desk = self._desk(kashflow)
        #: Never started: leases are renewed by no thread here, but by nobody at all.
        self.heart = Heart(self.ledger, self.desk.rules.lease_seconds, self.clock)
        self.stream = SalesforceStream(
            DeafSource(),
            [CHANNEL],
            ledger=self.ledger,
            book=self.book,
            announce=self._announce,
            clock=self.clock,
        )

    def _forget_everything(self) -> None:
        with self.ledger.writing() as connection:
            for table in _TABLES:
                connection.execute(delete(table))

    def _announce(self, waiting: Waiting) -> None:
        self.messages += waiting.items()

    def _desk(self, kashflow: KashFlowClient) -> Desk:
        def seconds() -> float:
            return self.clock().timestamp()

        return Desk(
            ledger=self.ledger,
            book=self.book,
            salesforce=self.salesforce,
            kashflow=kashflow,
            salesforce_meter=Meter("salesforce", LocalBudget(SALESFORCE, seconds), seconds),
            kashflow_meter=Meter("kashflow", LocalBudget(KASHFLOW, seconds), seconds),
            context=lambda: Context(
                vat_rates=frozenset({Decimal(0), Decimal(20)}), today=self.clock().date()
            ),
            fields=lambda entity: WRITTEN_BACK if entity == "Opportunity" else frozenset(),
            announce=self._announce,
            clock=self.clock,
            wait=lambda _: False,
            # One call at a time, so that a story is told the same way each time.
            rules=replace(Rules(), kashflow_side_by_side=1),
            rng=random.Random(7),
        )

    # -- producers ----------------------------------------------------------------------------------

    def hear(self, told: Sequence[Told]) -> None:
        """The stream brings these changes, in whatever order and however often."""
        if told:
            self.stream.hear(Events(CHANNEL, tuple(one.event() for one in told)))
            self.shown |= set(told)

    def look_at_invoices(self) -> None:
        """As the poll's walk does: what a delivery has not read of an invoice becomes a change."""
        rows = {str(row["Id"]): row for row in self.kashflow.invoices}
        newest = self.ledger.newest_deliveries("invoice_to_opportunity", rows)
        changes = []
        for record_id, row in rows.items():
            last = newest.get(record_id)
            if last is None or not last.covers(kashflow_digest("Invoice", row)):
                version = f"looked at {self.clock().isoformat()} after {last.id if last else 0}"
                changes.append(
                    Change(
                        source="kashflow", entity="Invoice", record_id=record_id, version=version,
                        kind="updated", occurred_at=self.clock(),
                    )
                )  # fmt: skip
        flow = self.book.flow("invoice_to_opportunity")
        self._announce(self.ledger.register(deliveries_of(changes, lambda _: [flow]), now=self.clock()))

    # -- workers ------------------------------------------------------------------------------------

    def work(self, queue: str, hinted: Sequence[int] = ()) -> int:
        """One worker takes one batch, if it lives; how many deliveries it claimed."""
        with suppress(Killed):
            return spine.run(self.desk, self.heart, queue, hinted).claimed
        return 0

    def sweep(self) -> None:
        self.ledger.expire_leases(now=self.clock())
        self._announce(
            self.ledger.find_unannounced(
                QUEUES, limit=50, now=self.clock(), resend_seconds=self.desk.rules.resend_seconds
            )
        )

    def replay(self, delivery_ids: Sequence[int]) -> None:
        """An operator lets these dead letters wait again."""
        with self.ledger.writing() as connection:
            operation = operations.begin(
                connection,
                verb="replay",
                who="kim",
                reason="mended",
                request={},
                planned=len(delivery_ids),
                now=self.clock(),
            )
            dead_letters.replay(connection, delivery_ids, operation.id, operation.told, self.clock())

    def dead(self) -> list[int]:
        with self.ledger.reading() as connection:
            wanted = select(DeliveryRow.id).where(DeliveryRow.state == State.DEAD).order_by(DeliveryRow.id)
            return list(connection.scalars(wanted))

    def queues_with_work(self) -> list[str]:
        """Where something waits and is due, though perhaps behind a lock."""
        with self.ledger.reading() as connection:
            due = select(DeliveryRow.queue).where(
                DeliveryRow.state == State.WAITING, DeliveryRow.due_at <= self.clock()
            )
            return sorted(set(connection.scalars(due)))

    def next_due(self) -> datetime | None:
        """The next moment at which an unfinished delivery falls due or the lease of a lost worker runs out; None when
        nothing is unfinished. One that is due already waits behind another one's lock."""
        with self.ledger.reading() as connection:
            unfinished = connection.execute(
                select(DeliveryRow.due_at, DeliveryRow.lease_until).where(
                    DeliveryRow.state.in_([State.WAITING, State.RUNNING])
                )
            ).all()
        moments = [row.lease_until or row.due_at for row in unfinished]
        ahead = [moment for moment in moments if moment > self.clock()]
        return min(ahead or moments, default=None)


@contextmanager
def small_firms(
    url: str,
    *,
    salesforce: SalesforceOf = SmallSalesforce,
    on_its_way: Callable[[httpx.Request, httpx.Response], httpx.Response] = lambda _, answer: answer,
) -> Iterator[Callable[[], SmallFirm]]:
    """Makes one firm after another on the same database and with the same client: both take long to open.

    `on_its_way` says what becomes of each answer of KashFlow.
    """
    engine = open_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _spare_the_disk)
    transport = SmallKashFlowTransport(on_its_way)
    patience = Patience(waits_seconds=(), sleep=lambda _: None)
    with KashFlowClient(
        "https://kashflow.test/v2", CREDENTIALS, transport=transport, patience=patience
    ) as kashflow:
        yield lambda: SmallFirm(lambda passed: WatchedLedger(engine, passed), kashflow, transport, salesforce)
    engine.dispose()


def _spare_the_disk(connection: Any, _record: object) -> None:
    """No machine loses its power here."""
    connection.execute("PRAGMA synchronous = OFF")
