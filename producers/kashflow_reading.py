"""Reads KashFlow's lists and records for the poll, out of the workers' budget and behind them. Compares nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from connectors.errors import QuotaSpent
from connectors.kashflow.client import KashFlowClient
from connectors.kashflow.reading import Row
from connectors.meter import NO_BUDGET, Meter
from producers.kashflow_resources import Resource

Answer = TypeVar("Answer")

#: Behind everything that a worker sends.
PRIORITY = 3
#: How long one call waits for the workers to leave room; a list that is given up has to be begun again.
MOST_SECONDS = 120.0
#: Where the budget names no time.
USUAL_SECONDS = 1.0


@dataclass(frozen=True)
class Listed:
    """A list as it was shown. `complete` is false when KashFlow counted more records than it showed (quirk 18)."""

    rows: Mapping[str, Row]
    complete: bool


class KashFlowReader:
    """`wait` rests for so many seconds, and answers true when it is time to stop. All calls may raise ConnectorError."""

    def __init__(self, client: KashFlowClient, meter: Meter, wait: Callable[[float], bool]) -> None:
        self._client = client
        self._meter = meter
        self._wait = wait

    def listed(self, resource: Resource, since: date) -> Listed:
        """The whole list, or what is dated from `since` on where it is read by window; by what tells its records apart.

        A row that does not say which it is makes the list incomplete.
        """
        identity, pages = resource.records.identity, resource.records.pages(self._client, since)
        rows: dict[str, Row] = {}
        total: int | None = None
        nameless = 0
        while page := self.call(lambda: next(pages, None)):
            total = page.total if page.total is not None else total
            named = {identity(row): row for row in page.rows}
            nameless += sum(1 for row in page.rows if not identity(row))
            rows |= {record_id: row for record_id, row in named.items() if record_id}
        return Listed(rows, complete=not nameless and (total is None or len(rows) >= total))

    def detail(self, resource: Resource, row: Mapping[str, Any]) -> Row:
        """The record behind a row of the list."""
        return self.detail_by_key(resource, resource.records.key(row))

    def detail_by_key(self, resource: Resource, key: str) -> Row:
        """The record at this address."""
        return self.call(lambda: resource.records.read(self._client, key))

    def newest_entry(self, days: tuple[str, str]) -> int:
        """The highest number in the audit report of these days, 0 when they have none."""
        return self.call(lambda: self._client.audit.newest(*days))

    def call(self, request: Callable[[], Answer]) -> Answer:
        """The answer, once the budget has room. Raises QuotaSpent when it had none for long, or it is time to stop."""
        waited = 0.0
        while True:
            try:
                return self._meter.call(request, priority=PRIORITY)
            except QuotaSpent as error:
                seconds = error.retry_after_seconds or USUAL_SECONDS
                waited += seconds
                if error.code != NO_BUDGET or waited > MOST_SECONDS or self._wait(seconds):
                    raise
