"""What the sweeper brings back: lost leases, and what waits although no message speaks of it any more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ledger.endings import Failed, Reason, State
from ledger.ledger import Ledger
from tests.support.ledger import TestClock, account, end, opportunity, state_of, take
from tests.support.ports import free_port
from workers.app import make_app
from workers.rules import Rules
from workers.sweeper import MESSAGES_PER_SWEEP, sweep
from workers.wire import IDS_PER_MESSAGE, Wire

QUEUES = ["kashflow.invoice", "kashflow.customer"]
RULES = Rules()


@pytest.fixture
def client(valkey_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(valkey_url) as client:
        yield client


@pytest.fixture
def wire(valkey_url: str, client: redis.Redis) -> Iterator[Wire]:
    app = make_app(broker_url=valkey_url, queues=QUEUES, sweep_seconds=2)
    yield Wire(app, client)
    app.close()


def _sweep(ledger: Ledger, wire: Wire, clock: TestClock) -> list[int]:
    """One round; unread messages of each queue afterwards."""
    sweep(ledger, wire, QUEUES, RULES, clock)
    return [wire.unread(queue) for queue in QUEUES]


def test_what_was_announced_a_moment_ago_is_not_said_again(
    ledger: Ledger, wire: Wire, clock: TestClock
) -> None:
    ledger.register([opportunity(1)], now=clock())

    assert _sweep(ledger, wire, clock) == [0, 0]


def test_what_no_worker_acted_on_is_said_again_once(ledger: Ledger, wire: Wire, clock: TestClock) -> None:
    ledger.register([opportunity(1), account(1)], now=clock())
    clock.tick(RULES.resend_seconds + 1)

    assert _sweep(ledger, wire, clock) == [1, 1]
    assert _sweep(ledger, wire, clock) == [1, 1]


def test_a_queue_that_still_has_unread_messages_is_left_alone(
    ledger: Ledger, wire: Wire, clock: TestClock
) -> None:
    ids = ledger.register([opportunity(1)], now=clock())
    wire.announce(ids)

    for _ in range(3):
        clock.tick(RULES.resend_seconds + 1)
        assert _sweep(ledger, wire, clock) == [1, 0]


def test_a_retry_is_said_as_soon_as_it_is_due(ledger: Ledger, wire: Wire, clock: TestClock) -> None:
    ledger.register([opportunity(1)], now=clock())
    why = Reason("send", "X", "it was busy")
    end(ledger, take(ledger, clock), Failed(clock() + timedelta(seconds=5), why), clock)

    clock.tick(4)
    assert _sweep(ledger, wire, clock) == [0, 0]
    clock.tick(1)
    assert _sweep(ledger, wire, clock) == [1, 0]


def test_the_work_of_a_lost_worker_is_brought_back_and_said(
    ledger: Ledger, wire: Wire, clock: TestClock
) -> None:
    ledger.register([opportunity(1)], now=clock())
    (delivery,) = take(ledger, clock).deliveries
    clock.tick(29)
    assert _sweep(ledger, wire, clock) == [0, 0]
    clock.tick(2)

    assert _sweep(ledger, wire, clock) == [1, 0]
    assert state_of(ledger, delivery.id) is State.WAITING


def test_a_backlog_is_said_in_a_few_messages_only(ledger: Ledger, wire: Wire, clock: TestClock) -> None:
    backlog = IDS_PER_MESSAGE * MESSAGES_PER_SWEEP + 1
    ledger.register([opportunity(number) for number in range(backlog)], now=clock())
    clock.tick(RULES.resend_seconds + 1)

    assert _sweep(ledger, wire, clock) == [MESSAGES_PER_SWEEP, 0]


def test_without_redis_leases_are_brought_back_all_the_same_and_nothing_counts_as_said(
    ledger: Ledger, clock: TestClock, valkey_url: str, wire: Wire
) -> None:
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    app = make_app(broker_url=nowhere, queues=QUEUES, sweep_seconds=2)
    ledger.register([opportunity(1)], now=clock())
    (delivery,) = take(ledger, clock).deliveries
    clock.tick(31)

    with redis.Redis.from_url(nowhere, retry=Retry(NoBackoff(), 0)) as away:
        sweep(ledger, Wire(app, away), QUEUES, RULES, clock)
    app.close()

    assert state_of(ledger, delivery.id) is State.WAITING
    assert _sweep(ledger, wire, clock) == [1, 0], "said as soon as Redis is back"
