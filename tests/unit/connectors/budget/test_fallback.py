"""Redis goes away and comes back: work goes on, on a small budget, and the change is told once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from connectors.budget import (
    SALESFORCE,
    BudgetRules,
    BurstRules,
    ConcurrencyRules,
    DailyRules,
    FallbackBudget,
    Granted,
    LocalBudget,
    Outcome,
    RedisBudget,
    Why,
)
from connectors.budget.fallback import TRY_AGAIN_SECONDS
from tests.support.budgets import SetClock, call, lease_of, wait_of
from tests.support.valkey import ValkeyServer

RULES = BudgetRules(
    ConcurrencyRules(8, 8),
    daily=DailyRules(allowed=1_000, shares=(1.0, 0.5)),
    burst=BurstRules(calls_per_second=80, bucket=800),
)


class Story:
    """A process with its budget, and the Redis that may be taken from it."""

    def __init__(self, server: ValkeyServer, client: redis.Redis) -> None:
        self.server = server
        self.client = client
        self.clock = SetClock()
        self.switches: list[bool] = []
        self.shared = RedisBudget(client, "salesforce", RULES, self.clock)
        local = LocalBudget(RULES.for_one_of(4), self.clock)
        self.budget = FallbackBudget(self.shared, local, self.clock, self.switches.append)


@pytest.fixture
def story() -> Iterator[Story]:
    with (
        ValkeyServer() as server,
        redis.Redis.from_url(server.url, retry=Retry(NoBackoff(), 0)) as client,
    ):
        yield Story(server, client)


def test_work_goes_on_without_redis_on_a_quarter_of_what_is_left(story: Story) -> None:
    story.budget.observe_usage(used=200, allowed=1_000)
    story.server.kill()

    call(story.budget, calls=200)
    story.clock.advance(1)

    assert wait_of(story.budget.spend(1, 0)).why is Why.DAILY
    assert story.budget.state().concurrency_limit == 2
    assert story.switches == [True]


def test_the_shared_budget_is_used_again_when_redis_is_back(story: Story) -> None:
    story.server.kill()
    call(story.budget)
    story.server.start()

    story.clock.advance(TRY_AGAIN_SECONDS)
    call(story.budget)

    assert story.switches == [True, False]
    assert story.budget.state().concurrency_limit == 8


def test_a_redis_that_failed_is_left_alone_for_a_moment(story: Story) -> None:
    story.server.kill()
    call(story.budget)
    story.server.start()

    story.clock.advance(TRY_AGAIN_SECONDS - 1)
    call(story.budget)

    assert story.switches == [True]


def test_a_redis_that_lost_its_memory_hears_what_the_process_knows(story: Story) -> None:
    story.budget.observe_usage(used=990, allowed=1_000)
    story.server.kill()
    call(story.budget, calls=2)
    story.server.start()

    story.clock.advance(TRY_AGAIN_SECONDS)

    assert wait_of(story.budget.spend(9, 0)).why is Why.DAILY
    assert story.shared.state().used == 992


def test_a_pause_that_was_heard_before_redis_went_away_still_holds(story: Story) -> None:
    lease = lease_of(story.budget.spend(1, 0))
    story.budget.done(lease, Outcome(seconds=0.1, ok=False, overloaded=True, retry_after_seconds=60))

    story.server.kill()

    assert wait_of(story.budget.spend(1, 0)).why is Why.PAUSED


def test_the_lease_of_a_lost_redis_can_be_given_back(story: Story) -> None:
    lease = lease_of(story.budget.spend(1, 0))
    story.server.kill()

    story.budget.done(lease, Outcome(seconds=0.1))

    assert story.budget.state().concurrency == 0


@pytest.mark.parametrize("processes", [1, 3, 8])
def test_processes_that_cannot_see_each_other_stay_within_the_limits_together(processes: int) -> None:
    clock = SetClock()
    budgets = [LocalBudget(SALESFORCE.for_one_of(processes), clock) for _ in range(processes)]

    granted = 0
    for _ in range(1_000):
        for budget in budgets:
            while isinstance(answer := budget.spend(1, 0), Granted):
                granted += 1
                budget.done(answer.lease, Outcome(seconds=0.1))
        clock.advance(1)

    assert 0.95 * 15_000 <= granted <= 15_000


def test_a_call_that_takes_long_keeps_its_slot_as_long_as_its_process_lives(story: Story) -> None:
    lease = lease_of(story.budget.spend(1, 0))
    for _ in range(5):
        story.clock.advance(RULES.lease_seconds - 1)
        story.budget.renew()

    assert story.shared.state().concurrency == 1
    story.budget.done(lease, Outcome(seconds=0.1))
    assert story.shared.state().concurrency == 0


def test_the_slot_of_a_process_that_no_longer_renews_is_free_after_one_lease(story: Story) -> None:
    lease_of(story.budget.spend(1, 0))
    story.clock.advance(RULES.lease_seconds)

    assert story.shared.state().concurrency == 0
    story.budget.renew()
    assert story.shared.state().concurrency == 0, "what has ended may be somebody else's by now"


class _CannotBeTold(RedisBudget):
    """The connection breaks whenever something is done, and Redis keeps its memory."""

    def done(self, lease: str, outcome: Outcome) -> None:
        raise redis.ConnectionError


def test_what_was_done_while_redis_could_not_be_told_is_not_renewed_for_ever(story: Story) -> None:
    shared = _CannotBeTold(story.client, "salesforce", RULES, story.clock)
    budget = FallbackBudget(shared, LocalBudget(RULES, story.clock), story.clock, story.switches.append)
    call(budget)
    story.clock.advance(TRY_AGAIN_SECONDS)

    budget.renew()

    assert shared.state().concurrency == 1
    story.clock.advance(RULES.lease_seconds - TRY_AGAIN_SECONDS)
    assert shared.state().concurrency == 0
