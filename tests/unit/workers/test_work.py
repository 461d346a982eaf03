"""How a batch goes through the steps: one bad record is found and ends alone, and nothing is sent twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs
from structlog.typing import EventDict

from connectors.errors import AnswerLost, Busy, ConnectorError, Refused, Unreadable
from ledger.deliveries import Settlement
from ledger.endings import Dead, Delivered, Failed, NotNow, Reason, Unchanged
from ledger.ledger import Ledger
from tests.support.ledger import TestClock, opportunity, take
from workers.desk import Desk
from workers.work import Batch, OutOfOrder, Progress, Work, as_noun, known

BAD = opportunity(2).record_id


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[EventDict]]:
    """What is logged, kept instead of printed."""
    with capture_logs() as events:
        yield events


@pytest.fixture
def batch(ledger: Ledger, desk: Desk, clock: TestClock) -> Batch:
    """Four deliveries that were just claimed."""
    ledger.register([opportunity(number) for number in range(1, 5)], now=clock())
    return Batch.of(take(ledger, clock), desk)


class _Step:
    """A step that notes how it was asked, and breaks with `error` when the bad record is among its works."""

    __name__ = "understand"

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.asked: list[int] = []

    def __call__(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        self.asked.append(len(works))
        for work in works:
            if work.delivery.record_id == BAD:
                raise self._error
            yield replace(work, payload={"seen": True})


@pytest.mark.parametrize(
    "error",
    [
        Refused("the postcode is missing", system="salesforce"),
        Unreadable("no object", system="kashflow"),
        KeyError("our own mistake"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_step_that_breaks_for_one_record_is_tried_record_by_record(
    desk: Desk, batch: Batch, error: Exception
) -> None:
    step = _Step(error)

    after = batch.through(step, desk)

    assert step.asked == [4, 1, 1, 1, 1]
    assert [work.payload for work in after.open] == [{"seen": True}] * 3
    (ended,) = after.ended
    assert ended.delivery.record_id == BAD
    assert isinstance(ended.ending, Dead)


@pytest.mark.parametrize(
    "error",
    [
        Busy("everybody away", system="kashflow"),
        AnswerLost("no answer", system="kashflow"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_holds_for_all_records_is_not_asked_again_for_each(
    desk: Desk, batch: Batch, error: ConnectorError
) -> None:
    step = _Step(error)

    after = batch.through(step, desk)

    assert step.asked == [4]
    assert after.open == ()
    assert [type(entry.ending) for entry in after.ended] == [NotNow] * 4


def test_the_text_of_our_own_mistakes_is_not_shown_for_it_may_quote_a_record(
    desk: Desk, batch: Batch, logged: list[EventDict]
) -> None:
    after = batch.through(_Step(KeyError("Mina Okoro, mina@larkfield.example")), desk)

    (ended,) = after.ended
    assert isinstance(ended.ending, Dead)
    assert ended.ending.reason == Reason(
        "understand",
        "KeyError",
        "our own code failed with KeyError in step understand; the log has the traceback",
    )
    (event,) = logged
    assert (event["event"], event["step"], event["deliveries"]) == (
        "step_broke",
        "understand",
        [ended.delivery.id],
    )
    assert event["exc_info"]


def test_the_step_that_sends_is_never_asked_twice_and_leaves_doubt_when_it_breaks(
    desk: Desk, batch: Batch
) -> None:
    step = _Step(KeyError("our own mistake"))

    after = batch.through_once(step, desk)

    assert step.asked == [4]
    assert after.open == ()
    for entry in after.ended:
        assert isinstance(entry.ending, Failed)
        assert (entry.ending.until - desk.clock()).total_seconds() >= desk.rules.doubt_seconds


def _outage() -> OperationalError:
    return OperationalError("SELECT", {}, Exception("the server closed the connection unexpectedly"))


def test_a_ledger_that_went_away_is_no_bug_and_is_not_asked_again_for_each_record(
    desk: Desk, batch: Batch, logged: list[EventDict]
) -> None:
    step = _Step(_outage())

    after = batch.through(step, desk)

    assert step.asked == [4]
    assert [type(entry.ending) for entry in after.ended] == [NotNow] * 4
    assert logged == []


def test_a_ledger_that_went_away_while_something_was_sent_leaves_doubt_and_costs_no_attempt(
    desk: Desk, batch: Batch
) -> None:
    after = batch.through_once(_Step(_outage()), desk)

    for entry in after.ended:
        assert isinstance(entry.ending, NotNow)
        assert (entry.ending.until - desk.clock()).total_seconds() >= desk.rules.doubt_seconds


def test_what_ended_in_one_step_is_kept_through_the_next(desk: Desk, batch: Batch) -> None:
    def ends_the_bad(desk: Desk, works: list[Work]) -> Iterator[Progress]:
        for work in works:
            is_bad = work.delivery.record_id == BAD
            yield work.ends(Unchanged(Reason("compare", "same", "it is there"))) if is_bad else work

    def sends(desk: Desk, works: list[Work]) -> Iterator[Progress]:
        yield from (work.ends(Delivered("done")) for work in works)

    after = batch.through(ends_the_bad, desk).through_once(sends, desk)

    assert after.open == ()
    assert [type(entry.ending) for entry in after.ended] == [Unchanged, Delivered, Delivered, Delivered]


def test_an_empty_batch_asks_no_step(desk: Desk) -> None:
    step = _Step(KeyError("never raised"))

    assert Batch(()).through(step, desk) == Batch(())
    assert Batch(()).through_once(step, desk) == Batch(())
    assert step.asked == []


def test_a_delivery_of_a_flow_that_is_no_more_ends_dead_and_its_neighbours_go_on(
    ledger: Ledger, desk: Desk, clock: TestClock
) -> None:
    ledger.register([opportunity(1), opportunity(2, flow="quote_to_invoice")], now=clock())

    batch = Batch.of(take(ledger, clock), desk)

    assert [work.delivery.record_id for work in batch.open] == [opportunity(1).record_id]
    (ended,) = batch.ended
    assert isinstance(ended, Settlement)
    assert isinstance(ended.ending, Dead)
    assert ended.ending.reason.text == (
        "there is no flow 'quote_to_invoice' in flows.yaml any more; bring it back or drop this"
    )


def test_a_step_that_comes_too_early_says_what_it_misses() -> None:
    with pytest.raises(OutOfOrder, match="the link is not known at this step"):
        known(None, "the link")
    with pytest.raises(OutOfOrder, match="a Work is not known at this step"):
        as_noun(None, Work)  # type: ignore[type-var]  # any class does for the message
