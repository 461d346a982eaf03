"""Eight workers and one API through an hour of set clock: the limit is never passed, and hardly anything is left unused."""

from __future__ import annotations

import random
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import redis

from connectors.budget import (
    Budget,
    BudgetRules,
    BurstRules,
    ConcurrencyRules,
    DailyRules,
    Granted,
    LocalBudget,
    Outcome,
    RedisBudget,
)
from tests.support.budgets import SetClock

WORKERS = 8
HOUR = 3_600
#: The clock moves in steps of this; within a step all eight threads race on the same second.
STEP_SECONDS = 4

DAILY_LIMIT = BudgetRules(
    ConcurrencyRules(5, 5),
    daily=DailyRules(allowed=10_000, shares=(1.0, 0.95, 0.6), window_seconds=HOUR, slice_seconds=60),
    burst=BurstRules(calls_per_second=20, bucket=40),
)
BURST_LIMIT = BudgetRules(ConcurrencyRules(5, 5), burst=BurstRules(calls_per_second=3, bucket=30))


class Api:
    """Counts the calls that reach it, and how many callers are inside at the same time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self.most_inside = 0
        self.calls_at: Counter[float] = Counter()

    def enter(self, now: float, calls: int) -> None:
        with self._lock:
            self._inside += 1
            self.most_inside = max(self.most_inside, self._inside)
            self.calls_at[now] += calls

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1


def compete(budgets: list[Budget], clock: SetClock, api: Api) -> None:
    """Every worker spends all it is granted, gives up at the first refusal and comes back in the next step."""
    step = threading.Barrier(len(budgets), action=lambda: clock.advance(STEP_SECONDS))

    def work(number: int, budget: Budget) -> None:
        dice = random.Random(number)
        for _ in range(HOUR // STEP_SECONDS):
            while isinstance(answer := budget.spend(calls := dice.randint(1, 5), number % 4), Granted):
                api.enter(clock.now, calls)
                api.leave()
                budget.done(answer.lease, Outcome(seconds=0.1))
            step.wait()

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(budgets)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


BudgetsOf = Callable[[BudgetRules, SetClock], list[Budget]]


@pytest.fixture
def eager_threads() -> Iterator[None]:
    """Threads change places hundreds of times more often than usual, so that a missing lock shows."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.fixture(params=["memory", "valkey"])
def budgets_of(request: pytest.FixtureRequest) -> Iterator[BudgetsOf]:
    """A budget for each worker, as processes would have it: on Valkey eight clients, in memory one object."""
    if request.param == "memory":
        request.getfixturevalue("eager_threads")
        yield lambda rules, clock: [LocalBudget(rules, clock)] * WORKERS
        return
    url = request.getfixturevalue("valkey_url")
    with ExitStack() as closing:
        clients = [closing.enter_context(redis.Redis.from_url(url)) for _ in range(WORKERS)]
        yield lambda rules, clock: [RedisBudget(client, "salesforce", rules, clock) for client in clients]


def test_the_calls_of_a_window_are_never_passed_and_nearly_all_used(budgets_of: BudgetsOf) -> None:
    clock, api = SetClock(), Api()

    compete(budgets_of(DAILY_LIMIT, clock), clock, api)

    # The window is as long as the hour, so the sum is what the API would have counted at its end.
    assert 9_500 <= api.calls_at.total() <= 10_000
    assert api.most_inside <= 5


def test_the_rate_is_never_passed_and_nearly_all_used(budgets_of: BudgetsOf) -> None:
    clock, api = SetClock(), Api()

    compete(budgets_of(BURST_LIMIT, clock), clock, api)

    most = 30 + 3 * HOUR
    assert 0.95 * most <= api.calls_at.total() <= most
    moments = sorted(api.calls_at.items())
    for first, (begin, _) in enumerate(moments):
        since = 0
        for end, calls in moments[first : first + 50]:
            since += calls
            assert since <= 30 + 3 * (end - begin) + 0.01
