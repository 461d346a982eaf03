"""A worker's desk for tests of single steps: real clients of systems that are not there, so that any call shows."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from functools import cache

from pydantic import SecretStr

from connectors.budget import KASHFLOW, SALESFORCE, LocalBudget
from connectors.kashflow.client import KashFlowClient
from connectors.kashflow.credentials import KashFlowCredentials
from connectors.meter import Meter
from connectors.salesforce.oauth import fixed_token
from connectors.salesforce.rest import SalesforceClient
from ledger.ledger import Ledger
from mappings.book import Book, load
from mappings.context import Context
from tests.support.ledger import TestClock
from tests.support.ports import free_port
from workers.desk import Desk
from workers.rules import Rules


@cache
def shipped_book() -> Book:
    """The mappings as they are shipped, read once."""
    return load()


@contextmanager
def lonely_desk(ledger: Ledger, clock: TestClock, rules: Rules | None = None) -> Iterator[Desk]:
    """A desk with a real ledger and mappings, from which nobody can be reached."""

    def seconds() -> float:
        return clock().timestamp()

    nowhere = f"http://127.0.0.1:{free_port()}"
    with ExitStack() as open_:
        salesforce = open_.enter_context(SalesforceClient(fixed_token(nowhere, "a token")))
        kashflow = open_.enter_context(
            KashFlowClient(
                f"{nowhere}/v2", KashFlowCredentials("user", SecretStr("password"), SecretStr("memorable"))
            )
        )
        yield Desk(
            ledger=ledger,
            book=shipped_book(),
            salesforce=salesforce,
            kashflow=kashflow,
            salesforce_meter=Meter("salesforce", LocalBudget(SALESFORCE, seconds), seconds),
            kashflow_meter=Meter("kashflow", LocalBudget(KASHFLOW, seconds), seconds),
            context=lambda: Context(
                vat_rates=frozenset({Decimal(0), Decimal(5), Decimal(20)}), today=clock().date()
            ),
            fields=lambda _: frozenset(),
            announce=lambda _: None,
            wait=lambda _: False,
            clock=clock,
            rules=rules or Rules(),
            rng=random.Random(7),
        )
