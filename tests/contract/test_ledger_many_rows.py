"""Many rows in one statement are the same rows as one by one, on both databases, whatever stands in them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy.exc import DataError

from ledger.deliveries import Settlement
from ledger.endings import Dead, Delivered, Ending, Failed, NotNow, Reason, State, Superseded, Unchanged
from ledger.ledger import Ledger
from ledger.overview import attempts_of, delivery_by_id
from tests.support.ledger import START, TestClock, opportunity, state_of, take

WHY = Reason("send", "code", "why")


def test_what_is_registered_together_has_ids_in_its_order(ledger: Ledger, clock: TestClock) -> None:
    told = [opportunity(number % 7, version=str(number)) for number in range(300)]

    ids = ledger.register(told, now=clock())["kashflow.invoice"]

    with ledger.reading() as connection:
        stored = [delivery_by_id(connection, id_) for id_ in sorted(ids)]
    assert [one.version for one in stored if one] == [str(number) for number in range(300)]


def test_what_is_known_already_is_left_out_wherever_it_stands(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(2), opportunity(4)], now=clock())

    new = ledger.register([opportunity(number) for number in (1, 2, 3, 4, 4, 5, 5)], now=clock())

    assert len(new["kashflow.invoice"]) == 3


@pytest.mark.parametrize(
    "said", ["", "Müller & Söhne", 'He said "no"', "back\\slash", "a\x00b", "\ud800", "\n\t", "😀", "\\u0000"]
)
def test_a_hint_comes_back_as_it_was_told(ledger: Ledger, clock: TestClock, said: str) -> None:
    ledger.register(
        [opportunity(1, hint={"key": said}), opportunity(2, hint={}), opportunity(3, hint={said: "x"})],
        now=clock(),
    )

    assert [delivery.hint for delivery in take(ledger, clock).deliveries] == [
        {"key": said},
        {},
        {said: "x"},
    ]


@pytest.mark.parametrize(
    "said", ["", "Müller", 'He said "no"', "back\\slash", "a\x00b", "\ud800", "\n\t", "\\u0000"]
)
def test_a_snapshot_comes_back_as_it_was_told(ledger: Ledger, clock: TestClock, said: str) -> None:
    snapshot = json.dumps({"Name": said})
    ledger.register([opportunity(1, snapshot=snapshot), opportunity(2)], now=clock())

    assert [delivery.snapshot for delivery in take(ledger, clock).deliveries] == [snapshot, None]


def test_a_snapshot_is_kept_while_its_delivery_waits_and_no_longer(ledger: Ledger, clock: TestClock) -> None:
    endings: list[Ending] = [
        NotNow(START, WHY),
        Failed(START, WHY),
        Delivered("done"),
        Unchanged(WHY),
        Superseded(WHY),
        Dead(WHY),
    ]
    ledger.register([opportunity(number, snapshot="{}") for number in range(len(endings))], now=clock())
    claim = take(ledger, clock)

    ledger.settle(
        claim,
        [Settlement(one, ending) for one, ending in zip(claim.deliveries, endings, strict=True)],
        now=clock(),
    )

    with ledger.reading() as connection:
        stored = [delivery_by_id(connection, one.id) for one in claim.deliveries]
    assert [one.snapshot for one in stored if one] == ["{}", "{}", None, None, None, None]


def test_text_that_is_too_long_is_never_cut(ledger: Ledger, clock: TestClock) -> None:
    told = [opportunity(1), opportunity(2, record_id="0" * 81)]

    if ledger.engine.dialect.name == "sqlite":
        ledger.register(told, now=clock())
        assert [one.record_id for one in take(ledger, clock).deliveries][1] == "0" * 81
    else:
        with pytest.raises(DataError):
            ledger.register(told, now=clock())


def test_times_keep_their_moment_whatever_their_zone_and_fraction(ledger: Ledger, clock: TestClock) -> None:
    moments = [START, START + timedelta(microseconds=1), START - timedelta(days=4000, microseconds=999_999)]
    ledger.register(
        [opportunity(number, occurred_at=moment) for number, moment in enumerate(moments)], now=clock()
    )

    assert [delivery.occurred_at for delivery in take(ledger, clock).deliveries] == moments


def test_each_record_of_a_batch_gets_its_own_ending(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(number) for number in range(4)], now=clock())
    claim = take(ledger, clock)
    later = clock() + timedelta(minutes=5)
    endings: list[Ending] = [
        Delivered("created invoice 1042"),
        Dead(Reason("send", "InvalidVATRate", "a rate that's \x00 odd")),
        Failed(later, Reason("send", "SQLTimeout", "again")),
        Delivered("created invoice 1043"),
    ]

    ledger.settle(
        claim,
        [Settlement(one, ending) for one, ending in zip(claim.deliveries, endings, strict=True)],
        now=clock(),
    )

    ids = [delivery.id for delivery in claim.deliveries]
    states = [state_of(ledger, id_) for id_ in ids]
    assert states == [State.DELIVERED, State.DEAD, State.WAITING, State.DELIVERED]
    with ledger.reading() as connection:
        failed = delivery_by_id(connection, ids[2])
        notes = {attempt.delivery_id: attempt.note for attempt in attempts_of(connection, ids)}
    assert failed
    assert failed.due_at == later
    assert [notes[id_] for id_ in ids] == [
        "created invoice 1042",
        "a rate that's \N{REPLACEMENT CHARACTER} odd",
        "again",
        "created invoice 1043",
    ]
