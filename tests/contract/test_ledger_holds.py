"""Held queues, the ceiling on dead letters and retention, on both databases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest

from ledger import holds, schema
from ledger.ceiling import Ceiling
from ledger.database import open_engine
from ledger.deliveries import Settled, Settlement
from ledger.endings import Dead, Delivered, Ending, Reason, State
from ledger.holds import CEILING, Hold
from ledger.ledger import Ledger
from ledger.overview import attempts_of, delivery_by_id
from tests.support.ledger import START, TestClock, account, deliver_all, opportunity, state_of, take

QUEUE = "kashflow.invoice"
DEAD = Dead(Reason("understand", "mapping", "the mapping does not fit"))
DONE = Delivered("done")
LOW = Ceiling(run=3, share=0.5, of_last=8, kept=6)


def _hold(ledger: Ledger, after_id: int) -> None:
    with ledger.writing() as connection:
        holds.hold(connection, Hold(QUEUE, after_id, "kim", "year end", START))


def _resume(ledger: Ledger) -> bool:
    with ledger.writing() as connection:
        return holds.resume(connection, QUEUE)


def _holds(ledger: Ledger) -> list[Hold]:
    with ledger.reading() as connection:
        return holds.list_holds(connection)


def test_nobody_takes_deliveries_of_a_paused_queue_and_none_is_lost(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(1), account(1)], now=clock())
    _hold(ledger, 0)

    assert take(ledger, clock).deliveries == ()
    assert len(take(ledger, clock, "kashflow.customer").deliveries) == 1
    ledger.register([opportunity(2)], now=clock())

    assert _resume(ledger)
    assert len(take(ledger, clock).deliveries) == 2


def test_a_batch_that_runs_when_its_queue_is_paused_is_settled(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(1)], now=clock())
    claim = take(ledger, clock)
    _hold(ledger, 0)

    settled = ledger.settle(claim, [Settlement(claim.deliveries[0], DONE)], now=clock())

    assert settled.too_late == ()
    assert state_of(ledger, claim.deliveries[0].id) is State.DELIVERED


def test_a_drained_queue_finishes_what_was_there_and_keeps_what_comes_later(
    ledger: Ledger, clock: TestClock
) -> None:
    ((early,),) = ledger.register([opportunity(1)], now=clock()).values()
    with ledger.reading() as connection:
        newest = holds.newest_unfinished(connection, QUEUE)
    _hold(ledger, newest)
    ((late,),) = ledger.register([opportunity(2)], now=clock()).values()

    claim = take(ledger, clock)
    assert [delivery.id for delivery in claim.deliveries] == [early]
    with ledger.reading() as connection:
        assert holds.left_to_drain(connection, QUEUE, newest) == 1
    ledger.settle(claim, [Settlement(claim.deliveries[0], DONE)], now=clock())

    with ledger.reading() as connection:
        assert holds.left_to_drain(connection, QUEUE, newest) == 0
    assert take(ledger, clock).deliveries == ()
    assert state_of(ledger, late) is State.WAITING


def test_what_a_hold_keeps_back_is_not_announced_before_the_queue_goes_on(
    ledger: Ledger, clock: TestClock
) -> None:
    ((early,),) = ledger.register([opportunity(1)], now=clock()).values()
    ((late,),) = ledger.register([opportunity(2)], now=clock()).values()

    def announced() -> list[int]:
        clock.tick(61)
        found = ledger.find_unannounced([QUEUE], limit=10, now=clock(), resend_seconds=60)
        return found.get(QUEUE, [])

    _hold(ledger, 0)
    assert announced() == []
    _hold(ledger, early)
    assert announced() == [early]
    _resume(ledger)
    assert announced() == [early, late]


def test_to_hold_a_held_queue_says_it_anew_and_to_resume_a_free_one_says_no(
    ledger: Ledger, clock: TestClock
) -> None:
    _hold(ledger, 5)
    _hold(ledger, 0)

    assert [hold.after_id for hold in _holds(ledger)] == [0]
    assert _resume(ledger)
    assert not _resume(ledger)


# -- The ceiling -------------------------------------------------------------------------------------


@pytest.fixture
def low(ledger_url: str) -> Iterator[Ledger]:
    """A ledger whose ceiling is soon passed."""
    schema.upgrade(ledger_url)
    opened = Ledger(open_engine(ledger_url), LOW)
    yield opened
    opened.close()


def _play(ledger: Ledger, clock: TestClock, endings: Sequence[Ending], start: int = 0) -> list[Settled]:
    """One delivery after another, each with its ending, as long as the queue lets them."""
    settled = []
    for number, ending in enumerate(endings, start):
        ledger.register([opportunity(number)], now=clock())
        claim = take(ledger, clock)
        if not claim.deliveries:
            break
        settled.append(
            ledger.settle(claim, [Settlement(each, ending) for each in claim.deliveries], now=clock())
        )
    return settled


def test_a_run_of_dead_letters_pauses_the_queue_and_says_so_once(low: Ledger, clock: TestClock) -> None:
    settled = _play(low, clock, [DONE, DEAD, DEAD, DEAD, DEAD])

    assert len(settled) == 4, "the fifth was not taken any more"
    assert [each.paused for each in settled] == [
        {},
        {},
        {},
        {QUEUE: "the last 3 deliveries all became dead letters"},
    ]
    (hold,) = _holds(low)
    assert (hold.queue, hold.who, hold.after_id) == (QUEUE, CEILING, 0)


def test_a_success_ends_the_run(low: Ledger, clock: TestClock) -> None:
    _play(low, clock, [DEAD, DEAD, DONE, DEAD, DEAD, DONE])

    assert _holds(low) == []


def test_too_large_a_share_pauses_the_queue_even_between_successes(low: Ledger, clock: TestClock) -> None:
    endings: list[Ending] = [DEAD, DONE] * 4
    settled = _play(low, clock, [*endings, DEAD])

    assert settled[-1].paused == {QUEUE: "4 of the last 8 deliveries became dead letters"}


def test_as_many_dead_letters_as_may_be_kept_pause_the_queue_and_none_is_dropped(
    low: Ledger, clock: TestClock
) -> None:
    pattern: list[Ending] = [DEAD, DONE, DONE]
    settled = _play(low, clock, pattern * 6)

    assert settled[-1].paused == {
        QUEUE: "it keeps 6 dead letters, which is the most it may; replay or drop some"
    }


def test_the_dead_letters_of_another_queue_do_not_count(low: Ledger, clock: TestClock) -> None:
    for number in range(2):
        low.register([account(number)], now=clock())
        claim = take(low, clock, "kashflow.customer")
        low.settle(claim, [Settlement(claim.deliveries[0], DEAD)], now=clock())

    settled = _play(low, clock, [DEAD, DEAD])

    assert [each.paused for each in settled] == [{}, {}]


def test_a_person_s_hold_is_not_replaced_by_the_ceiling(low: Ledger, clock: TestClock) -> None:
    low.register([opportunity(number) for number in range(4)], now=clock())
    claim = take(low, clock)
    _hold(low, 0)

    settled = low.settle(claim, [Settlement(each, DEAD) for each in claim.deliveries], now=clock())

    assert settled.paused == {}
    assert [hold.who for hold in _holds(low)] == ["kim"]


# -- Retention ---------------------------------------------------------------------------------------


def test_what_is_long_done_is_cleared_away_but_cannot_come_twice(ledger: Ledger, clock: TestClock) -> None:
    ((id_,),) = ledger.register([opportunity(1, hint={"key": "1"})], now=clock()).values()
    deliver_all(ledger, clock)
    clock.tick(100)

    assert ledger.compact(before=clock(), limit=10, now=clock()) == 1

    with ledger.reading() as connection:
        kept = delivery_by_id(connection, id_)
        assert attempts_of(connection, [id_]) == []
    assert kept is not None
    assert (kept.state, kept.hint, kept.reason_text, kept.compacted_at) == (
        State.DELIVERED,
        {},
        None,
        clock(),
    )
    assert ledger.register([opportunity(1)], now=clock()) == {}, "its key is kept"
    assert ledger.compact(before=clock(), limit=10, now=clock()) == 0


def test_what_was_done_lately_waits_or_is_dead_is_kept_whole(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(1)], now=clock())
    claim = take(ledger, clock)
    ledger.settle(claim, [Settlement(claim.deliveries[0], DEAD)], now=clock())
    ledger.register([opportunity(2)], now=clock())
    clock.tick(100)
    ledger.register([opportunity(3)], now=clock())
    with ledger.reading() as connection:
        assert delivery_by_id(connection, claim.deliveries[0].id) is not None
    claim = take(ledger, clock)
    done = [each for each in claim.deliveries if each.record_id == opportunity(3).record_id]
    ledger.settle(claim, [Settlement(done[0], DONE)], now=clock())

    assert ledger.compact(before=START + timedelta(seconds=50), limit=10, now=clock()) == 0


def test_the_longest_done_go_first_and_few_at_a_time(ledger: Ledger, clock: TestClock) -> None:
    for number in range(3):
        ledger.register([opportunity(number)], now=clock())
        deliver_all(ledger, clock)
        clock.tick(1)

    assert [ledger.compact(before=clock(), limit=2, now=clock()) for _ in range(3)] == [2, 1, 0]
