"""Replays, drops and requeues on both databases: canaries, rates, interruptions; nothing done twice, nothing left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import pytest
from sqlalchemy import Connection

from connectors.errors import Unreachable
from console.operations import replay, requeue
from console.operations.carrying import (
    CANARY_SECONDS,
    CHUNK,
    LEASE_SECONDS,
    Dealt,
    Hands,
    Pace,
    Reading,
    Step,
    UnderWay,
    carry_out,
)
from console.operations.requeue import Exactly, Named, NothingStarts, One, Wanted
from ledger import holds, operations
from ledger.deliveries import Settlement
from ledger.endings import Dead, Delivered, Ending, LinkFound, Reason, State
from ledger.ledger import Ledger
from ledger.links import remember_links
from ledger.operations import Operation, Progress
from ledger.overview import attempts_of, deliveries_of, delivery_by_id
from ledger.register import register
from ledger.selection import Selection
from tests.support.desk import shipped_book
from tests.support.ledger import TestClock, opportunity, state_of, take

BOOK = shipped_book()
DEAD = Dead(Reason("understand", "mapping", "the rate is not set up"))
DONE = Delivered("created")
ALL = Selection()


class Terminal:
    """Where somebody sits who carries operations out: rests take no time, and something may happen in each."""

    def __init__(self, ledger: Ledger, clock: TestClock) -> None:
        self.ledger = ledger
        self.clock = clock
        self.rests: list[float] = []
        self.meanwhile: Callable[[], bool] = lambda: False

    @property
    def hands(self) -> Hands:
        return Hands(self.ledger, self.clock, self._wait)

    def replay(self, selection: Selection = ALL, pace: Pace | None = None) -> Operation:
        return replay.start(self.hands, "replay", selection, who="kim", reason="rate set up", pace=pace)

    def drop(self, selection: Selection = ALL) -> Operation:
        return replay.start(self.hands, "drop", selection, who="kim", reason="by hand")

    def requeue(self, wanted: Wanted, pace: Pace | None = None) -> Operation:
        return requeue.start(self.hands, BOOK, wanted, who="kim", reason="rates mended", pace=pace)

    def go_on_with(self, operation: Operation) -> Operation:
        steps = {**replay.STEPS, "requeue": requeue.step(BOOK)}
        return carry_out(self.hands, operation, steps[operation.verb])

    def _wait(self, seconds: float) -> bool:
        self.rests.append(seconds)
        self.clock.tick(seconds)
        return self.meanwhile()


@pytest.fixture
def terminal(ledger: Ledger, clock: TestClock) -> Terminal:
    return Terminal(ledger, clock)


def _die(ledger: Ledger, clock: TestClock, count: int, first: int = 1) -> list[int]:
    (ids,) = ledger.register(
        [opportunity(number) for number in range(first, first + count)], now=clock()
    ).values()
    _work(ledger, clock, DEAD)
    # The ceiling has nothing to do with these stories.
    with ledger.writing() as connection:
        holds.resume(connection, "kashflow.invoice")
    return ids


def _work(ledger: Ledger, clock: TestClock, ending: Ending) -> int:
    """A worker ends everything that waits like this; how many that were."""
    claim = take(ledger, clock, limit=10_000)
    ledger.settle(claim, [Settlement(each, ending) for each in claim.deliveries], now=clock())
    return len(claim.deliveries)


def _states(ledger: Ledger, ids: Sequence[int]) -> list[State]:
    return [state_of(ledger, id_) for id_ in ids]


def _notes(ledger: Ledger, delivery_id: int) -> list[tuple[str, str]]:
    with ledger.reading() as connection:
        return [(one.ending, one.note) for one in attempts_of(connection, [delivery_id])]


# -- Replay and drop ----------------------------------------------------------------------------------


def test_a_plan_says_how_many_and_what_they_cost_and_touches_nothing(
    ledger: Ledger, clock: TestClock
) -> None:
    ids = _die(ledger, clock, 60)

    plan = replay.plan(ledger, BOOK, "replay", Selection(code="mapping"))

    assert (plan.count, plan.of) == (60, "code:mapping")
    # Two queries of 50, a look and an invoice each, and their write-back: one read and one write for up to 200.
    assert (plan.calls.salesforce, plan.calls.kashflow) == (4, 120)
    assert set(_states(ledger, ids)) == {State.DEAD}


def test_a_replay_lets_all_that_fits_wait_again_and_is_kept_with_who_and_why(
    terminal: Terminal, ledger: Ledger, clock: TestClock
) -> None:
    ids = _die(ledger, clock, CHUNK + 3)

    done = terminal.replay(Selection(queue="kashflow.invoice"))

    assert (done.state, done.verb, done.who, done.reason) == (
        Progress.FINISHED,
        "replay",
        "kim",
        "rate set up",
    )
    assert (done.planned, done.done, done.skipped) == (CHUNK + 3, CHUNK + 3, 0)
    assert set(_states(ledger, ids)) == {State.WAITING}
    assert _notes(ledger, ids[0])[-1] == ("replayed", f"operation {done.id} by kim: rate set up")
    with ledger.reading() as connection:
        assert operations.newest(connection, 5) == [done]


def test_a_drop_gives_up_what_fits_and_leaves_the_rest(
    terminal: Terminal, ledger: Ledger, clock: TestClock
) -> None:
    ids = _die(ledger, clock, 3)

    terminal.drop(Selection(ids=(ids[1],)))

    assert _states(ledger, ids) == [State.DEAD, State.DROPPED, State.DEAD]


def test_nothing_is_decided_without_a_reason(terminal: Terminal, ledger: Ledger, clock: TestClock) -> None:
    ids = _die(ledger, clock, 1)

    with pytest.raises(ValueError, match="say why"):
        replay.start(terminal.hands, "replay", ALL, who="kim", reason="  ")

    assert _states(ledger, ids) == [State.DEAD]


def test_what_dies_again_during_a_replay_is_not_replayed_by_it_again(
    terminal: Terminal, ledger: Ledger, clock: TestClock
) -> None:
    _die(ledger, clock, 2)

    def worker_is_quick() -> bool:
        _work(ledger, clock, DEAD)
        return False

    terminal.meanwhile = worker_is_quick
    done = terminal.replay(pace=Pace(per_minute=60))

    assert (done.done, done.state) == (2, Progress.FINISHED)


def test_a_rate_is_kept_by_small_steps_with_rests_between(
    terminal: Terminal, ledger: Ledger, clock: TestClock
) -> None:
    _die(ledger, clock, 10)

    terminal.replay(pace=Pace(per_minute=120))

    assert terminal.rests == [1.0] * 5
    assert terminal.clock().timestamp() >= 5


def test_a_rate_of_less_than_one_a_second_still_goes_one_by_one(
    terminal: Terminal, ledger: Ledger, clock: TestClock
) -> None:
    _die(ledger, clock, 2)

    terminal.replay(pace=Pace(per_minute=20))

    assert terminal.rests == [3.0] * 2


def test_canaries_that_come_through_are_followed_by_the_others(
    terminal: Terminal, ledger: Ledger, clock: TestClock
) -> None:
    ids = _die(ledger, clock, 10)
    seen: list[int] = []

    def worker_mended_it() -> bool:
        seen.append(_work(ledger, clock, DONE))
        return False

    terminal.meanwhile = worker_mended_it
    done = terminal.replay(pace=Pace(canary=3))

    assert done.state is Progress.FINISHED
    assert seen[0] == 3, "the canaries went alone"
    assert _states(ledger, ids[:3]) == [State.DELIVERED] * 3
    assert State.DEAD not in _states(ledger, ids)


def test_a_canary_that_dies_again_stops_all_before_anything_else_is_touched(
    terminal: Terminal, ledger: Ledger, clock: TestClock
) -> None:
    ids = _die(ledger, clock, 10)

    def worker_did_not_mend_it() -> bool:
        _work(ledger, clock, DEAD)
        return False

    terminal.meanwhile = worker_did_not_mend_it
    done = terminal.replay(pace=Pace(canary=3))

    assert (done.state, done.done) == (Progress.STOPPED, 3)
    assert done.note == "3 of 3 canaries died again; nothing else was touched"
    assert [len(_notes(ledger, id_)) for id_ in ids] == [3] * 3 + [1] * 7


def test_canaries_that_nobody_works_on_are_not_waited_for_without_end(
    terminal: Terminal, ledger: Ledger, clock: TestClock
) -> None:
    _die(ledger, clock, 10)

    done = terminal.replay(pace=Pace(canary=3))

    assert (done.state, done.done) == (Progress.INTERRUPTED, 3)
    assert sum(terminal.rests) == pytest.approx(CANARY_SECONDS, abs=2)


def test_an_interrupted_replay_goes_on_where_it_was(
    terminal: Terminal, ledger: Ledger, clock: TestClock
) -> None:
    ids = _die(ledger, clock, 5)
    terminal.meanwhile = lambda: len(terminal.rests) == 2
    cut_short = terminal.replay(pace=Pace(per_minute=60))
    assert (cut_short.state, cut_short.done) == (Progress.INTERRUPTED, 2)
    assert _states(ledger, ids) == [State.WAITING] * 2 + [State.DEAD] * 3

    done = terminal.go_on_with(cut_short)

    assert (done.id, done.state, done.done) == (cut_short.id, Progress.FINISHED, 5)
    assert [len(_notes(ledger, id_)) for id_ in ids] == [2] * 5, "each was put back once"


def test_an_operation_whose_process_was_killed_goes_on_after_its_lease(
    terminal: Terminal, ledger: Ledger, clock: TestClock
) -> None:
    ids = _die(ledger, clock, 3)

    class Killed(BaseException):
        pass

    def dies() -> bool:
        raise Killed

    terminal.meanwhile = dies
    released, terminal.ledger.release_lease = ledger.release_lease, lambda *_, **__: None  # type: ignore[method-assign]  # a killed process releases nothing
    with pytest.raises(Killed):
        terminal.replay(pace=Pace(per_minute=60))
    terminal.ledger.release_lease = released  # type: ignore[method-assign]
    terminal.meanwhile = lambda: False
    with ledger.reading() as connection:
        (operation,) = operations.newest(connection, 1)
    assert (operation.state, operation.done) == (Progress.RUNNING, 1)

    with pytest.raises(UnderWay):
        terminal.go_on_with(operation)
    clock.tick(LEASE_SECONDS + 1)
    done = terminal.go_on_with(operation)

    assert (done.state, done.done) == (Progress.FINISHED, 3)
    assert [len(_notes(ledger, id_)) for id_ in ids] == [2] * 3


# -- Requeue ------------------------------------------------------------------------------------------


def test_records_named_by_their_ids_are_registered_afresh_whether_known_or_not(
    terminal: Terminal, ledger: Ledger, clock: TestClock
) -> None:
    ledger.register([opportunity(1)], now=clock())
    _work(ledger, clock, DONE)
    known, unknown = opportunity(1).record_id, opportunity(2).record_id

    done = terminal.requeue(Named(("opportunity_to_invoice",), (known, unknown)))

    assert (done.state, done.done, done.skipped) == (Progress.FINISHED, 2, 0)
    claim = take(ledger, clock)
    assert {each.record_id for each in claim.deliveries} == {known, unknown}
    assert {each.version for each in claim.deliveries} == {f"requeued by operation {done.id}"}
    assert {each.lock_key for each in claim.deliveries} == {f"invoice:{known}", f"invoice:{unknown}"}


def test_records_of_the_ledger_are_registered_once_however_many_deliveries_they_had(
    terminal: Terminal, ledger: Ledger, clock: TestClock
) -> None:
    for version in ("1", "2", "3"):
        ledger.register([opportunity(1, version), opportunity(2, version)], now=clock())
        _work(ledger, clock, DONE)
    wanted = Selection(entity="Opportunity")

    assert requeue.plan(ledger, BOOK, wanted).count == 2
    done = terminal.requeue(wanted)

    assert (done.planned, done.done) == (2, 2)
    assert _work(ledger, clock, DONE) == 2


def test_a_window_of_a_requeue_is_about_when_the_change_happened(
    terminal: Terminal, ledger: Ledger, clock: TestClock
) -> None:
    early, late = clock(), clock.tick(3600)
    ledger.register([opportunity(1, occurred_at=early), opportunity(2, occurred_at=late)], now=clock())
    _work(ledger, clock, DONE)

    terminal.requeue(Selection(since=late))

    assert [each.record_id for each in take(ledger, clock).deliveries] == [opportunity(2).record_id]


def test_records_each_along_a_flow_of_its_own_are_registered_exactly(
    terminal: Terminal, ledger: Ledger, clock: TestClock
) -> None:
    link = LinkFound("invoice", "Opportunity", "006A", "880", "1014")
    kept = LinkFound("invoice", "Opportunity", "006B", "881", "1015")
    with ledger.writing() as connection:
        remember_links(connection, [link, kept], clock())
    wanted = Exactly(
        (
            One(
                "opportunity_to_invoice",
                "006A",
                hint={"look": "yes"},
                forgets=(("invoice", "Opportunity", "006A"),),
            ),
            One("invoice_to_object", "999", kind="deleted"),
        )
    )

    planned = requeue.plan(ledger, BOOK, wanted)
    terminal.meanwhile = lambda: True
    cut_short = terminal.requeue(wanted, Pace(per_minute=1))
    terminal.meanwhile = lambda: False
    done = terminal.go_on_with(cut_short)

    assert (planned.count, planned.of) == (2, "2 records along opportunity_to_invoice, invoice_to_object")
    assert (cut_short.done, done.state, done.done) == (1, Progress.FINISHED, 2)
    with ledger.reading() as connection:
        (deal,) = deliveries_of(connection, ["006A"])
        (mirror,) = deliveries_of(connection, ["999"])
    assert (deal.flow, deal.kind, dict(deal.hint)) == ("opportunity_to_invoice", "unknown", {"look": "yes"})
    assert (mirror.flow, mirror.kind, mirror.operation_id) == ("invoice_to_object", "deleted", done.id)
    assert [one.salesforce_id for one in ledger.links_of("invoice")] == ["006B"]


def test_what_goes_first_is_waited_for_by_the_others(
    terminal: Terminal, ledger: Ledger, clock: TestClock
) -> None:
    first = One("account_to_customer", "001A", goes_first=True)
    terminal.requeue(Exactly((first, One("opportunity_to_invoice", "006A"))))
    assert take(ledger, clock).deliveries == ()

    claim = take(ledger, clock, "kashflow.customer")
    ledger.settle(claim, [Settlement(claim.deliveries[0], DONE)], now=clock())

    assert [each.record_id for each in take(ledger, clock).deliveries] == ["006A"]


def test_an_interrupted_requeue_registers_nothing_twice(
    terminal: Terminal, ledger: Ledger, clock: TestClock
) -> None:
    records = tuple(opportunity(number).record_id for number in range(4))
    terminal.meanwhile = lambda: len(terminal.rests) == 2
    cut_short = terminal.requeue(Named(("opportunity_to_invoice",), records), Pace(per_minute=60))
    assert (cut_short.state, cut_short.done) == (Progress.INTERRUPTED, 2)

    done = terminal.go_on_with(cut_short)

    assert (done.state, done.done, done.skipped) == (Progress.FINISHED, 4, 0)
    with ledger.reading() as connection:
        assert [each.record_id for each in deliveries_of(connection, records)] == list(records)


def test_ten_thousand_are_requeued_in_steps_that_can_be_ended_and_overtake_no_newer_change(
    terminal: Terminal, ledger: Ledger, clock: TestClock
) -> None:
    records = tuple(opportunity(number).record_id for number in range(10_000))
    # Halfway through somebody changes one of the last ones.
    changed = opportunity(9_999, "changed meanwhile")

    def somebody_works() -> bool:
        if len(terminal.rests) == 10:
            ledger.register([changed], now=clock())
        return len(terminal.rests) == 15

    terminal.meanwhile = somebody_works
    cut_short = terminal.requeue(Named(("opportunity_to_invoice",), records), Pace(per_minute=30_000))
    assert (cut_short.state, cut_short.done) == (Progress.INTERRUPTED, 15 * CHUNK)
    terminal.meanwhile = lambda: False
    done = terminal.go_on_with(cut_short)

    assert (done.state, done.done) == (Progress.FINISHED, 10_000)
    assert sum(terminal.rests) == pytest.approx(19.0), "five hundred a second"
    claimed: list[str] = []
    while deliveries := take(ledger, clock, limit=2_000).deliveries:
        claimed += [each.record_id for each in deliveries]
    assert sorted(claimed) == sorted(records), "each once, and of two of one record only the newer"


def test_a_requeued_record_says_so_and_takes_the_lock_of_its_earlier_deliveries(
    terminal: Terminal, ledger: Ledger, clock: TestClock
) -> None:
    ledger.register([opportunity(1, lock_key="customer:of the account")], now=clock())
    _work(ledger, clock, DONE)

    done = terminal.requeue(Selection(flow="opportunity_to_invoice"))

    (delivery,) = take(ledger, clock).deliveries
    assert (delivery.lock_key, delivery.operation_id) == ("customer:of the account", done.id)


def test_a_flow_that_no_change_starts_cannot_be_named_for_single_records() -> None:
    assert [flow.name for flow in requeue.flows_meant(BOOK, Selection(entity="opportunity"))] == [
        "opportunity_to_invoice"
    ]
    with pytest.raises(NothingStarts, match="there are opportunity_to_invoice"):
        requeue.flows_meant(BOOK, Selection(flow="opportunity_to_customer"))


def test_what_an_operation_led_to_can_be_asked(terminal: Terminal, ledger: Ledger, clock: TestClock) -> None:
    _die(ledger, clock, 3)
    done = terminal.replay()
    claim = take(ledger, clock, limit=2)
    endings: list[Ending] = [DONE, DEAD]
    ledger.settle(
        claim,
        [Settlement(each, ending) for each, ending in zip(claim.deliveries, endings, strict=True)],
        now=clock(),
    )

    with ledger.reading() as connection:
        outcomes = operations.outcomes(connection, done.id)
        assert delivery_by_id(connection, claim.deliveries[0].id)

    assert outcomes == {State.DELIVERED: 1, State.DEAD: 1, State.WAITING: 1}


# -- What has to be read first ------------------------------------------------------------------------


def _deals_one(read: Callable[[], None]) -> Reading:
    """A step that registers one delivery of its own, after `read` has asked another system."""

    def deal(connection: Connection, operation: Operation, limit: int, now: datetime) -> Dealt:
        return Dealt(len(register(connection, [opportunity(1)], now)), 0, "1", is_last=True)

    def ahead(operation: Operation, limit: int) -> Step:
        read()
        return deal

    return Reading(ahead)


def _begun(ledger: Ledger, clock: TestClock) -> Operation:
    with ledger.writing() as connection:
        return operations.begin(
            connection, verb="backfill", who="kim", reason="begin", request={}, planned=1, now=clock()
        )


def test_what_was_read_by_somebody_who_was_taken_over_meanwhile_is_not_registered(
    terminal: Terminal, ledger: Ledger, clock: TestClock
) -> None:
    operation = _begun(ledger, clock)

    def somebody_else_takes_over() -> None:
        clock.tick(LEASE_SECONDS + 1)
        assert ledger.take_lease(operation.lease_name, "another", now=clock(), seconds=LEASE_SECONDS)

    with pytest.raises(UnderWay, match="taken over by another process"):
        carry_out(terminal.hands, operation, _deals_one(somebody_else_takes_over))

    assert ledger.newest_deliveries("opportunity_to_invoice", [opportunity(1).record_id]) == {}


def test_a_system_that_does_not_answer_interrupts_the_operation_which_then_goes_on(
    terminal: Terminal, ledger: Ledger, clock: TestClock
) -> None:
    operation = _begun(ledger, clock)

    def unreachable() -> None:
        raise Unreachable("Salesforce cannot be reached", system="salesforce")

    cut_short = carry_out(terminal.hands, operation, _deals_one(unreachable))

    assert (cut_short.state, cut_short.note) == (Progress.INTERRUPTED, "Salesforce cannot be reached")
    with ledger.reading() as connection:
        assert operations.unfinished(connection, "backfill") == [cut_short]
        assert operations.unfinished(connection, "replay") == []
    finished = carry_out(terminal.hands, cut_short, _deals_one(lambda: None))
    assert (finished.state, finished.done) == (Progress.FINISHED, 1)
