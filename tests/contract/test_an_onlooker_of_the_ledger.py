"""Whoever only looks on reads all of the ledger, writes nothing, and stands in nobody's way."""

from __future__ import annotations

import pytest

from ledger.ledger import Ledger
from ledger.onlooker import Onlooker, OnlyLooking
from ledger.overview import first_registered_at
from tests.support.ledger import START, TestClock, opportunity, take


def test_an_onlooker_sees_what_is_there_and_writes_nothing(ledger: Ledger) -> None:
    onlooker = Onlooker(ledger)
    ledger.register([opportunity(1)], now=START)

    with onlooker.reading() as connection:
        assert first_registered_at(connection) == START
    with pytest.raises(OnlyLooking):
        onlooker.register([opportunity(2)], now=START)
    with pytest.raises(OnlyLooking):
        onlooker.writing()


def test_a_lock_that_an_onlooker_takes_keeps_nobody_out(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(1, lock_key="customer:001")], now=START)

    assert Onlooker(ledger).lock(-1, "", "customer:001")

    assert len(take(ledger, clock).deliveries) == 1


def test_before_the_first_delivery_nothing_was_registered(ledger: Ledger) -> None:
    with ledger.reading() as connection:
        assert first_registered_at(connection) is None
