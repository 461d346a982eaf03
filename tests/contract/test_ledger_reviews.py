"""What people decide, what was agreed on, and the lock of a pair, on both databases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ledger.deliveries import Claim, Settlement
from ledger.endings import Delivered, LinkFound, Reason, Unchanged
from ledger.ledger import Ledger
from ledger.questions import Asked, Question
from ledger.reviews import LIVE, CannotDecide, Decision, Review, ReviewState
from ledger.sweeping import expire_leases
from tests.support.ledger import TestClock, account, end, take

ABOUT = "customer 001000000000001AAA"


def _question(values: Mapping[str, Any] | None = None, field: str = "name") -> Question:
    shown = dict(values or {"salesforce": "Bright", "kashflow": "Bright Ltd"})
    detail = {
        "field": field,
        "shown": shown,
        "rows": [],
        "sides": [],
        "answers": {"salesforce": "", "kashflow": ""},
    }
    told = account(1)
    again = {
        "flow": told.flow,
        "queue": told.queue,
        "source": told.source,
        "entity": told.entity,
        "record_id": told.record_id,
        "lock_key": told.lock_key,
        "priority": 2,
        "hint": {},
    }
    return Question("conflict", ABOUT, f"{ABOUT}: {field}", f"whose {field}?", detail, again)


def _asks(ledger: Ledger, clock: TestClock, *questions: Question, **also: Any) -> Claim:
    """A delivery of the Account runs, and asks."""
    number = len(ledger.reviews(tuple(ReviewState), limit=100)) + clock().toordinal()
    ledger.register([account(1, f"{number} {clock()}")], now=clock())
    claim = take(ledger, clock, "kashflow.customer")
    asked = Asked(questions, looked_at=(ABOUT,), **also)
    reason = Reason("compare", "in_review", "a person decides")
    settlements = [Settlement(one, Unchanged(reason), asked=asked) for one in claim.deliveries]
    ledger.settle(claim, settlements, now=clock())
    clock.tick(1)
    return claim


def _decision(clock: TestClock, said: str = "kashflow") -> Decision:
    return Decision(said, "Ines", "I asked them", clock())


def _the(ledger: Ledger, *states: ReviewState) -> Review:
    (review,) = ledger.reviews(states or LIVE, limit=10)
    return review


def test_a_question_is_asked_once_however_often_it_comes_up_with_the_values_of_the_last_time(
    ledger: Ledger, clock: TestClock
) -> None:
    _asks(ledger, clock, _question())
    opened = _the(ledger)
    _asks(ledger, clock, _question({"salesforce": "Bright", "kashflow": "Brightest"}))

    review = _the(ledger)
    assert (review.id, review.opened_at) == (opened.id, opened.opened_at)
    assert review.asked_at > opened.asked_at
    assert review.detail["shown"]["kashflow"] == "Brightest"


def test_a_decision_says_who_when_and_why_and_lets_the_delivery_run_again(
    ledger: Ledger, clock: TestClock
) -> None:
    _asks(ledger, clock, _question())

    review = ledger.decide(_the(ledger).id, _decision(clock))

    assert (review.state, review.decision, review.who, review.reason, review.decided_at) == (
        ReviewState.DECIDED,
        "kashflow",
        "Ines",
        "I asked them",
        clock(),
    )
    claim = take(ledger, clock, "kashflow.customer")
    assert [one.record_id for one in claim.deliveries] == [account(1).record_id]
    assert ledger.decisions([review.subject])[review.subject].decision == "kashflow"


def test_the_sweeper_announces_what_was_decided_where_there_was_no_redis(
    ledger: Ledger, clock: TestClock
) -> None:
    _asks(ledger, clock, _question())
    ledger.decide(_the(ledger).id, _decision(clock))

    waiting = ledger.find_unannounced(["kashflow.customer"], limit=10, now=clock(), resend_seconds=60)

    assert len(waiting["kashflow.customer"]) == 1


def test_a_decision_may_be_taken_back_until_it_is_used(ledger: Ledger, clock: TestClock) -> None:
    _asks(ledger, clock, _question())
    review = ledger.decide(_the(ledger).id, _decision(clock))

    assert ledger.undo_decision(review.id, now=clock.tick(1)).state is ReviewState.OPEN
    assert ledger.decisions([review.subject]) == {}
    ledger.decide(review.id, _decision(clock))
    end(ledger, take(ledger, clock, "kashflow.customer"), Delivered("done"), clock)
    _asks(ledger, clock, used=(review.id,))

    used = _the(ledger, ReviewState.USED)
    assert used.used_at is not None
    with pytest.raises(CannotDecide, match="carried out by delivery"):
        ledger.undo_decision(review.id, now=clock())
    with pytest.raises(CannotDecide, match="carried out by delivery"):
        ledger.decide(review.id, _decision(clock))


def test_an_answer_that_is_not_offered_is_refused(ledger: Ledger, clock: TestClock) -> None:
    _asks(ledger, clock, _question())
    review = _the(ledger)

    with pytest.raises(CannotDecide, match="expected salesforce or kashflow"):
        ledger.decide(review.id, _decision(clock, "whatever"))
    with pytest.raises(CannotDecide, match="there is no decision"):
        ledger.undo_decision(review.id, now=clock())
    with pytest.raises(CannotDecide, match="there is no review 99"):
        ledger.decide(99, _decision(clock))
    assert _the(ledger).state is ReviewState.OPEN


def test_a_question_that_does_not_come_up_again_is_withdrawn_and_may_come_up_later(
    ledger: Ledger, clock: TestClock
) -> None:
    _asks(ledger, clock, _question(), _question(field="vat_number"))
    _asks(ledger, clock, _question())

    withdrawn = _the(ledger, ReviewState.WITHDRAWN)
    assert withdrawn.subject == f"{ABOUT}: vat_number"
    with pytest.raises(CannotDecide, match="withdrawn"):
        ledger.decide(withdrawn.id, _decision(clock))
    _asks(ledger, clock, _question(), _question(field="vat_number"))
    assert len(ledger.reviews(LIVE, limit=10)) == 2


def test_a_decided_question_is_not_withdrawn_before_its_delivery_has_seen_the_answer(
    ledger: Ledger, clock: TestClock
) -> None:
    _asks(ledger, clock, _question())
    ledger.decide(_the(ledger).id, _decision(clock))

    _asks(ledger, clock)

    assert _the(ledger).state is ReviewState.DECIDED


def test_what_was_agreed_on_is_kept_by_whoever_holds_the_lease_only(ledger: Ledger, clock: TestClock) -> None:
    def agreed(code: str, value: str) -> LinkFound:
        return LinkFound("customer", "Account", account(1).record_id, "77", code, {"fields": {"name": value}})

    ledger.register([account(1)], now=clock())
    lost = take(ledger, clock, "kashflow.customer")
    clock.tick(60)
    with ledger.writing() as connection:
        expire_leases(connection, clock())
    held = take(ledger, clock, "kashflow.customer")
    ledger.settle(
        held, [Settlement(held.deliveries[0], Delivered("done"), link=agreed("NEW", "new"))], now=clock()
    )
    ledger.settle(
        lost, [Settlement(lost.deliveries[0], Delivered("done"), link=agreed("OLD", "old"))], now=clock()
    )

    link = ledger.links_by_kashflow_id("customer", ["77"])["77"]
    assert link.golden == {"fields": {"name": "new"}}


def test_a_link_that_says_nothing_of_the_golden_record_leaves_it_as_it_is(
    ledger: Ledger, clock: TestClock
) -> None:
    for version, golden in (("1", {"contact": "003"}), ("2", None)):
        ledger.register([account(1, version)], now=clock())
        claim = take(ledger, clock, "kashflow.customer")
        link = LinkFound("customer", "Account", account(1).record_id, "77", f"CODE{version}", golden)
        ledger.settle(claim, [Settlement(claim.deliveries[0], Delivered("done"), link=link)], now=clock())

    link_now = ledger.links_by_kashflow_id("customer", ["77"])["77"]
    assert (link_now.kashflow_key, link_now.golden) == ("CODE2", {"contact": "003"})


def test_a_pair_moves_to_the_record_that_its_own_was_merged_into(ledger: Ledger, clock: TestClock) -> None:
    winner = account(2).record_id
    for version, link in (
        ("1", LinkFound("customer", "Account", account(1).record_id, "77", "CODE", {"contact": "003"})),
        ("2", LinkFound("customer", "Account", winner, "77", "CODE", None, account(1).record_id)),
    ):
        ledger.register([account(1, version)], now=clock())
        claim = take(ledger, clock, "kashflow.customer")
        ledger.settle(claim, [Settlement(claim.deliveries[0], Delivered("done"), link=link)], now=clock())

    assert ledger.links_by_salesforce_id("customer", "Account", [account(1).record_id]) == {}
    moved = ledger.links_by_salesforce_id("customer", "Account", [winner])[winner]
    assert (moved.kashflow_id, moved.golden) == ("77", {"contact": "003"})


def test_two_running_deliveries_cannot_hold_the_lock_of_one_pair(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([account(1), account(2)], now=clock())
    claim = take(ledger, clock, "kashflow.customer")
    first, second = claim.deliveries

    assert ledger.lock(first.id, claim.token, "customer:pair")
    assert ledger.lock(first.id, claim.token, "customer:pair"), "it holds it already"
    assert not ledger.lock(second.id, claim.token, "customer:pair")
    assert not ledger.lock(second.id, "another claim", "customer:other")
    ledger.settle(claim, [Settlement(first, Delivered("done"))], now=clock())
    assert ledger.lock(second.id, claim.token, "customer:pair")


def test_questions_of_a_delivery_whose_lease_was_lost_are_not_asked(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([account(1)], now=clock())
    claim = take(ledger, clock, "kashflow.customer")
    clock.tick(60)
    with ledger.writing() as connection:
        expire_leases(connection, clock())

    settled = ledger.settle(
        claim, [Settlement(claim.deliveries[0], Delivered("done"), asked=Asked((_question(),)))], now=clock()
    )

    assert settled.too_late == (claim.deliveries[0].id,)
    assert ledger.reviews(LIVE, limit=10) == []


def test_a_decision_that_is_taken_while_the_question_is_asked_again_stands(
    ledger: Ledger, clock: TestClock
) -> None:
    _asks(ledger, clock, _question())
    ledger.register([account(1, "edited meanwhile")], now=clock())
    claim = take(ledger, clock, "kashflow.customer")
    clock.tick(1)
    review = ledger.decide(_the(ledger).id, _decision(clock))
    clock.tick(1)

    asked = Asked((_question(),), looked_at=(ABOUT,))
    reason = Reason("compare", "in_review", "a person decides")
    ledger.settle(
        claim, [Settlement(one, Unchanged(reason), asked=asked) for one in claim.deliveries], now=clock()
    )

    assert (_the(ledger).state, _the(ledger).decision) == (ReviewState.DECIDED, review.decision)
    assert len(take(ledger, clock, "kashflow.customer").deliveries) == 1
