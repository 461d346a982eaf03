"""Only one of several processes is the producer, and a standby takes over; threads stand for processes here."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from ledger import schema
from ledger.ledger import Ledger
from ledger.producing import LeaseLost
from producers.singleton import LEASE_SECONDS, Singleton
from tests.support.ledger import TestClock, opportunity

#: Long enough for a busy machine, short enough for a test that hangs.
PATIENCE_SECONDS = 30
#: Real seconds between two tries are a fifth of this, between two renewals a third.
SECONDS = 0.2


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    url = f"sqlite:///{tmp_path}/ledger.db"
    schema.upgrade(url)
    opened = Ledger.open(url)
    yield opened
    opened.close()


def _singleton(ledger: Ledger, clock: TestClock, lost: threading.Event | None = None) -> Singleton:
    return Singleton(ledger, "stream", clock=clock, on_lost=(lost or threading.Event()).set, seconds=SECONDS)


def _acquiring(singleton: Singleton) -> tuple[threading.Thread, queue.SimpleQueue[bool]]:
    answer: queue.SimpleQueue[bool] = queue.SimpleQueue()
    thread = threading.Thread(target=lambda: answer.put(singleton.acquire()))
    thread.start()
    return thread, answer


def test_the_first_leads_and_a_standby_takes_over_when_it_lets_go(ledger: Ledger) -> None:
    clock = TestClock()
    first, second = _singleton(ledger, clock), _singleton(ledger, clock)
    assert first.acquire()
    fence = first.lease.fence
    thread, answer = _acquiring(second)

    first.release()

    assert answer.get(timeout=PATIENCE_SECONDS) is True
    thread.join()
    assert second.lease.fence > fence
    second.release()


def test_a_standby_takes_over_from_one_that_was_killed_when_its_lease_has_run_out(ledger: Ledger) -> None:
    clock = TestClock()
    killed = ledger.take_lease("stream", "a process that was killed", now=clock(), seconds=10)
    assert killed
    standby = _singleton(ledger, clock)
    thread, answer = _acquiring(standby)

    clock.tick(11)

    assert answer.get(timeout=PATIENCE_SECONDS) is True
    thread.join()
    with pytest.raises(LeaseLost):
        ledger.register([opportunity(1)], now=clock(), lease=killed)
    ledger.register([opportunity(1)], now=clock(), lease=standby.lease)
    standby.release()


def test_of_two_that_start_together_one_leads(ledger: Ledger) -> None:
    clock = TestClock()
    contenders = [_singleton(ledger, clock) for _ in range(2)]
    threads, answers = zip(*(_acquiring(one) for one in contenders), strict=True)

    # Whoever leads answers; the other one answers only because it is told to stop.
    while all(answer.empty() for answer in answers):
        threads[0].join(timeout=0.01)
    for one in contenders:
        one.interrupt()
    for thread in threads:
        thread.join()

    assert sorted(answer.get(timeout=PATIENCE_SECONDS) for answer in answers) == [False, True]
    for one in contenders:
        one.release()


def test_the_leader_is_told_when_another_was_given_the_right(ledger: Ledger) -> None:
    clock, lost = TestClock(), threading.Event()
    leader = _singleton(ledger, clock, lost)
    assert leader.acquire()

    # Its machine slept so long that somebody else took over meanwhile.
    clock.tick(60)
    while ledger.take_lease("stream", "another process", now=clock(), seconds=3600) is None:
        clock.tick(60)

    assert lost.wait(PATIENCE_SECONDS)
    with pytest.raises(LeaseLost):
        ledger.register([opportunity(1)], now=clock(), lease=leader.lease)
    leader.release()
    assert ledger.take_lease("stream", "a third one", now=clock(), seconds=1) is None, (
        "it is not ours to give"
    )


def test_a_ledger_that_is_away_for_a_moment_does_not_end_the_lead(tmp_path: Path, ledger: Ledger) -> None:
    renewals: queue.SimpleQueue[str] = queue.SimpleQueue()

    class Flaky(Ledger):
        """Its database is away for the first renewal."""

        def take_lease(self, name: str, *args: object, **kwargs: object) -> object:  # type: ignore[override]  # only counts
            taken = renewals.qsize()
            renewals.put(name)
            if taken == 1:
                raise OperationalError("UPDATE", {}, Exception("the database is away"))
            return super().take_lease(name, *args, **kwargs)  # type: ignore[arg-type]  # handed on as they came

    flaky = Flaky.open(f"sqlite:///{tmp_path}/ledger.db")
    lost = threading.Event()
    leader = _singleton(flaky, TestClock(), lost)
    assert leader.acquire()

    while renewals.qsize() < 4:
        assert not lost.wait(0.01)

    leader.release()
    flaky.close()


def test_whoever_stands_by_can_be_told_to_stop(ledger: Ledger) -> None:
    clock = TestClock()
    first, second = _singleton(ledger, clock), _singleton(ledger, clock)
    assert first.acquire()
    thread, answer = _acquiring(second)

    second.interrupt()

    assert answer.get(timeout=PATIENCE_SECONDS) is False
    thread.join()
    second.release()
    with pytest.raises(RuntimeError, match="acquire it first"):
        _ = second.lease
    first.release()


def test_a_standby_that_looks_five_times_per_lease_takes_over_within_15_seconds() -> None:
    assert LEASE_SECONDS + LEASE_SECONDS / 5 <= 15


def test_a_standby_outlives_a_ledger_that_is_away_for_a_while(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/away.db"
    ledger = Ledger.open(url)
    standby = _singleton(ledger, TestClock())
    thread, answer = _acquiring(standby)

    schema.upgrade(url)

    assert answer.get(timeout=PATIENCE_SECONDS) is True
    thread.join()
    standby.release()
    ledger.close()
