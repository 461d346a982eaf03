"""What is said between a budget and whoever spends from it; no budget decides anything here."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Why(StrEnum):
    """Which limit stands in the way."""

    #: The API asked everybody to stay away for a while.
    PAUSED = "paused"
    #: As many leases are out as may work at the same time.
    CONCURRENCY = "concurrency"
    #: Too many calls in too few seconds.
    BURST = "burst"
    #: The share of the daily calls that this priority may use is used up.
    DAILY = "daily"


@dataclass(frozen=True)
class Granted:
    """Go ahead. The holder makes its calls one after another and ends with `done(lease, ...)`."""

    lease: str


@dataclass(frozen=True)
class Wait:
    """Ask again at `until`, epoch seconds. It is a good moment to ask, not a promise that it will be granted."""

    until: float
    why: Why


@dataclass(frozen=True)
class Outcome:
    """How the calls of one lease went."""

    #: How long all the calls of the lease took together.
    seconds: float
    #: False when the API failed: timeout, cut connection, 5xx. A record it refused for good reason is a success here.
    ok: bool = True
    #: True when the API said that it is asked too much: 429, 503, a limit of its own.
    overloaded: bool = False
    #: Seconds of its Retry-After, None when it named none.
    retry_after_seconds: float | None = None

    @property
    def failed(self) -> bool:
        return self.overloaded or not self.ok


@dataclass(frozen=True)
class BudgetState:
    """A budget at one moment, for status pages."""

    #: Daily calls used in the rolling window, as far as we know; 0 where calls are not counted.
    used: int
    #: Daily calls allowed, None where the API has no such limit.
    allowed: int | None
    #: When the API last told its own figures, epoch seconds; None when it never did.
    told_at: float | None
    #: Leases out now, and how many there may be at present.
    concurrency: int
    concurrency_limit: int
    #: Epoch seconds, None when nothing is paused.
    paused_until: float | None
    paused_why: str


class Budget(Protocol):
    """Every method answers at once; none sleeps. A budget behind a network raises that network's errors."""

    def spend(self, calls: int, priority: int, now: float | None = None) -> Granted | Wait:
        """Ask for `calls` calls, all or none; priority 0 is served longest when the day runs short.

        A lease that is never given back ends by itself after the `lease_seconds` of the rules.
        `now` in epoch seconds overrides the clock. Raises ValueError for less than one call or a negative priority.
        """
        ...

    def done(self, lease: str, outcome: Outcome) -> None:
        """Give the lease back. One that is unknown or has ended teaches nothing, but its Retry-After is obeyed."""
        ...

    def observe_usage(self, used: int, allowed: int) -> None:
        """Take the API's own figures: `Sforce-Limit-Info`, or `/limits` (reference salesforce.md section 3.8).

        They replace our counting, but for the calls of leases still out. When even priority 0 has nothing
        left, no reply brings news any more: then somebody must read `/limits` from time to time without
        asking the budget, or the last figures hold for the entire window.
        """
        ...

    def state(self) -> BudgetState: ...


#: A figure lower than the one before, within this time, is a late answer overtaken by others and no news:
#: `/limits` is accurate to about five minutes (reference salesforce.md section 3.8).
LATE_ANSWER_SECONDS = 300.0

#: Forgiven when tokens are counted: today's epoch seconds resolve a quarter of a microsecond, and a caller who
#: comes back exactly at `until` must not be sent away for a rounding error.
TOKEN_DUST = 1e-3

#: How far one new latency moves the usual one.
LATENCY_WEIGHT = 0.1


def new_lease(calls: int, priority: int) -> str:
    """`<calls>:<random>`: whoever holds the id knows what was granted, so that it need not be stored beside it."""
    if calls < 1:
        raise ValueError(f"asked the budget for {calls} calls; ask for at least one, or do not ask")
    if priority < 0:
        raise ValueError(f"priority {priority} is unknown; 0 is the most urgent")
    return f"{calls}:{secrets.token_hex(8)}"


def calls_of(lease: str) -> int:
    """How many calls the lease is for, which stands in its name."""
    return int(lease.partition(":")[0])
