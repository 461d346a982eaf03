"""A backlog of won deals while KashFlow takes 300 ms for each call: what is got through, against what it lets through.

The limit is the calls side by side that the budget grants all workers together, divided by the time of one call as a plain
client measures it in the same run, divided by the calls that a record takes.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from statistics import median

from bench.figures import Effort, Figure
from bench.office import Office, office
from bench.round_trips import creating
from connectors.budget import KASHFLOW

TITLE = "Records a second while KashFlow takes 300 ms a call"

AT_LEAST = 0.95
_LATENCY = 0.3
#: All workers together, however many: no limit is published, and one account is one server.
_SIDE_BY_SIDE = KASHFLOW.concurrency.most
#: One POST makes an invoice, and nothing else of it is asked of KashFlow.
_CALLS = 1
#: Records until the window of calls side by side has grown, and every worker has its hands full.
_WARM_UP = 7 * _SIDE_BY_SIDE
#: More than the workers can take before the last round ends.
_REST = 24 * _SIDE_BY_SIDE


def measure(effort: Effort) -> Iterable[Figure]:
    # Whole rounds of calls side by side: they come back together.
    each = effort.of(18, 3) * _SIDE_BY_SIDE
    marks = [_WARM_UP + each * number for number in range(effort.rounds + 1)]
    for workers in (1,) if effort.quick else (1, 2, 4):
        with office() as firm:
            yield _figure(firm, workers, marks)


def _figure(firm: Office, workers: int, marks: Sequence[int]) -> Figure:
    """Rounds are from one of these numbers of invoices to the next."""
    firm.answers_late(_LATENCY, "kashflow")
    accounts = firm.customers_on_both_sides()
    seconds = creating(firm, tries=3)
    firm.start("beat")
    firm.listening_workers(workers)
    limit = _SIDE_BY_SIDE / seconds / _CALLS
    firm.backlog(accounts, marks[-1] + _REST)
    before = firm.spent()
    reached = list(_reached(firm, marks))
    used = firm.spent().since(before)
    rates = [
        (end - start) / (until - since)
        for (start, since), (end, until) in pairwise(zip(marks, reached, strict=True))
    ]
    return Figure(
        name=f"{workers} worker{'s' if workers > 1 else ''}",
        unit="of the limit",
        rounds=tuple(rate / limit for rate in rates),
        at_least=AT_LEAST,
        cpu_microseconds=1e6 * used.cpu_seconds / marks[-1],
        peak_mib=used.peak_mib,
        note=f"{median(rates):.1f} a second of {limit:.1f}: {_SIDE_BY_SIDE} side by side, {seconds * 1000:.0f} ms",
    )


def _reached(firm: Office, marks: Sequence[int]) -> Iterator[float]:
    """The moments when so many invoices have been asked for."""
    began = firm.calls("POST", "/v2/invoices")
    for mark in marks:
        while firm.calls("POST", "/v2/invoices") - began < mark:
            time.sleep(0.005)
        yield time.perf_counter()
