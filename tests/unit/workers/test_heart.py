"""A living worker keeps its leases; one that ended, or has let go of a batch, does not."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import OperationalError

from ledger.deliveries import Claim
from ledger.ledger import Ledger
from tests.support.ledger import TestClock, opportunity, take
from workers.heart import Heart

#: Long enough for a busy machine, short enough for a test that hangs.
PATIENCE_SECONDS = 30
#: The heart beats three times in this many real seconds.
LEASE_SECONDS = 0.06


class _Listening(Ledger):
    """Tells of each renewal after it is committed; `away` makes the next ones fail."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]  # handed on as they came
        self.renewed: queue.SimpleQueue[tuple[str, ...]] = queue.SimpleQueue()
        self.away = 0

    def renew(self, tokens: Sequence[str], *, now: datetime, lease_seconds: float) -> None:
        if self.away:
            self.away -= 1
            raise OperationalError("UPDATE", {}, Exception("the database is away"))
        super().renew(tokens, now=now, lease_seconds=lease_seconds)
        self.renewed.put(tuple(sorted(tokens)))


@pytest.fixture
def listening(ledger_url: str) -> Iterator[_Listening]:
    opened = _Listening.open(ledger_url)
    assert isinstance(opened, _Listening)
    yield opened
    opened.close()


def _claims(ledger: Ledger, clock: TestClock) -> tuple[Claim, Claim]:
    ledger.register([opportunity(1), opportunity(2)], now=clock())
    return take(ledger, clock, limit=1), take(ledger, clock, limit=1)


def test_a_batch_that_takes_long_keeps_its_lease(listening: _Listening, clock: TestClock) -> None:
    claim, other = _claims(listening, clock)
    clock.tick(30)

    with Heart(listening, LEASE_SECONDS, clock) as heart, heart.keeping(claim):
        assert listening.renewed.get(timeout=PATIENCE_SECONDS) == (claim.token,)

    clock.tick(LEASE_SECONDS / 2)
    assert listening.expire_leases(now=clock()) == [other.deliveries[0].id]


def test_a_batch_that_has_ended_is_kept_no_longer(listening: _Listening, clock: TestClock) -> None:
    first, second = _claims(listening, clock)

    with Heart(listening, LEASE_SECONDS, clock) as heart:
        with heart.keeping(first), heart.keeping(second):
            while len(listening.renewed.get(timeout=PATIENCE_SECONDS)) < 2:
                pass
        with pytest.raises(ValueError, match="our own mistake"), heart.keeping(first):
            raise ValueError("our own mistake")
        with heart.keeping(second):
            while listening.renewed.get(timeout=PATIENCE_SECONDS) != (second.token,):
                pass
            assert listening.renewed.get(timeout=PATIENCE_SECONDS) == (second.token,)


def test_a_ledger_that_is_away_for_a_moment_does_not_stop_the_heart(
    listening: _Listening, clock: TestClock
) -> None:
    claim, _ = _claims(listening, clock)
    listening.away = 2

    with Heart(listening, LEASE_SECONDS, clock) as heart, heart.keeping(claim):
        assert listening.renewed.get(timeout=PATIENCE_SECONDS) == (claim.token,)
    assert listening.away == 0


def test_a_heart_that_was_closed_beats_no_more(listening: _Listening, clock: TestClock) -> None:
    with Heart(listening, LEASE_SECONDS, clock):
        assert "kashforce-heart" in {thread.name for thread in threading.enumerate()}

    assert "kashforce-heart" not in {thread.name for thread in threading.enumerate()}


def test_a_lease_that_has_run_out_already_is_not_brought_back(ledger: Ledger, clock: TestClock) -> None:
    claim, _ = _claims(ledger, clock)
    clock.tick(31)
    ledger.expire_leases(now=clock())

    ledger.renew([claim.token], now=clock(), lease_seconds=30)

    assert len(take(ledger, clock).deliveries) == 2
    assert clock() - claim.claimed_at == timedelta(seconds=31)
