"""What the mappings have to know of the KashFlow account, read from it and kept for a while."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from connectors.kashflow.client import KashFlowClient
from connectors.meter import Meter
from ledger.ledger import Ledger
from mappings.context import Context
from workers.given import GivenTables

#: A VAT rate that is set up in KashFlow counts here at the latest after this.
KEPT = timedelta(minutes=5)
#: KashFlow's dates are UK civil dates (reference kashflow.md section 2.2).
UK = ZoneInfo("Europe/London")


class KashFlowAccount:
    """Gives the Context of a batch. Safe to share between threads; one of them asks, the others wait for it."""

    def __init__(
        self, client: KashFlowClient, meter: Meter, clock: Callable[[], datetime], ledger: Ledger
    ) -> None:
        self._tables = GivenTables(ledger, client, meter, clock).tables()
        self._client = client
        self._meter = meter
        self._clock = clock
        self._lock = threading.Lock()
        self._rates: frozenset[Decimal] = frozenset()
        self._read_at: datetime | None = None

    def context(self) -> Context:
        """May call KashFlow; raises ConnectorError when it has to and cannot."""
        now = self._clock()
        with self._lock:
            if self._read_at is None or now - self._read_at >= KEPT:
                self._rates = frozenset(self._meter.call(self._client.vat_rates, priority=0))
                self._read_at = now
        return Context(vat_rates=self._rates, today=now.astimezone(UK).date(), tables=self._tables)
