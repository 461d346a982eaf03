"""What every budget promises, shown on each of them: in memory, on fakeredis, on a real Valkey."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import fakeredis
import pytest
import redis

from connectors.budget import (
    Budget,
    BudgetRules,
    BurstRules,
    ConcurrencyRules,
    DailyRules,
    LocalBudget,
    Outcome,
    RedisBudget,
    Why,
)
from tests.support.budgets import ROOMY, SetClock, burst, call, daily, lease_of, slots, wait_of

DAY = 86_400
GOOD = Outcome(seconds=0.2)
FAILED = Outcome(seconds=0.2, ok=False)

MakeBudget = Callable[[BudgetRules], Budget]


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture(params=["memory", "fakeredis", "valkey"])
def budget_with(request: pytest.FixtureRequest, clock: SetClock) -> Iterator[MakeBudget]:
    if request.param == "memory":
        yield lambda rules: LocalBudget(rules, clock)
        return
    client: redis.Redis
    if request.param == "fakeredis":
        client = fakeredis.FakeRedis()
    else:
        client = redis.Redis.from_url(request.getfixturevalue("valkey_url"))
    with client:
        yield lambda rules: RedisBudget(client, "salesforce", rules, clock)


# Daily calls


def test_the_day_is_used_up_to_its_last_call_and_not_beyond(budget_with: MakeBudget) -> None:
    budget = budget_with(daily(100))

    call(budget, calls=60)
    call(budget, calls=40)

    assert wait_of(budget.spend(1, 0)).why is Why.DAILY
    assert (budget.state().used, budget.state().allowed) == (100, 100)


def test_invoices_still_go_out_when_backfill_has_used_its_share(budget_with: MakeBudget) -> None:
    budget = budget_with(daily(100, 1.0, 0.95, 0.6))
    call(budget, calls=60, priority=2)

    assert wait_of(budget.spend(1, 2)).why is Why.DAILY
    call(budget, calls=35, priority=1)
    assert wait_of(budget.spend(1, 1)).why is Why.DAILY
    call(budget, calls=5, priority=0)
    assert wait_of(budget.spend(1, 0)).why is Why.DAILY


def test_a_priority_beyond_the_last_share_gets_the_last_share(budget_with: MakeBudget) -> None:
    budget = budget_with(daily(100, 1.0, 0.6))

    call(budget, calls=60, priority=9)

    assert wait_of(budget.spend(1, 9)).why is Why.DAILY


def test_calls_come_back_a_day_after_they_were_made(budget_with: MakeBudget, clock: SetClock) -> None:
    budget = budget_with(daily(10))
    call(budget, calls=10)

    clock.advance(DAY - 1)
    refusal = wait_of(budget.spend(1, 0))
    clock.now = max(refusal.until, clock.now + 901)

    call(budget, calls=10)


def test_the_figures_of_the_api_replace_our_own(budget_with: MakeBudget) -> None:
    budget = budget_with(daily(100))
    call(budget, calls=50)

    budget.observe_usage(used=990, allowed=1_000)

    assert (budget.state().used, budget.state().allowed) == (990, 1_000)
    call(budget, calls=10)
    assert wait_of(budget.spend(1, 0)).why is Why.DAILY


def test_calls_under_way_count_beside_a_figure_that_may_not_have_them_yet(budget_with: MakeBudget) -> None:
    budget = budget_with(daily(100))
    lease_of(budget.spend(7, 0))

    budget.observe_usage(used=50, allowed=100)

    assert budget.state().used == 57


def test_an_answer_that_was_overtaken_by_a_later_one_is_no_news(
    budget_with: MakeBudget, clock: SetClock
) -> None:
    budget = budget_with(daily(100))

    budget.observe_usage(used=80, allowed=100)
    clock.advance(1)
    budget.observe_usage(used=79, allowed=100)

    assert budget.state().used == 80


def test_a_lower_figure_is_believed_when_the_higher_one_is_old(
    budget_with: MakeBudget, clock: SetClock
) -> None:
    budget = budget_with(daily(100))

    budget.observe_usage(used=100, allowed=100)
    clock.advance(600)
    budget.observe_usage(used=40, allowed=100)

    call(budget, calls=60)


def test_a_figure_without_news_for_a_day_has_left_the_window(
    budget_with: MakeBudget, clock: SetClock
) -> None:
    budget = budget_with(daily(100))
    budget.observe_usage(used=200, allowed=200)

    clock.advance(DAY)

    call(budget, calls=200)


def test_a_part_of_what_is_left_is_all_that_a_partial_budget_grants(budget_with: MakeBudget) -> None:
    budget = budget_with(BudgetRules(ROOMY, daily=DailyRules(allowed=100, shares=(1.0,), part=0.25)))
    budget.observe_usage(used=20, allowed=100)

    call(budget, calls=20)

    assert wait_of(budget.spend(1, 0)).why is Why.DAILY


# Bursts


def test_a_burst_empties_the_bucket_and_the_rate_refills_it(budget_with: MakeBudget, clock: SetClock) -> None:
    budget = budget_with(burst(calls_per_second=2, bucket=10))
    call(budget, calls=10)

    refusal = wait_of(budget.spend(3, 0))

    assert refusal.why is Why.BURST
    assert refusal.until == pytest.approx(clock.now + 1.5)


def test_whoever_comes_back_at_the_time_named_is_served(budget_with: MakeBudget, clock: SetClock) -> None:
    budget = budget_with(burst(calls_per_second=0.3, bucket=7))
    call(budget, calls=7)

    for _ in range(50):
        clock.now = wait_of(budget.spend(1, 0)).until
        call(budget)


def test_a_request_larger_than_the_bucket_leaves_a_debt_so_that_the_rate_holds(
    budget_with: MakeBudget, clock: SetClock
) -> None:
    budget = budget_with(burst(calls_per_second=1, bucket=10))

    call(budget, calls=30)

    assert wait_of(budget.spend(1, 0)).until == pytest.approx(clock.now + 21)


def test_a_clock_that_runs_behind_another_earns_nothing_and_loses_nothing(
    budget_with: MakeBudget, clock: SetClock
) -> None:
    budget = budget_with(burst(calls_per_second=1, bucket=10))
    call(budget, calls=9)

    lease_of(budget.spend(1, 0, now=clock.now - 60))

    assert wait_of(budget.spend(1, 0)).why is Why.BURST


# Concurrency


def test_no_more_leases_are_out_than_there_are_slots(budget_with: MakeBudget) -> None:
    budget = budget_with(slots(2, 2))
    first = lease_of(budget.spend(1, 0))
    lease_of(budget.spend(1, 0))

    assert wait_of(budget.spend(1, 0)).why is Why.CONCURRENCY
    budget.done(first, GOOD)
    lease_of(budget.spend(1, 0))


def test_the_lease_of_a_killed_worker_ends_by_time(budget_with: MakeBudget, clock: SetClock) -> None:
    rules = BudgetRules(ConcurrencyRules(1, 1), lease_seconds=60)
    budget = budget_with(rules)
    killed = lease_of(budget.spend(1, 0))

    clock.advance(59)
    assert wait_of(budget.spend(1, 0)).why is Why.CONCURRENCY
    clock.advance(1)
    successor = lease_of(budget.spend(1, 0))

    # The one believed dead turns up: it must not free the slot of its successor.
    budget.done(killed, GOOD)
    assert wait_of(budget.spend(1, 0)).why is Why.CONCURRENCY
    budget.done(successor, GOOD)
    assert budget.state().concurrency == 0


def test_good_calls_open_slots_one_by_one_up_to_the_most(budget_with: MakeBudget) -> None:
    budget = budget_with(slots(1, 4))
    limits = []

    for _ in range(12):
        call(budget, GOOD)
        limits.append(budget.state().concurrency_limit)

    assert limits == sorted(limits)
    assert set(limits) == {2, 3, 4}


@pytest.mark.parametrize(
    "bad",
    [
        Outcome(seconds=0.2, ok=False),
        Outcome(seconds=0.2, ok=False, overloaded=True, retry_after_seconds=0),
        Outcome(seconds=5.0),
    ],
    ids=["failed", "overloaded", "slow"],
)
def test_a_bad_call_halves_the_slots(budget_with: MakeBudget, bad: Outcome) -> None:
    budget = budget_with(slots(1, 8))
    for _ in range(60):
        call(budget, GOOD)
    assert budget.state().concurrency_limit == 8

    call(budget, bad)

    assert budget.state().concurrency_limit == 4


def test_calls_that_failed_together_halve_the_slots_once(budget_with: MakeBudget, clock: SetClock) -> None:
    budget = budget_with(slots(1, 8))
    for _ in range(60):
        call(budget, GOOD)
    leases = [lease_of(budget.spend(1, 0)) for _ in range(4)]

    for lease in leases:
        budget.done(lease, FAILED)
    assert budget.state().concurrency_limit == 4

    clock.advance(6)
    call(budget, FAILED)
    assert budget.state().concurrency_limit == 2


def test_one_slot_stays_whatever_happens(budget_with: MakeBudget, clock: SetClock) -> None:
    budget = budget_with(slots(1, 8))

    for _ in range(10):
        call(budget, FAILED)
        clock.advance(6)

    assert budget.state().concurrency_limit == 1


def test_an_api_that_got_slower_for_good_becomes_the_usual(budget_with: MakeBudget, clock: SetClock) -> None:
    budget = budget_with(slots(1, 4))
    for _ in range(30):
        call(budget, GOOD)

    for _ in range(200):
        call(budget, Outcome(seconds=6.0))
        clock.advance(6)

    assert budget.state().concurrency_limit == 4


def test_one_monstrous_call_does_not_make_slow_ones_usual(budget_with: MakeBudget, clock: SetClock) -> None:
    budget = budget_with(slots(1, 8))
    for _ in range(60):
        call(budget, GOOD)
    call(budget, Outcome(seconds=100.0))
    clock.advance(6)

    call(budget, Outcome(seconds=5.0))

    assert budget.state().concurrency_limit == 2


def test_many_calls_under_one_lease_are_not_mistaken_for_a_slow_one(budget_with: MakeBudget) -> None:
    budget = budget_with(slots(1, 2))
    for _ in range(5):
        call(budget, GOOD)

    call(budget, Outcome(seconds=10.0), calls=50)

    assert budget.state().concurrency_limit == 2


# Pauses


def test_retry_after_keeps_everybody_away_until_then(budget_with: MakeBudget, clock: SetClock) -> None:
    budget = budget_with(slots(4, 4))

    call(budget, Outcome(seconds=0.1, ok=False, overloaded=True, retry_after_seconds=30))

    refusal = wait_of(budget.spend(1, 0))
    assert (refusal.why, refusal.until) == (Why.PAUSED, clock.now + 30)
    assert budget.state().paused_until == clock.now + 30
    assert "Retry-After" in budget.state().paused_why
    clock.advance(30)
    assert budget.state().paused_until is None
    call(budget)


def test_an_overload_without_a_time_pauses_for_the_time_of_the_rules(
    budget_with: MakeBudget, clock: SetClock
) -> None:
    budget = budget_with(slots(4, 4))

    call(budget, Outcome(seconds=0.1, ok=False, overloaded=True))

    assert wait_of(budget.spend(1, 0)).until == clock.now + 10


def test_a_shorter_pause_does_not_end_a_longer_one(budget_with: MakeBudget, clock: SetClock) -> None:
    budget = budget_with(slots(4, 4))
    first, second = lease_of(budget.spend(1, 0)), lease_of(budget.spend(1, 0))

    budget.done(first, Outcome(seconds=0.1, ok=False, overloaded=True, retry_after_seconds=60))
    budget.done(second, Outcome(seconds=0.1, ok=False, overloaded=True))

    assert wait_of(budget.spend(1, 0)).until == clock.now + 60
    assert "Retry-After" in budget.state().paused_why


def test_a_nonsensical_retry_after_is_cut(budget_with: MakeBudget, clock: SetClock) -> None:
    budget = budget_with(slots(4, 4))

    call(budget, Outcome(seconds=0.1, ok=False, overloaded=True, retry_after_seconds=1e9))

    assert wait_of(budget.spend(1, 0)).until == clock.now + 3_600


def test_the_retry_after_of_a_lease_that_has_ended_is_obeyed(
    budget_with: MakeBudget, clock: SetClock
) -> None:
    budget = budget_with(slots(4, 4))
    lease = lease_of(budget.spend(1, 0))
    clock.advance(1_000)

    budget.done(lease, Outcome(seconds=999, ok=False, overloaded=True, retry_after_seconds=5))

    assert wait_of(budget.spend(1, 0)).why is Why.PAUSED


# All or nothing, and what is refused outright


def test_a_refusal_costs_nothing(budget_with: MakeBudget) -> None:
    rules = BudgetRules(
        ROOMY, daily=DailyRules(allowed=5, shares=(1.0,)), burst=BurstRules(calls_per_second=1, bucket=10)
    )
    budget = budget_with(rules)

    for _ in range(20):
        assert wait_of(budget.spend(6, 0)).why is Why.DAILY

    call(budget, calls=5)


def test_an_api_without_a_daily_limit_shows_none(budget_with: MakeBudget) -> None:
    budget = budget_with(slots(1, 4))

    budget.observe_usage(used=5, allowed=10)
    call(budget)

    assert (budget.state().used, budget.state().allowed, budget.state().told_at) == (0, None, None)


@pytest.mark.parametrize(("calls", "priority"), [(0, 0), (-1, 0), (1, -1)])
def test_a_senseless_request_is_refused_by_name(budget_with: MakeBudget, calls: int, priority: int) -> None:
    with pytest.raises(ValueError, match="priority" if priority else "calls"):
        budget_with(slots(1, 1)).spend(calls, priority)
