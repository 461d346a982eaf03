"""What this process may spend of an API: the budget that all share, and a small one of its own while Redis is away."""

from __future__ import annotations

import time
from dataclasses import replace

import structlog
from redis import Redis

from connectors.budget import BudgetRules, FallbackBudget, LocalBudget, RedisBudget

log = structlog.get_logger("kashforce.budgets")

#: Processes that may work side by side while they cannot see each other's spending.
PROCESSES_ASSUMED = 8


def shared_budget(redis: Redis, name: str, rules: BudgetRules, lease_seconds: float) -> FallbackBudget:
    """The budget called `name` in Redis. Says in the log when Redis goes and comes back.

    Its leases are as short as a worker's, for the slots of a killed process keep all others waiting; so a living one
    has to renew them.
    """

    def say(away: bool) -> None:
        log.warning("budget_without_redis" if away else "budget_shared_again", budget=name)

    return FallbackBudget(
        RedisBudget(redis, name, replace(rules, lease_seconds=lease_seconds), time.time),
        LocalBudget(rules.for_one_of(PROCESSES_ASSUMED), time.time),
        time.time,
        say,
    )
