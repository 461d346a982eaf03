"""From a won stage to the invoice number on the Opportunity, against the round trips that nobody can do without.

Deals are won at a fixed rate, whether or not those before have got their number; both moments are taken inside the
sandbox. The limit is measured in the same run, by plain clients of the same sandbox with the same latency.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from statistics import median

from bench.figures import Effort, Figure
from bench.office import Office, office
from bench.round_trips import calling, hearing
from bench.spent import Spent
from sandbox.salesforce.commits import Commit
from tests.support.firm import WON
from tests.support.installation import eventually

TITLE = "From a won stage to the invoice number on the Opportunity"

MEDIAN_AT_MOST, P99_AT_MOST = 1.5, 3.0
#: Instead of four: 20 deals a second with 200 ms a call would need all four without a gap.
CALLS_AT_A_TIME = 8
#: The rate that has floors.
JUDGED = 20
_LATENCIES = (0.05, 0.2)
_ARRIVES_WITHIN = 60.0


def measure(effort: Effort) -> Iterable[Figure]:
    # With 50 ms it is our own work that counts, and a second of another program's shows: that takes longer rounds.
    latencies = _LATENCIES[1:] if effort.quick else _LATENCIES
    rates = {JUDGED: 1} if effort.quick else {1: 5, JUDGED: 10, 50: 3}
    # The window of calls side by side has grown then, and what is read once has been read.
    warm_up = JUDGED * effort.of(3, 2)
    with office(kashflow_calls_at_a_time=CALLS_AT_A_TIME) as firm:
        counts = [rate * seconds * effort.rounds for rate, seconds in rates.items()]
        each = warm_up + sum(counts) + 1
        # Before anybody listens: that a deal was opened is no news here.
        watch = _Watch(firm, firm.open_deals(firm.customers_on_both_sides(), len(latencies) * each))
        for name in ("worker", "beat", "stream"):
            firm.start(name)
        firm.started[-1].has_printed("subscribed")
        for latency in latencies:
            firm.answers_late(latency)
            (deal,) = watch.take(1)
            calls = calling(firm, deal, tries=effort.of(9, 3))
            watch.win(JUDGED, warm_up)
            for rate, seconds in rates.items():
                limit = calls + hearing(firm, deal, rate, count=rate * effort.of(3, 1))
                yield from _figures(watch, rate, latency, limit, seconds, effort.rounds)


def _figures(
    watch: _Watch, rate: int, latency: float, limit: float, seconds: int, rounds: int
) -> Iterator[Figure]:
    """One run without a pause, cut into rounds."""
    before = watch.firm.spent()
    waits = watch.win(rate, rounds * seconds * rate)
    used = watch.firm.spent().since(before)
    size = len(waits) // rounds
    parts = [sorted(waits[start : start + size]) for start in range(0, len(waits), size)]
    name = f"{rate} a second, {latency * 1000:.0f} ms"
    yield _figure(
        name, "p50", [median(part) for part in parts], limit, used, len(waits), rate, MEDIAN_AT_MOST
    )
    yield _figure(name, "p99", [_p99(part) for part in parts], limit, used, len(waits), rate, P99_AT_MOST)


def _figure(
    name: str,
    which: str,
    values: Sequence[float],
    limit: float,
    used: Spent,
    changes: int,
    rate: int,
    most: float,
) -> Figure:
    return Figure(
        name=f"{which} at {name}",
        unit="of the limit",
        rounds=tuple(value / limit for value in values),
        at_most=most if rate == JUDGED else None,
        cpu_microseconds=1e6 * used.cpu_seconds / changes,
        peak_mib=used.peak_mib,
        note=f"{median(values) * 1000:.0f} ms, limit {limit * 1000:.0f} ms",
    )


def _p99(ordered: Sequence[float]) -> float:
    """The largest where there are fewer than a hundred."""
    return ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]


class _Watch:
    """Wins deals, and sees when each was won and when it showed a number; all inside the sandbox."""

    def __init__(self, firm: Office, deals: Sequence[str]) -> None:
        self.firm = firm
        self._open = iter(deals)
        self._won: dict[str, float] = {}
        self._shown: dict[str, float] = {}
        firm.sandbox.run(lambda: firm.sandbox.salesforce.store.on_commit(self._see))

    def take(self, count: int) -> list[str]:
        """Deals that are open yet, each given once."""
        return list(islice(self._open, count))

    def win(self, rate: int, count: int) -> list[float]:
        """Win so many deals at this rate; the seconds that each took, in their order, when the last one has its number."""
        deals = self.take(count)
        self.firm.again_and_again(lambda number: self.firm.commit(deals[number], StageName=WON), rate, count)
        within = count / rate + _ARRIVES_WITHIN
        eventually(lambda: self._shown.keys() >= set(deals), within, "every deal shows a number")
        return [self._shown[deal] - self._won[deal] for deal in deals]

    def _see(self, commit: Commit) -> None:
        now = time.perf_counter()
        for change in commit.changes:
            if change.entity == "Opportunity" and change.after is not None:
                if change.after["StageName"] == WON:
                    self._won.setdefault(change.record_id, now)
                if change.after["KashFlow_Invoice_Number__c"]:
                    self._shown.setdefault(change.record_id, now)
