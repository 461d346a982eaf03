"""The KashFlow client: puts session, wire and resources together. The one thing callers construct."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from types import TracebackType
from typing import Literal, Self

import httpx

from connectors.kashflow import bank, paging, payments, resources
from connectors.kashflow.address import checked_base_url, is_loopback
from connectors.kashflow.breaker import LoginBreaker
from connectors.kashflow.credentials import KashFlowCredentials
from connectors.kashflow.patience import HURRIED, Patience
from connectors.kashflow.reading import Page, Row, read_row
from connectors.kashflow.session import KashFlowSession
from connectors.kashflow.wire import Params, Wire
from connectors.tls import trusted

_MOST_CONNECTIONS = 16
_CONNECT_SECONDS = 10.0


class KashFlowClient:
    """KashFlow REST v2 under one user's session; for up to 16 threads. Opens nothing before the first call.

    `base_url` ends in `/v2`. `timeout_seconds` bounds each silence of the server, not the whole answer: big
    accounts answer slowly (reference section 2.8). `clock` tells seconds that never run backwards. `breaker`
    is shared by all clients of the same user; without one, this client has its own. `payments_way` is how payments
    are added.
    Raises ValueError for an address that may not be used; every call may raise any ConnectorError.
    """

    def __init__(
        self,
        base_url: str,
        credentials: KashFlowCredentials,
        *,
        transport: httpx.BaseTransport | None = None,
        timeout_seconds: float = 60,
        clock: Callable[[], float] = time.monotonic,
        breaker: LoginBreaker | None = None,
        patience: Patience = HURRIED,
        payments_way: payments.Way = "invoice",
    ) -> None:
        url = checked_base_url(base_url)
        session = KashFlowSession(
            url,
            credentials,
            LoginBreaker() if breaker is None else breaker,
            clock=clock,
            wait_seconds=timeout_seconds,
        )
        # A proxy of the environment cannot reach our own loopback.
        by_environment = not is_loopback(httpx.URL(url).host)
        self._http = httpx.Client(
            base_url=url,
            auth=session,
            transport=transport,
            timeout=httpx.Timeout(timeout_seconds, connect=min(_CONNECT_SECONDS, timeout_seconds)),
            limits=httpx.Limits(max_connections=_MOST_CONNECTIONS),
            headers={"Accept": "application/json"},
            verify=trusted(by_environment=by_environment),
            trust_env=by_environment,
        )
        self._wire = Wire(self._http, patience)
        self.customers = resources.Customers(self._wire)
        self.suppliers = resources.Suppliers(self._wire)
        self.projects = resources.Projects(self._wire)
        self.invoices = resources.Invoices(self._wire)
        self.purchases = resources.Purchases(self._wire)
        self.products = resources.Products(self._wire)
        self.nominals = resources.Nominals(self._wire)
        self.bank_accounts = resources.BankAccounts(self._wire)
        self.payments = payments.payments_by(payments_way, self._wire)
        self.bank_transactions = bank.BankTransactions(self._wire)
        self.audit = resources.AuditReport(self._wire)

    def payment_methods(self, kind: Literal["invoice", "purchase"]) -> tuple[Row, ...]:
        """`Id` and `Name` of each payment method of this account."""
        return resources.payment_methods(self._wire, kind)

    def vat_rates(self) -> tuple[Decimal, ...]:
        """The VAT percentages that this account knows, ascending."""
        return resources.vat_rates(self._wire)

    def metadata(self) -> Row:
        """The account's counters: one cheap call that also shows that login and permission work."""
        return read_row(self._wire.read("metadata"), of="metadata")

    def pages(self, path: str, params: Params | None = None) -> Iterator[Page]:
        """Any other list, page by page; `path` is relative to the base address."""
        return paging.pages(self._wire, path, params or {})

    def walk(self, path: str, params: Params | None = None) -> paging.Walk:
        """Any other list as a whole."""
        return paging.walk(self._wire, path, params or {})

    def close(self) -> None:
        """Close the connections. KashFlow ends the session itself after its idle time."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
