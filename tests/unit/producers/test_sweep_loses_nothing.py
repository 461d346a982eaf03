"""However edits, events, deliveries, sweeps and kills interleave: what a record holds at last is delivered."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.database import open_engine
from ledger.deliveries import Settlement, deliveries_of
from ledger.endings import Delivered, Failed, Reason, Unchanged
from ledger.ledger import Ledger
from ledger.tables import Base
from mappings.book import Book
from mappings.digest import salesforce_digest
from producers.salesforce_sweep import SalesforceSweep, SweepRules
from producers.sweep_page import change_of, modified_at
from tests.support.lagging_salesforce import Killed, LaggingSalesforce
from tests.support.ledger import TestClock
from tests.support.mappings import packaged

QUEUE = "kashflow.invoice"
GONE = Reason("hydrate", "gone", "nothing is shown of it yet")
BUSY = Reason("send", "Busy", "not now")

LAG = st.sampled_from([0, 0, 1, 30, 60])
EDIT = st.tuples(st.just("edit"), st.integers(1, 3), st.integers(1, 3), LAG)
TOLD = st.tuples(st.just("told"), st.integers(1, 3))
WORK = st.tuples(st.just("work"), st.booleans())
SWEEP = st.tuples(
    st.just("sweep"), st.sampled_from([0, 900]), st.integers(1, 3), st.sampled_from([None, None, 0, 1])
)
TIME = st.tuples(st.just("time"), st.sampled_from([0.2, 1, 30, 60, 400]))
STORY = st.lists(st.one_of(EDIT, TOLD, WORK, SWEEP, TIME), min_size=20, max_size=40)


class _Firm:
    """A few records, the ledger, and everybody who acts on them."""

    def __init__(self, ledger: Ledger) -> None:
        self.clock = TestClock()
        self.world = LaggingSalesforce(self.clock)
        self.ledger = ledger
        shipped = packaged()
        self.flow = replace(shipped.flow("opportunity_to_invoice"), condition=None)
        self.book = Book(shipped.mappings, (self.flow,))
        self.sweep(0, 3, None)

    def edit(self, number: int, value: int, lag: int) -> None:
        self.world.edit(number, value, lag)

    def told(self, number: int) -> None:
        """The stream tells of what shows now; of what it loses there is no such step."""
        record = self.world.record(f"006{number:012d}AAA")
        if record is None:
            return
        change = change_of(self.flow, record["Id"], "updated", modified_at(record), None)
        change = change.model_copy(update={"version": f"event {self.clock.now.isoformat()}"})
        self.ledger.register(deliveries_of([change], lambda _: [self.flow]), now=self.clock())

    def work(self, is_busy: bool) -> None:
        claim = self.ledger.claim(QUEUE, [], limit=10, now=self.clock(), lease_seconds=30)
        settlements = []
        for delivery in claim.deliveries:
            record = self.world.record(delivery.record_id)
            if record is None:
                settlements.append(Settlement(delivery, Unchanged(GONE)))
                continue
            ending = Failed(self.clock(), BUSY) if is_busy else Delivered("done")
            settlements.append(Settlement(delivery, ending, read_digest=salesforce_digest(record)))
        self.ledger.settle(claim, settlements, now=self.clock())

    def sweep(self, after: float, page_size: int, killed_after: int | None) -> None:
        self.time(after)
        producer = SalesforceSweep(
            self.world,
            ledger=self.ledger,
            book=self.book,
            announce=lambda _: None,
            clock=self.clock,
            rules=SweepRules(page_size=page_size),
        )
        self.world.pages_left = killed_after
        with suppress(Killed):
            producer.turn()

    def time(self, seconds: float) -> None:
        self.clock.tick(seconds)


@settings(max_examples=60, deadline=None)
@given(STORY)
def test_what_a_record_holds_at_last_is_what_was_last_read_for_its_delivery(
    story: list[tuple[object, ...]],
) -> None:
    engine = open_engine("sqlite://")
    Base.metadata.create_all(engine)
    try:
        firm = _Firm(Ledger(engine))
        for step, *arguments in story:
            getattr(firm, str(step))(*arguments)

        for _ in range(3):
            firm.sweep(900, 3, None)
            firm.work(False)

        newest = firm.ledger.newest_deliveries(firm.flow.name, firm.world.ids())
        read = {record_id: one.read_digest for record_id, one in newest.items()}
        assert read == {
            record_id: salesforce_digest(record) for record_id, record in firm.world.latest().items()
        }
    finally:
        engine.dispose()
