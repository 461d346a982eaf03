"""Dead letters on both databases: what is kept of them, how they are found, grouped, put back and dropped."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger import dead_letters
from ledger.deliveries import Delivery, NewDelivery, Settlement
from ledger.endings import Dead, Delivered, Ending, Failed, NotNow, Reason, State, Worth
from ledger.ledger import Ledger
from ledger.overview import attempts_of, deliveries_of, delivery_by_id
from ledger.selection import Selection
from tests.support.ledger import START, TestClock, account, opportunity, state_of, take

REFUSED = Reason(
    "send",
    "ValidationError",
    "kashflow: the period is locked",
    error_class="Refused",
    request="POST /v2/invoices\n{}",
    answer='400\n{"Error":"ValidationError"}',
)
MAPPING = Reason("understand", "mapping", "VAT rate 17.5 % is not set up")
ALL = Selection()


def _die(
    ledger: Ledger,
    clock: TestClock,
    *new: NewDelivery,
    reason: Reason = REFUSED,
    worth: Worth | None = None,
) -> list[int]:
    """Register these, let each become a dead letter, and return their ids."""
    waiting = ledger.register(new, now=clock())
    for queue in waiting:
        claim = take(ledger, clock, queue)
        ledger.settle(
            claim, [Settlement(each, Dead(reason), worth=worth) for each in claim.deliveries], now=clock()
        )
    return [id_ for ids in waiting.values() for id_ in ids]


def _read(ledger: Ledger, delivery_id: int) -> Delivery:
    with ledger.reading() as connection:
        found = delivery_by_id(connection, delivery_id)
    assert found is not None
    return found


def test_a_dead_letter_keeps_its_cause_its_worth_and_when_it_died(ledger: Ledger, clock: TestClock) -> None:
    (id_,) = _die(ledger, clock, opportunity(1), worth=Worth(120_000, "GBP"))

    dead = _read(ledger, id_)
    assert (dead.state, dead.ended_at) == (State.DEAD, START)
    assert (dead.reason_stage, dead.reason_code, dead.reason_class) == ("send", "ValidationError", "Refused")
    assert dead.fingerprint
    assert (dead.worth_hundredths, dead.worth_currency) == (120_000, "GBP")


def test_an_attempt_keeps_what_was_sent_and_what_was_answered(ledger: Ledger, clock: TestClock) -> None:
    (id_,) = _die(ledger, clock, opportunity(1))

    with ledger.reading() as connection:
        (attempt,) = attempts_of(connection, [id_])
    assert (attempt.error_class, attempt.request, attempt.answer) == (
        "Refused",
        "POST /v2/invoices\n{}",
        '400\n{"Error":"ValidationError"}',
    )


def test_dead_letters_of_one_cause_are_one_group_with_what_is_at_risk(
    ledger: Ledger, clock: TestClock
) -> None:
    first = _die(ledger, clock, opportunity(1), worth=Worth(100, "GBP"))
    clock.tick(60)
    second = _die(ledger, clock, opportunity(2), worth=Worth(250, "GBP"))
    _die(ledger, clock, opportunity(3), reason=MAPPING)

    with ledger.reading() as connection:
        big, small = dead_letters.groups(connection, ALL, 10)

    assert (big.count, big.worth_hundredths, big.currency) == (2, 350, "GBP")
    assert (big.first_at, big.last_at) == (START, START + timedelta(seconds=60))
    assert big.newest_id == max(first + second)
    assert (small.count, small.worth_hundredths, small.currency) == (1, None, "")


def test_what_is_at_risk_is_not_added_up_over_currencies(ledger: Ledger, clock: TestClock) -> None:
    _die(ledger, clock, opportunity(1), worth=Worth(100, "GBP"))
    _die(ledger, clock, opportunity(2), worth=Worth(100, "EUR"))

    with ledger.reading() as connection:
        groups = dead_letters.groups(connection, ALL, 10)

    assert {(group.currency, group.count) for group in groups} == {("GBP", 1), ("EUR", 1)}
    assert len({group.fingerprint for group in groups}) == 1


def test_each_part_of_a_filter_narrows_it(ledger: Ledger, clock: TestClock) -> None:
    (invoice,) = _die(ledger, clock, opportunity(1))
    clock.tick(60)
    (customer,) = _die(ledger, clock, account(2), reason=MAPPING)
    dead = {id_: _read(ledger, id_) for id_ in (invoice, customer)}

    for selection, wanted in (
        (ALL, {invoice, customer}),
        (Selection(ids=(customer,)), {customer}),
        (Selection(queue="kashflow.invoice"), {invoice}),
        (Selection(flow="account_to_customer"), {customer}),
        (Selection(entity="Account"), {customer}),
        (Selection(records=(dead[invoice].record_id,)), {invoice}),
        (Selection(stage="understand"), {customer}),
        (Selection(code="mapping"), {customer}),
        (Selection(error_class="Refused"), {invoice}),
        (Selection(fingerprint=dead[invoice].fingerprint or ""), {invoice}),
        (Selection(text="PERIOD is"), {invoice}),
        (Selection(text="17.5 %"), {customer}),
        (Selection(text="_"), set()),
        (Selection(since=START + timedelta(seconds=60)), {customer}),
        (Selection(until=START + timedelta(seconds=60)), {invoice}),
    ):
        with ledger.reading() as connection:
            total, letters = dead_letters.newest(connection, selection, 10)
            assert {letter.id for letter in letters} == wanted, selection
            assert total == dead_letters.count(connection, selection) == len(wanted)


@pytest.mark.parametrize("selection", [ALL, Selection(text="period"), Selection(since=START)])
def test_a_page_goes_on_behind_the_last_one(ledger: Ledger, clock: TestClock, selection: Selection) -> None:
    ids = [id_ for number in range(5) for id_ in _die(ledger, clock, opportunity(number))]

    with ledger.reading() as connection:
        total, first = dead_letters.newest(connection, selection, 3)
        again, second = dead_letters.newest(connection, selection, 3, before_id=first[-1].id)
        all_seen, third = dead_letters.newest(connection, selection, 3, before_id=second[-1].id)

    assert [letter.id for letter in first + second] == sorted(ids, reverse=True)
    assert (third, {total, again, all_seen}) == ([], {5})


def test_a_replayed_one_waits_as_if_new_and_its_story_says_who_did_it(
    ledger: Ledger, clock: TestClock
) -> None:
    (id_,) = _die(ledger, clock, opportunity(1))
    clock.tick(60)

    with ledger.writing() as connection:
        assert dead_letters.replay(connection, [id_], 7, "operation 7 by kim: unlocked", clock()) == [id_]

    waiting = _read(ledger, id_)
    assert (waiting.state, waiting.attempts, waiting.ended_at) == (State.WAITING, 0, None)
    assert (waiting.operation_id, waiting.due_at) == (7, clock())
    with ledger.reading() as connection:
        assert [attempt.ending for attempt in attempts_of(connection, [id_])] == ["dead", "replayed"]
    assert ledger.find_unannounced(["kashflow.invoice"], limit=10, now=clock(), resend_seconds=60) == {
        "kashflow.invoice": [id_]
    }


def test_what_is_dead_no_longer_is_not_put_back(ledger: Ledger, clock: TestClock) -> None:
    (id_,) = _die(ledger, clock, opportunity(1))
    ledger.register([opportunity(1, "2")], now=clock())
    claim = take(ledger, clock)
    ledger.settle(claim, [Settlement(each, Delivered("done")) for each in claim.deliveries], now=clock())

    with ledger.writing() as connection:
        assert dead_letters.replay(connection, [id_], 7, "too late", clock()) == []

    assert state_of(ledger, id_) is State.SUPERSEDED


def test_a_replay_beside_a_newer_change_of_its_record_is_overtaken_by_it(
    ledger: Ledger, clock: TestClock
) -> None:
    (old,) = _die(ledger, clock, opportunity(1))
    ((new,),) = ledger.register([opportunity(1, "2")], now=clock()).values()
    with ledger.writing() as connection:
        dead_letters.replay(connection, [old], 7, "again", clock())

    claim = take(ledger, clock)

    assert [delivery.id for delivery in claim.deliveries] == [new]
    assert state_of(ledger, old) is State.SUPERSEDED


def test_a_dropped_one_stays_in_the_ledger_and_cannot_come_back(ledger: Ledger, clock: TestClock) -> None:
    (id_,) = _die(ledger, clock, opportunity(1))

    with ledger.writing() as connection:
        assert dead_letters.drop(connection, [id_], 8, "operation 8 by kim: by hand", clock()) == [id_]
        assert dead_letters.replay(connection, [id_], 9, "after all", clock()) == []

    assert state_of(ledger, id_) is State.DROPPED
    assert ledger.register([opportunity(1)], now=clock()) == {}


def test_a_walk_over_dead_letters_meets_each_once_and_leaves_later_ones(
    ledger: Ledger, clock: TestClock
) -> None:
    ids = [id_ for number in range(5) for id_ in _die(ledger, clock, opportunity(number))]
    with ledger.reading() as connection:
        last = dead_letters.last_id(connection, ALL)
    _die(ledger, clock, opportunity(99))

    met: list[int] = []
    while True:
        with ledger.reading() as connection:
            chunk = dead_letters.next_ids(connection, ALL, met[-1] if met else 0, last, 2)
        met += chunk
        if len(chunk) < 2:
            break

    assert met == ids


def test_what_only_waits_again_is_no_dead_letter_and_has_no_fingerprint(
    ledger: Ledger, clock: TestClock
) -> None:
    endings: list[Ending] = [Failed(clock() + timedelta(hours=1), REFUSED), NotNow(clock(), REFUSED)]
    ledger.register([opportunity(1), opportunity(2)], now=clock())
    claim = take(ledger, clock)
    ledger.settle(
        claim,
        [Settlement(each, ending) for each, ending in zip(claim.deliveries, endings, strict=True)],
        now=clock(),
    )

    with ledger.reading() as connection:
        assert dead_letters.count(connection, ALL) == 0
        waiting = deliveries_of(connection, [opportunity(1).record_id, opportunity(2).record_id])
    assert [each.fingerprint for each in waiting] == [None, None]
    assert [each.ended_at for each in waiting] == [None, None]
