"""Small rules, a clock to set and short words for tests that spend from a budget; no budget of its own."""

from __future__ import annotations

from connectors.budget import (
    Budget,
    BudgetRules,
    BurstRules,
    ConcurrencyRules,
    DailyRules,
    Granted,
    Outcome,
    Wait,
)

#: An ordinary moment, as large as real epoch seconds are: floats are coarser there than near zero.
START = 1_790_000_000.25

ROOMY = ConcurrencyRules(least=1_000, most=1_000)


class SetClock:
    """Epoch seconds that move when told."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


def daily(allowed: int, *shares: float) -> BudgetRules:
    return BudgetRules(ROOMY, daily=DailyRules(allowed, shares or (1.0,)))


def burst(calls_per_second: float, bucket: float) -> BudgetRules:
    return BudgetRules(ROOMY, burst=BurstRules(calls_per_second, bucket))


def slots(least: int, most: int) -> BudgetRules:
    return BudgetRules(ConcurrencyRules(least, most))


def lease_of(answer: Granted | Wait) -> str:
    assert isinstance(answer, Granted), answer
    return answer.lease


def wait_of(answer: Granted | Wait) -> Wait:
    assert isinstance(answer, Wait), answer
    return answer


def call(budget: Budget, outcome: Outcome | None = None, calls: int = 1, priority: int = 0) -> None:
    """Spend, and be done at once."""
    budget.done(lease_of(budget.spend(calls, priority)), outcome or Outcome(seconds=0.1))
