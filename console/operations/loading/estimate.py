"""What a load takes before it is begun: records, calls by system, time, and its share of Salesforce's day. Writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from connectors.budget import KASHFLOW, SALESFORCE
from console.operations.cost import Calls, cost
from console.operations.loading.meaning import Load
from console.operations.loading.sources import absent, records_of
from console.operations.plain import in_words
from ledger.deliveries import LAST
from mappings.book import Book
from workers.desk import Desk
from workers.ways import Pace, by_query, by_query_job, query_job_pays

#: No figure is published (reference kashflow.md section 2.8); one call of several looks of an accounting system.
KASHFLOW_CALL_SECONDS = 0.7
#: Rows in one page of KashFlow's lists.
LISTED_ROWS = 100


@dataclass(frozen=True)
class Estimate:
    """At the most: a record that is delivered as it is costs less, and one that nobody wants next to nothing."""

    load: str
    #: How many records each flow may concern.
    records: Mapping[str, int]
    #: Flows for which the org lacks an object, each with the sentence that says so.
    left_out: Mapping[str, str]
    calls: Calls
    seconds: float
    #: Of the calls that Salesforce allows in a day; a load may use `usable_share` of them.
    share_of_day: float
    usable_share: float

    @property
    def count(self) -> int:
        return sum(self.records.values())

    @property
    def in_words(self) -> str:
        """Such as `2,000 of customer from salesforce: up to … calls …, about 20 min, 3 % of Salesforce's calls of a day`."""
        text = (
            f"{self.count:,} of {self.load}: {self.calls.in_words}, about {in_words(self.seconds)}, "
            f"{self.share_of_day:.1%} of Salesforce's calls of a day (a load may use {self.usable_share:.0%})"
        )
        return "; ".join([text, *(f"{name} is left out: {why}" for name, why in self.left_out.items())])


def estimate(desk: Desk, load: Load, calls_a_day: int | None) -> Estimate:
    """Asks the source how many records there are; `calls_a_day` are what Salesforce allows, None where it never said.

    May raise ConnectorError and NoWindow. `desk` is a patient one.
    """
    daily = SALESFORCE.daily
    assert daily is not None, "Salesforce has a daily limit"  # noqa: S101
    records = records_of(desk, load.source)
    left_out = {flow.name: why for flow in load.flows if (why := absent(desk, flow))}
    counts = {flow.name: records.count(flow, load.since) for flow in load.flows if flow.name not in left_out}
    calls = _reading(load, counts, desk.rules.pace) + cost(desk.book, _with_needs(desk.book, counts))
    day, share = calls_a_day or daily.allowed, daily.share(LAST)
    return Estimate(
        load.in_words,
        counts,
        left_out,
        calls,
        _seconds(calls, day * share, desk.rules.pace),
        calls.salesforce / day,
        share,
    )


def _reading(load: Load, counts: Mapping[str, int], pace: Pace) -> Calls:
    """Counted twice, now and when it is begun; then the ids or the list."""
    total = Calls()
    for rows in counts.values():
        if load.source == "salesforce":
            way = by_query_job if query_job_pays(rows, pace) else by_query
            total += Calls(salesforce=2 + way(rows, pace).calls)
        else:
            total += Calls(kashflow=1 + -(-rows // LISTED_ROWS))
    return total


def _with_needs(book: Book, counts: Mapping[str, int]) -> Counter[str]:
    """Every invoice may be the first one of its customer."""
    whole = Counter(counts)
    for name, count in counts.items():
        if needs := book.flow(name).needs:
            whole[needs] += count
    return whole


def _seconds(calls: Calls, usable_a_day: float, pace: Pace) -> float:
    """The slower of the two systems, by what their budgets let through; the share of a day may be the limit."""
    burst, concurrency = SALESFORCE.burst, SALESFORCE.concurrency
    rate = concurrency.most / pace.call_seconds
    rate = min(rate, burst.calls_per_second) if burst else rate
    whole_days = calls.salesforce // max(1.0, usable_a_day)
    return max(
        calls.kashflow * KASHFLOW_CALL_SECONDS / KASHFLOW.concurrency.most,
        calls.salesforce / rate,
        whole_days * 86_400.0,
    )
