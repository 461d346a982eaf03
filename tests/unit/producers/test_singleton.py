"""One of several producers acts; the others wait, and outlive what killed it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger import schema
from ledger.ledger import Ledger
from producers.singleton import LEASE_SECONDS, Singleton
from tests.support.ledger import TestClock

#: Nobody waits this long; a test that would is broken.
BROKEN_SECONDS = 30


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    url = f"sqlite:///{tmp_path}/ledger.db"
    schema.upgrade(url)
    opened = Ledger.open(url)
    yield opened
    opened.close()


def _singleton(ledger: Ledger, clock: TestClock, lost: threading.Event, seconds: float = 0.3) -> Singleton:
    return Singleton(ledger, "poll", clock=clock, on_lost=lost.set, seconds=seconds)


def test_a_standby_that_looks_five_times_per_lease_takes_over_within_15_seconds() -> None:
    assert LEASE_SECONDS + LEASE_SECONDS / 5 <= 15


def test_a_standby_waits_until_the_holder_gives_the_right_back(ledger: Ledger) -> None:
    clock, lost = TestClock(), threading.Event()
    first, second = (_singleton(ledger, clock, lost) for _ in range(2))
    assert first.acquire()
    waiting = threading.Thread(target=second.acquire)
    waiting.start()

    first.release()
    waiting.join(BROKEN_SECONDS)

    assert not waiting.is_alive()
    assert second.lease.fence == 2
    second.release()


def test_a_standby_that_is_told_to_stop_does_not_act(ledger: Ledger) -> None:
    clock, lost = TestClock(), threading.Event()
    first, second = (_singleton(ledger, clock, lost) for _ in range(2))
    assert first.acquire()
    second.interrupt()

    assert second.acquire() is False
    first.release()


def test_a_holder_that_was_replaced_is_told_to_stop(ledger: Ledger) -> None:
    clock, lost = TestClock(), threading.Event()
    sleeper = _singleton(ledger, clock, lost, seconds=1.5)
    assert sleeper.acquire()
    clock.tick(60)
    # It slept through its lease, and before it renews somebody else is given the right.
    taken = ledger.take_lease("poll", "somebody else", now=clock(), seconds=1000)

    assert taken is not None
    assert lost.wait(BROKEN_SECONDS)
    sleeper.release()
    assert ledger.take_lease("poll", "third", now=clock(), seconds=10) is None, "the right is not its to give"


def test_a_standby_outlives_a_ledger_that_is_away_for_a_while(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    ledger = Ledger.open(url)
    standby = _singleton(ledger, TestClock(), threading.Event())
    waiting = threading.Thread(target=standby.acquire)
    waiting.start()

    schema.upgrade(url)
    waiting.join(BROKEN_SECONDS)

    assert not waiting.is_alive()
    assert standby.lease.name == "poll"
    standby.release()
    ledger.close()
