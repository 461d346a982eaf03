"""What an API lets us spend: asked before every call, answered at once, never waited for.

`spend` grants a lease or names a time; `done` gives the lease back and says how it went. Workers and pollers of all
processes share one `RedisBudget` per API. A `FallbackBudget` keeps a small `LocalBudget` ready for when Redis is away.
"""

from connectors.budget.fallback import FallbackBudget
from connectors.budget.local import LocalBudget
from connectors.budget.rules import (
    KASHFLOW,
    SALESFORCE,
    BudgetRules,
    BurstRules,
    ConcurrencyRules,
    DailyRules,
)
from connectors.budget.shared import RedisBudget
from connectors.budget.terms import Budget, BudgetState, Granted, Outcome, Wait, Why

__all__ = [
    "KASHFLOW",
    "SALESFORCE",
    "Budget",
    "BudgetRules",
    "BudgetState",
    "BurstRules",
    "ConcurrencyRules",
    "DailyRules",
    "FallbackBudget",
    "Granted",
    "LocalBudget",
    "Outcome",
    "RedisBudget",
    "Wait",
    "Why",
]
