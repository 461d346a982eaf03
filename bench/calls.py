"""Salesforce calls for a thousand changes, in three mixes: distinct records, hot records in bursts, echoes and no news.

KashFlow's invoices change, and the Opportunities that show them are read and written: poll, ledger, spine and Salesforce
client on the sandbox's two worlds, whose request log is what is counted. Nothing is left to chance, so once is enough.

Changes come in steps of a thousand, five minutes apart, as the poll looks; what came is worked off before the next step. The
limit is a read and a write for every 200 distinct records that changed within a step. Beside it, by arithmetic: a read and
a write for each change; and for every 200 changes as they come, none dropped and none merged.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figures import Effort, Figure
from sandbox.server import Sandbox
from tests.support.backlog import invoiced_deals
from tests.support.road import Road, road

TITLE = "Salesforce calls per 1,000 changes"

STEP = 1_000
#: Records that one call reads or writes.
A_CALL = 200
DISTINCT_AT_MOST = 1.05
#: Fewer than fixed batches.
FEWER = 0.99

#: What an org need not have; without them an invoice's only business is its Opportunity.
OPTIONAL = ("Invoice__c", "Invoice_Line__c", "Payment__c", "Bank_Account__c", "Bank_Transaction__c")


@dataclass
class Told:
    """What happened in one or more steps."""

    changes: int = 0
    #: Records whose change Salesforce has to show; each once a step.
    distinct: int = 0

    @property
    def limit(self) -> float:
        return 2 * self.distinct / A_CALL

    @property
    def fixed(self) -> float:
        return 2 * self.changes / A_CALL


class Books:
    """The invoices of one road, and the bookkeeper who works on them."""

    def __init__(self, on: Road, seed: int) -> None:
        self.road = on
        self.numbers = [int(row["Number"]) for row in on.invoices()]
        self.rng = random.Random(seed)
        self._due = dict.fromkeys(self.numbers, date(2026, 4, 9))
        self._printed = Counter[int]()

    def put_off(self, numbers: Sequence[int]) -> None:
        """Each is due a day later: an Opportunity shows that."""

        def work() -> None:
            for number in numbers:
                self._due[number] += timedelta(days=1)
                self.road.sandbox.kashflow.invoices.edit(number, DueDate=self._due[number])

        self.road.sandbox.run(work)

    def print_otherwise(self, numbers: Sequence[int]) -> None:
        """A setting of the printed page: the list shows it, and no Opportunity does."""

        def work() -> None:
            for number in numbers:
                self._printed[number] += 1
                self.road.sandbox.kashflow.invoices.edit(number, SuppressNumber=self._printed[number])

        self.road.sandbox.run(work)

    def work_off(self) -> None:
        """Until nothing waits; each batch takes a second, in which budgets fill again."""
        while queues := self.road.queues_with_due():
            for queue in queues:
                self.road.work_on(queue)
                self.road.wait(1)

    def check(self) -> None:
        """Raises RuntimeError where an Opportunity does not show when its invoice is due: few calls must be enough."""
        shown = {
            int(row["KashFlow_Invoice_Number__c"]): str(row["KashFlow_Due_Date__c"])
            for row in self.road.in_salesforce("Opportunity")
            if row["KashFlow_Invoice_Number__c"]
        }
        wrong = [number for number, due in self._due.items() if shown.get(number) != due.isoformat()]
        if wrong:
            raise RuntimeError(f"{len(wrong)} of {len(self._due)} Opportunities do not show their invoice")


def distinct(books: Books, size: int) -> Told:
    """So many invoices, each changed once."""
    books.put_off(books.numbers[:size])
    books.road.look()
    books.work_off()
    return Told(size, size)


def hot(books: Books, size: int) -> Told:
    """One invoice of five gets four changes of five; the poll looks in the middle of it, while the workers are busy."""
    mixed = books.rng.sample(books.numbers, size)
    hot_ones, cold = mixed[: size // 5], mixed[size // 5 : size * 2 // 5]
    changes = [*hot_ones * 4, *cold]
    books.rng.shuffle(changes)
    for half in (changes[: size // 2], changes[size // 2 :]):
        books.put_off(half)
        books.road.look()
    books.work_off()
    return Told(size, len(hot_ones) + len(cold))


def echoes(books: Books, size: int) -> Told:
    """Of five changes one is news, one is the echo of writing it, and three change nothing that Salesforce shows."""
    mixed = books.rng.sample(books.numbers, size * 4 // 5)
    news = mixed[: size // 5]
    books.put_off(news)
    books.print_otherwise(mixed[size // 5 :])
    books.road.look()
    books.work_off()
    books.road.hear()
    books.work_off()
    return Told(len(mixed) + len(news), len(news))


def measure(effort: Effort) -> Iterable[Figure]:
    """Three ratios with a ceiling, and what they are made of."""
    steps = {distinct: effort.of(10, 1), hot: effort.of(3, 1), echoes: effort.of(3, 1)}
    sizes = {distinct: STEP, hot: effort.of(STEP, 600), echoes: STEP}
    with Sandbox(seed=1) as sandbox:
        with _books(sandbox, is_plain=True) as books:
            for mix, count in steps.items():
                yield from _compared(books, mix, count, sizes[mix])
        if not effort.quick:
            with _books(sandbox, is_plain=False) as books:
                yield from _mirrored(books)


def _compared(books: Books, mix: Callable[[Books, int], Told], steps: int, size: int) -> Iterator[Figure]:
    told, calls, around = _counted(books, mix, steps, size)
    per_1000 = 1_000 / told.changes
    yield Figure(
        f"{mix.__name__}: calls",
        "per 1,000",
        (calls * per_1000,),
        note=f"limit {told.limit * per_1000:g}, fixed batches {told.fixed * per_1000:g}, one by one 2,000; "
        f"{around * per_1000:g} more to log in and describe",
    )
    if mix is distinct:
        yield Figure("distinct: to the limit", "times", (calls / told.limit,), at_most=DISTINCT_AT_MOST)
    else:
        yield Figure(f"{mix.__name__}: to fixed batches", "times", (calls / told.fixed,), at_most=FEWER)


def _mirrored(books: Books) -> Iterator[Figure]:
    """An org that has all optional objects: the Invoice__c with its lines is read and written as well."""
    distinct(books, STEP)  # makes them
    told, calls, _ = _counted(books, distinct, 1, STEP)
    # Opportunity and Invoice__c are read and written; the lines, which did not change, are read.
    limit = told.limit * 2.5
    note = f"Opportunity and Invoice__c, lines read; limit {limit * 1_000 / told.changes:g}"
    yield Figure("distinct, mirrored: calls", "per 1,000", (calls * 1_000 / told.changes,), note=note)
    yield Figure("distinct, mirrored: to the limit", "times", (calls / limit,))


def _counted(books: Books, mix: Callable[[Books, int], Told], steps: int, size: int) -> tuple[Told, int, int]:
    """What happened, the calls for it, and those to log in and to describe."""
    whole, before = Told(), _calls(books.road)
    for _ in range(steps):
        books.road.wait(300)
        told = mix(books, size)
        whole.changes += told.changes
        whole.distinct += told.distinct
    after = _calls(books.road)
    books.check()
    return whole, after[0] - before[0], after[1] - before[1]


def _calls(on: Road) -> tuple[int, int]:
    """Calls of the API so far: for records, and around them. A long poll of the event stream is no call."""
    counted = on.sandbox.run(on.sandbox.requests["salesforce"].counters)
    calls = [one for one in counted if one["path"].startswith("/services/")]
    around = [one for one in calls if one["path"].endswith(("/describe", "/token"))]
    total, describing = (sum(one["count"] for one in some) for some in (calls, around))
    return total - describing, describing


@contextmanager
def _books(sandbox: Sandbox, *, is_plain: bool) -> Iterator[Books]:
    """A thousand deals with invoices that they do not show yet, as Kashforce begins."""
    with (
        TemporaryDirectory(prefix="calls-") as folder,
        road(sandbox, f"sqlite:///{Path(folder)}/ledger.db") as on,
    ):
        if is_plain:
            for name in OPTIONAL:
                sandbox.run(lambda name=name: sandbox.salesforce.schema.remove(name))  # type: ignore[misc]
        invoiced_deals(on, STEP)
        on.hear_from_now_on()
        yield Books(on, seed=7)
