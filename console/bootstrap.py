"""The one place that constructs: everything an installation needs, made from its settings when it is first asked for."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from types import TracebackType
from typing import Self

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from connectors.budget import KASHFLOW, SALESFORCE, Budget, BudgetRules, BurstRules
from connectors.kashflow.breaker import LoginBreaker
from connectors.kashflow.client import KashFlowClient
from connectors.kashflow.patience import HURRIED, PATIENT, Patience
from connectors.meter import MOST_SECONDS, Meter
from connectors.renewal import Renewal
from connectors.salesforce.oauth import TokenProvider
from connectors.salesforce.rest import LimitInfo, SalesforceClient
from connectors.salesforce.streaming.cometd import CometdSource
from connectors.salesforce.streaming.endpoint import salesforce_path
from console.budgets import shared_budget
from console.embedded import EmbeddedRedis
from console.logins import RedisMemory, kashflow_credentials, salesforce_tokens
from console.settings import BadSettings, Settings
from ledger import schema
from ledger.database import open_engine
from ledger.ledger import Ledger
from ledger.producing import Lease
from mappings.book import Book, load
from producers.kashflow_poll import KashFlowPoll, PollRules
from producers.kashflow_reading import KashFlowReader
from producers.salesforce_sweep import SalesforceSweep, SweepRules
from producers.sweep_page import SalesforceReader
from workers.account import KashFlowAccount
from workers.app import App, make_app
from workers.desk import Desk
from workers.fields import SalesforceFields
from workers.rules import Rules
from workers.targets import target_of
from workers.wire import Wire

#: How often the budget hears what Salesforce says of the day's calls.
TELL_SECONDS = 1.0


def utc_now() -> datetime:
    return datetime.now(UTC)


def _connections(settings: Settings) -> int:
    """So many statements at a time: one of each batch, and an intent right before each call to KashFlow. A connection more is
    closed after each use, and would be opened again and again."""
    return settings.worker_threads + settings.kashflow_calls_at_a_time


class House:
    """One process's share of an installation. Nothing is opened before it is asked for; leaving the `with` closes all.

    Asking may raise BadSettings, BadLedgerUrl, BookRefused or SchemaOutOfDate, each with its remedy.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._open.close()

    @cached_property
    def book(self) -> Book:
        book = load(self.settings.mappings_dir)
        for flow in book.flows:
            target_of(flow)
        return book

    @cached_property
    def ledger(self) -> Ledger:
        engine = open_engine(self.settings.ledger, pool_size=_connections(self.settings))
        self._open.callback(engine.dispose)
        schema.check(engine)
        return Ledger(engine, self.settings.ceiling)

    @cached_property
    def redis_url(self) -> str:
        url = (
            self.settings.redis_url.get_secret_value() or EmbeddedRedis(self.settings.state_dir).running_url()
        )
        if not url:
            raise BadSettings(
                "no Redis: set KASHFORCE_REDIS_URL, or start 'kashforce up', which brings its own and keeps it "
                f"in {self.settings.state_dir}"
            )
        return url

    @cached_property
    def redis(self) -> Redis:
        # Short times and no retries: whoever asks has something better to do while Redis is away.
        client = Redis.from_url(
            self.redis_url, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0)
        )
        self._open.callback(client.close)
        return client

    @cached_property
    def tokens(self) -> TokenProvider:
        return salesforce_tokens(self.settings)

    @cached_property
    def salesforce_budget(self) -> Budget:
        rate = self.settings.salesforce_calls_per_second
        rules = replace(SALESFORCE, burst=BurstRules(calls_per_second=rate, bucket=2 * rate))
        return self._budget("salesforce", rules)

    @cached_property
    def kashflow_budget(self) -> Budget:
        most = self.settings.kashflow_calls_at_a_time
        rules = replace(KASHFLOW, concurrency=replace(KASHFLOW.concurrency, most=most))
        return self._budget("kashflow", rules)

    def _budget(self, name: str, rules: BudgetRules) -> Budget:
        lease_seconds = self.settings.lease_seconds
        budget = shared_budget(self.redis, name, rules, lease_seconds)
        self._open.enter_context(Renewal(budget.renew, lease_seconds))
        return budget

    @cached_property
    def salesforce(self) -> SalesforceClient:
        budget, told_at = self.salesforce_budget, -math.inf

        def tell(limit: LimitInfo) -> None:
            # Every reply says it, and to pass it on costs a round trip; our own calls are counted in between.
            nonlocal told_at
            if time.monotonic() - told_at >= TELL_SECONDS:
                told_at = time.monotonic()
                budget.observe_usage(limit.used, limit.allowed)

        client = SalesforceClient(
            self.tokens, api_version=self.settings.salesforce_api_version, on_limit=tell
        )
        self._open.callback(client.close)
        return client

    def kashflow_client(self, patience: Patience = HURRIED) -> KashFlowClient:
        settings = self.settings
        breaker = LoginBreaker(RedisMemory(self.redis), trial_seconds=settings.lease_seconds)
        self._open.enter_context(Renewal(breaker.renew, settings.lease_seconds))
        credentials = kashflow_credentials(settings)
        client = KashFlowClient(
            settings.kashflow_url,
            credentials,
            breaker=breaker,
            patience=patience,
            payments_way=settings.kashflow_payments,
        )
        self._open.callback(client.close)
        return client

    def event_source(self) -> CometdSource:
        return CometdSource(salesforce_path(self.settings.salesforce_api_version), self.tokens)

    @cached_property
    def app(self) -> App:
        return make_app(
            broker_url=self.redis_url, queues=self.queues, sweep_seconds=self.settings.sweep_seconds
        )

    @cached_property
    def wire(self) -> Wire:
        return Wire(self.app, self.redis)

    def desk(
        self,
        wait: Callable[[float], bool],
        behind: int | None = None,
        most_seconds: float = MOST_SECONDS,
    ) -> Desk:
        """A worker's; `wait` rests, and answers true when it is time to stop.

        With `behind`, a priority, that of somebody who has time: no call is more urgent than that, and each waits for room,
        `most_seconds` at most.
        """
        kashflow = self.kashflow_client()
        kashflow_meter = Meter("kashflow", self.kashflow_budget)
        salesforce_meter = Meter("salesforce", self.salesforce_budget)
        if behind is not None:
            most_calls = self.settings.kashflow_calls_at_a_time
            kashflow_meter = kashflow_meter.patiently(wait, behind, most_seconds, most_calls)
            salesforce_meter = salesforce_meter.patiently(
                wait, behind, most_seconds, SALESFORCE.concurrency.most
            )
        return Desk(
            ledger=self.ledger,
            book=self.book,
            salesforce=self.salesforce,
            kashflow=kashflow,
            salesforce_meter=salesforce_meter,
            kashflow_meter=kashflow_meter,
            fields=SalesforceFields(self.salesforce, salesforce_meter, utc_now).of,
            context=KashFlowAccount(kashflow, kashflow_meter, utc_now, self.ledger).context,
            announce=self.wire.announce,
            wait=wait,
            clock=utc_now,
            rules=self.rules,
        )

    def poller(self, wait: Callable[[float], bool], lease: Callable[[], Lease]) -> KashFlowPoll:
        """The producer that looks at KashFlow; `wait` rests, and answers true when it is time to stop."""
        client = self.kashflow_client(PATIENT)
        return KashFlowPoll(
            KashFlowReader(client, Meter("kashflow", self.kashflow_budget), wait),
            ledger=self.ledger,
            book=self.book,
            announce=self.wire.announce,
            clock=utc_now,
            lease=lease,
            rules=PollRules(
                details_seconds=self.settings.kashflow_details_seconds,
                uses_audit=self.settings.kashflow_audit,
                window_days=self.settings.kashflow_bank_days,
            ),
        )

    def sweeper(self, lease: Callable[[], Lease]) -> SalesforceSweep:
        """The producer that reads Salesforce again. Raises BadSettings for an object that no flow starts from."""
        settings, meter = self.settings, Meter("salesforce", self.salesforce_budget)
        known = {flow.source_entity for flow in self.book.flows if flow.source == "salesforce"}
        unknown = sorted(set(settings.salesforce_swept) - known)
        if unknown:
            raise BadSettings(
                f"KASHFORCE_SALESFORCE_SWEPT names {', '.join(unknown)}, and no flow starts from that; "
                f"there are flows from {', '.join(sorted(known))}"
            )
        return SalesforceSweep(
            SalesforceReader(self.salesforce, meter, SalesforceFields(self.salesforce, meter, utc_now).of),
            ledger=self.ledger,
            book=self.book,
            announce=self.wire.announce,
            clock=utc_now,
            lease=lease,
            rules=SweepRules(
                seconds=settings.salesforce_sweep_seconds,
                swept_only=frozenset(settings.salesforce_swept),
                swept_only_seconds=settings.poll_seconds,
            ),
        )

    @cached_property
    def rules(self) -> Rules:
        return replace(
            Rules(),
            lease_seconds=self.settings.lease_seconds,
            doubt_seconds=self.settings.doubt_seconds,
            keep_seconds=self.settings.keep_days * 86_400,
        )

    @property
    def queues(self) -> tuple[str, ...]:
        """The delivery queues, each once, in the order of the flows."""
        return tuple(dict.fromkeys(flow.queue for flow in self.book.flows))
