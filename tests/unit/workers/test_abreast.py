"""Calls side by side under a narrow budget: whoever was turned away is asked again, and nobody is asked for ever."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.errors import QuotaSpent
from connectors.meter import NO_BUDGET
from ledger.endings import Dead, NotNow, Reason
from ledger.ledger import Ledger
from tests.support.ledger import TestClock, opportunity, take
from workers.abreast import STOPPING, abreast
from workers.classify import ending_of
from workers.desk import Desk
from workers.work import Batch, Progress, Work


@pytest.fixture
def works(ledger: Ledger, desk: Desk, clock: TestClock) -> list[Work]:
    ledger.register([opportunity(number) for number in range(8)], now=clock())
    return list(Batch.of(take(ledger, clock), desk).open)


def _turned_away(desk: Desk, work: Work) -> Progress:
    error = QuotaSpent("not now", system="kashflow", code=NO_BUDGET, retry_after_seconds=1)
    return work.ends(ending_of(error, work.delivery, "send", desk))


def test_everybody_is_let_in_in_the_end_and_the_order_is_kept(desk: Desk, works: list[Work]) -> None:
    slot, asked = threading.Lock(), Counter[int]()

    def one(desk: Desk, work: Work) -> Progress:
        asked[work.delivery.id] += 1
        if not slot.acquire(blocking=False):
            return _turned_away(desk, work)
        try:
            return replace(work, payload={"id": work.delivery.id})
        finally:
            slot.release()

    made = abreast(desk, one, works)

    assert [entry.payload for entry in made if isinstance(entry, Work)] == [
        {"id": work.delivery.id} for work in works
    ]
    assert set(asked) == {work.delivery.id for work in works}


def test_when_nobody_is_let_in_all_are_put_off(desk: Desk, works: list[Work], clock: TestClock) -> None:
    made = abreast(desk, _turned_away, works)

    for entry in made:
        assert not isinstance(entry, Work)
        assert isinstance(entry.ending, NotNow)
        assert entry.ending.until == clock() + timedelta(seconds=1)


def test_a_record_that_was_refused_is_not_asked_again(desk: Desk, works: list[Work]) -> None:
    asked = Counter[int]()

    def one(desk: Desk, work: Work) -> Progress:
        asked[work.delivery.id] += 1
        return work.ends(Dead(Reason("send", "X", "no")))

    abreast(desk, one, works)

    assert set(asked.values()) == {1}


def test_a_worker_that_is_told_to_stop_begins_no_other_record(
    desk: Desk, works: list[Work], clock: TestClock
) -> None:
    stopped = threading.Event()
    stopping = replace(desk, wait=stopped.wait, rules=replace(desk.rules, kashflow_side_by_side=1))

    def one(desk: Desk, work: Work) -> Progress:
        if work is works[2]:
            stopped.set()
        return replace(work, payload={})

    made = abreast(stopping, one, works)

    assert [isinstance(entry, Work) for entry in made] == [True] * 3 + [False] * 5
    for entry in made[3:]:
        assert not isinstance(entry, Work)
        assert entry.ending == NotNow(clock(), Reason("claim", "stopping", STOPPING))


def test_no_works_need_no_calls(desk: Desk) -> None:
    assert abreast(desk, _turned_away, []) == []
