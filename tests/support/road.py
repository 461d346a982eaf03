"""The whole road in one process: sandbox, producers, ledger and spine, real but for Celery and Redis."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr
from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased

from canonical.change import Change
from connectors.budget import KASHFLOW, SALESFORCE, LocalBudget
from connectors.kashflow.breaker import LoginBreaker
from connectors.kashflow.client import KashFlowClient
from connectors.kashflow.credentials import KashFlowCredentials
from connectors.kashflow.patience import Patience
from connectors.kashflow.payments import Way
from connectors.meter import Meter
from connectors.salesforce.oauth import client_credentials
from connectors.salesforce.rest import SalesforceClient
from connectors.salesforce.streaming.cometd import CometdSource
from connectors.salesforce.streaming.endpoint import salesforce_path
from ledger import schema
from ledger.deliveries import Delivery
from ledger.deliveries import deliveries_of as new_deliveries
from ledger.endings import LinkFound, State
from ledger.incidents import NotedIncident
from ledger.ledger import Ledger
from ledger.links import remember_links
from ledger.overview import attempts_of, count_unfinished, deliveries_of
from ledger.producing import Incident, open_incidents
from ledger.tables import DeliveryRow
from producers.kashflow_poll import KashFlowPoll, PollRules
from producers.kashflow_reading import KashFlowReader
from producers.salesforce_stream import SalesforceStream
from producers.salesforce_sweep import SalesforceSweep, SweepRules
from producers.sweep_page import Reader, SalesforceReader
from producers.sweep_round import Round
from sandbox.clock import Clock
from sandbox.server import Sandbox
from tests.support.desk import shipped_book
from tests.support.firm import Firm
from workers import spine
from workers.account import KashFlowAccount
from workers.desk import Desk
from workers.fields import SalesforceFields
from workers.heart import Heart
from workers.report import Report
from workers.rules import Rules

#: A Tuesday; British time is UTC then.
TODAY = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
CHANNEL = "/data/ChangeEvents"
#: Where the ledger keeps how far that channel was read.
CURSOR = f"salesforce_stream:{CHANNEL}"


class Road(Firm):
    """What a journey walks on. Time stands still unless the sandbox's clock is advanced."""

    def __init__(
        self, sandbox: Sandbox, ledger_url: str, open_: ExitStack, payments_way: Way = "invoice"
    ) -> None:
        super().__init__(sandbox)
        self.ledger_url = ledger_url
        self._open = open_
        self.ledger = Ledger.open(ledger_url)
        open_.callback(self.ledger.close)
        self.book = shipped_book()
        login = sandbox.announcement()
        self._tokens = client_credentials(
            login["salesforce"]["url"], login["salesforce"]["client_id"], login["salesforce"]["client_secret"]
        )
        self.salesforce = open_.enter_context(SalesforceClient(self._tokens))
        kashflow = login["kashflow"]
        self.breaker = LoginBreaker(clock=self._seconds)
        self.kashflow = open_.enter_context(
            KashFlowClient(
                kashflow["url"],
                KashFlowCredentials(
                    kashflow["username"],
                    SecretStr(kashflow["password"]),
                    SecretStr(kashflow["memorable_word"]),
                ),
                timeout_seconds=5,
                breaker=self.breaker,
                patience=Patience(waits_seconds=(0.2,), sleep=lambda _: None),
                payments_way=payments_way,
            )
        )
        self.desk = self._desk()
        self.queues = tuple(dict.fromkeys(flow.queue for flow in self.book.flows))
        self.heart = open_.enter_context(Heart(self.ledger, 30, self.now))
        self.hear_from_now_on()

    def _seconds(self) -> float:
        return self.now().timestamp()

    # -- Kashforce ----------------------------------------------------------------------------------

    def hear(self) -> None:
        """Let the stream producer read all that Salesforce has published."""
        source = CometdSource(salesforce_path("66.0"), self._tokens)
        producer = SalesforceStream(
            source, [CHANNEL], ledger=self.ledger, book=self.book, announce=lambda _: None, clock=self.now
        )
        if self.has_heard_all():
            return
        known = self.ledger.cursors([CURSOR])
        position = known[CURSOR].value if CURSOR in known else self._beginning
        for notice in source.listen({CHANNEL: position}):
            producer.hear(notice)
            if self.has_heard_all():
                return

    def begin_now(self) -> None:
        """Kashforce is started for the first time: what was there before is not told by any event."""
        self.hear_from_now_on()
        self.hear()
        self.sweep()
        self.look()

    def hear_from_now_on(self) -> None:
        """Whatever has happened so far is from before Kashforce began."""
        self._beginning = self.sandbox.run(self._newest_event) or "-2"

    def look(self) -> None:
        """Let the poll producer look at KashFlow's lists."""
        self.poller().look()

    def poller(self, rules: PollRules | None = None, reader: KashFlowReader | None = None) -> KashFlowPoll:
        """The producer that looks at KashFlow."""
        return KashFlowPoll(
            reader or KashFlowReader(self.kashflow, self.desk.kashflow_meter, lambda _: True),
            ledger=self.ledger,
            book=self.book,
            announce=lambda _: None,
            clock=self.now,
            rules=rules,
        )

    def sweep(self, rules: SweepRules | None = None) -> None:
        """Let the sweep do what is due."""
        self.sweeper(rules).turn()

    def sweeper(self, rules: SweepRules | None = None, reader: Reader | None = None) -> SalesforceSweep:
        """The producer that reads Salesforce again."""
        return SalesforceSweep(
            reader or SalesforceReader(self.salesforce, self.desk.salesforce_meter, self.desk.fields),
            ledger=self.ledger,
            book=self.book,
            announce=lambda _: None,
            clock=self.now,
            rules=rules,
        )

    def last_round(self, flow: str = "opportunity_to_invoice") -> Round:
        """How far the sweep has got with this flow."""
        name = f"salesforce_sweep:{flow}"
        return Round.from_cursor(self.ledger.cursors([name])[name])

    def swept_until(self, flow: str = "opportunity_to_invoice") -> datetime:
        """The end of the last round that was carried to its end."""
        last = self.last_round(flow)
        return last.until if last.done else last.begun

    def another_desk(self) -> Desk:
        """The desk of a second worker process: its own ledger connections, the same systems."""
        ledger = Ledger.open(self.ledger_url)
        self._open.callback(ledger.close)
        return replace(self.desk, ledger=ledger)

    def work_on(self, queue: str, desk: Desk | None = None, hinted: Sequence[int] = ()) -> Report:
        """Let one worker take one batch, as a message about these deliveries would."""
        return spine.run(desk or self.desk, self.heart, queue, hinted)

    def work(self, desk: Desk | None = None, rounds: int = 20) -> None:
        """Work on every queue until nothing is due any more."""
        for _ in range(rounds):
            if not sum(self.work_on(queue, desk).claimed for queue in self.queues_with_due()):
                return
        raise AssertionError(f"still not at rest after {rounds} rounds")

    def rest(self, within: timedelta = timedelta(hours=2)) -> None:
        """Work on, letting time pass to the moment when something is due again, until nothing is unfinished."""
        until = self.now() + within
        self.work()
        for _ in range(200):
            if not self.unfinished():
                return
            due_at = self._next_due()
            assert due_at <= until, f"still unfinished after {within}: {self._unfinished()}"
            # A second at least, as the sweeper leaves between two looks: a budget that frees one call at a time would
            # otherwise be spent on reading again what cannot be written yet.
            self.wait(max(1.0, (due_at - self.now()).total_seconds()) + 0.001)
            self.work()
        raise AssertionError(f"still unfinished after 200 looks: {self._unfinished()}")

    def catch_up(self) -> None:
        """Hear all there is, and work until nothing is unfinished. Our own writes are heard the next time."""
        self.hear()
        self.rest()

    def settle_down(self, rounds: int = 12) -> int:
        """Hear and look at all there is until both sides and Kashforce are at rest; how many rounds that took.

        Time passes between the rounds, as between two looks of the poll.
        """
        for number in range(rounds):
            before = self.written()
            self.hear()
            self.look()
            self.rest()
            self.wait(30)
            if self.has_heard_all() and not self.unfinished() and before == self.written() and number:
                return number
        raise AssertionError(f"still writing after {rounds} rounds")

    def wait(self, seconds: float) -> None:
        """Let the sandbox's time pass, and expired leases with it."""
        self.sandbox.worlds.clock.advance(seconds)
        self.ledger.expire_leases(now=self.now())

    def _rest(self, seconds: float) -> bool:
        """A worker waits: it keeps its leases, and nobody tells it to stop."""
        if seconds:
            self.sandbox.worlds.clock.advance(seconds)
        return False

    def link(self, found: Sequence[LinkFound]) -> None:
        """Pairs that Kashforce has known for long."""
        with self.ledger.writing() as connection:
            remember_links(connection, found, self.now())

    def requeue(self, entity: str, record_id: str, flow: str) -> None:
        """An operator has a record of KashFlow looked at again, without knowing its address."""
        change = Change(
            source="kashflow",
            entity=entity,
            record_id=record_id,
            version=f"again {self.now().isoformat()}",
            occurred_at=self.now(),
        )
        self.ledger.register(new_deliveries([change], lambda _: [self.book.flow(flow)]), now=self.now())

    def deliveries(self, record_id: str) -> list[Delivery]:
        with self.ledger.reading() as connection:
            return deliveries_of(connection, [record_id])

    def last(self, record_id: str, queue: str = "kashflow.invoice") -> Delivery:
        return [delivery for delivery in self.deliveries(record_id) if delivery.queue == queue][-1]

    def written_back(self, opportunity: str) -> Delivery:
        """The newest delivery of this Opportunity's invoice back to Salesforce."""
        (invoice,) = self.invoices(opportunity)
        return self.last(str(invoice["Id"]), "salesforce.opportunity")

    def story(self, record_id: str, queue: str = "kashflow.invoice") -> list[tuple[str, str]]:
        """(ending, note) of every attempt at the newest delivery of this record, oldest first."""
        with self.ledger.reading() as connection:
            return [
                (tried.ending, tried.note)
                for tried in attempts_of(connection, [self.last(record_id, queue).id])
            ]

    def incidents(self) -> list[Incident]:
        with self.ledger.reading() as connection:
            return open_incidents(connection)

    def noted(self, kind: str) -> list[NotedIncident]:
        """All incidents of this kind, closed ones too, newest first."""
        return [incident for incident in self.ledger.incidents() if incident.kind == kind]

    def unfinished(self) -> int:
        with self.ledger.reading() as connection:
            return count_unfinished(connection)

    def queues_with_due(self) -> list[str]:
        """The queues that have something to do; asking each of them in vain takes half the time of many a story."""
        waits = (DeliveryRow.state == State.WAITING, DeliveryRow.due_at <= self.now())
        with self.ledger.reading() as connection:
            waiting = set(connection.scalars(select(DeliveryRow.queue).where(*waits).distinct()))
        return [queue for queue in self.queues if queue in waiting]

    def _next_due(self) -> datetime:
        """When the first of the unfinished deliveries is due, or its lost worker's lease runs out."""
        due, lease, running = DeliveryRow.due_at, DeliveryRow.lease_until, aliased(DeliveryRow)
        free = ~exists().where(running.lock_key == DeliveryRow.lock_key, running.state == State.RUNNING)
        with self.ledger.reading() as connection:
            moments = [
                connection.scalar(select(func.min(due)).where(DeliveryRow.state == State.WAITING, free)),
                connection.scalar(select(func.min(lease)).where(DeliveryRow.state == State.RUNNING)),
            ]
        return min(moment for moment in moments if moment is not None)

    def _unfinished(self) -> list[tuple[str, str | None]]:
        with self.ledger.reading() as connection:
            rows = connection.execute(
                select(DeliveryRow.queue, DeliveryRow.reason_text).where(
                    DeliveryRow.state.in_([State.WAITING, State.RUNNING])
                )
            )
            return [(row.queue, row.reason_text) for row in rows]

    def has_heard_all(self) -> bool:
        """True when the cursor stands at the newest event."""
        stored = self.ledger.cursors([CURSOR])
        heard = stored[CURSOR].value if CURSOR in stored else self._beginning
        return heard == (self.sandbox.run(self._newest_event) or "-2")

    def _newest_event(self) -> str:
        log = self.sandbox.salesforce.events.log_of(CHANNEL)
        logged = list(log.after(0, self.now())) if log else []
        return str(logged[-1].replay_id) if logged else ""

    def _desk(self) -> Desk:
        salesforce_meter = Meter("salesforce", LocalBudget(SALESFORCE, self._seconds), self._seconds)
        kashflow_meter = Meter("kashflow", LocalBudget(KASHFLOW, self._seconds), self._seconds)
        return Desk(
            ledger=self.ledger,
            book=self.book,
            salesforce=self.salesforce,
            kashflow=self.kashflow,
            salesforce_meter=salesforce_meter,
            kashflow_meter=kashflow_meter,
            context=KashFlowAccount(self.kashflow, kashflow_meter, self.now, self.ledger).context,
            fields=SalesforceFields(self.salesforce, salesforce_meter, self.now).of,
            announce=lambda _: None,
            wait=self._rest,
            clock=self.now,
            rules=Rules(),
            rng=random.Random(7),
        )


@contextmanager
def road(sandbox: Sandbox, ledger_url: str, *, payments_way: Way = "invoice") -> Iterator[Road]:
    """Fresh worlds on the morning of TODAY, and a fresh ledger. The servers may have served other tests before.

    With `payments_way` "resource" the KashFlow has what the published one lacks.
    """

    def begin() -> None:
        sandbox.worlds.clock = Clock(frozen_at=TODAY)
        sandbox.worlds.payments_resource = payments_way == "resource"
        sandbox.worlds.reset()

    sandbox.run(begin)
    schema.upgrade(ledger_url)
    with ExitStack() as open_:
        yield Road(sandbox, ledger_url, open_, payments_way)
