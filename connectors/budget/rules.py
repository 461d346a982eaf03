"""What each API allows, as data; the figures here are where we start, what the API tells overrules them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from connectors.budget.terms import Outcome


@dataclass(frozen=True)
class DailyRules:
    """Calls within a rolling window, with reserves for the urgent."""

    #: Allowed until the API tells its own figure.
    allowed: int
    #: The share of `allowed` up to which each priority may fill the window; the last one holds for all beyond.
    shares: tuple[float, ...] = (1.0, 0.95, 0.85, 0.6, 0.5)
    window_seconds: float = 86_400.0
    #: Our own calls are counted in slices of the window; also how long a caller waits before asking again.
    slice_seconds: float = 900.0
    #: The part of what is left that this budget may grant; below 1 when several cannot see each other.
    part: float = 1.0

    def __post_init__(self) -> None:
        if not self.shares or not all(0 <= share <= 1 for share in self.shares):
            raise ValueError(
                f"shares are {self.shares}; give one between 0 and 1 for each priority, the first first"
            )

    def share(self, priority: int) -> float:
        return self.shares[min(priority, len(self.shares) - 1)]


@dataclass(frozen=True)
class BurstRules:
    """A token bucket. A request larger than the bucket waits until it is full and leaves a debt: the rate holds."""

    calls_per_second: float
    bucket: float

    def __post_init__(self) -> None:
        if self.calls_per_second <= 0 or self.bucket <= 0:
            raise ValueError(
                f"{self.calls_per_second} calls a second with a bucket of {self.bucket} lets nothing through; "
                "both must be above 0, and an API without such a limit has no BurstRules"
            )


@dataclass(frozen=True)
class ConcurrencyRules:
    """How many leases may be out; between `least` and `most` the limit follows how the API feels.

    It grows by one after as many good outcomes as it is high, and halves after a slow or failed one.
    `least == most` fixes it.
    """

    least: int
    most: int
    #: Slow is a call that takes more than this many times the usual, and more than the floor.
    slow_factor: float = 3.0
    slow_floor_seconds: float = 1.0
    #: Calls that were under way together fail together: they halve the limit once, not once each.
    calm_seconds: float = 5.0
    #: Nobody knows when a slot will be free; this is when to ask again.
    recheck_seconds: float = 0.05

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.most:
            raise ValueError(
                f"concurrency between {self.least} and {self.most} is impossible; at least 1, and least up to most"
            )


@dataclass(frozen=True)
class BudgetRules:
    """All limits of one API; those it does not have are None."""

    concurrency: ConcurrencyRules
    daily: DailyRules | None = None
    burst: BurstRules | None = None
    #: Without a Renewal, longer than the calls of one lease may take, timeouts included: a lease not given back by then
    #: is a dead worker's. With one it may be short.
    lease_seconds: float = 180.0
    #: The pause after an overload for which the API names no time.
    overload_pause_seconds: float = 10.0
    #: Longer pauses are cut to this: a nonsensical Retry-After must not end the service.
    longest_pause_seconds: float = 3_600.0

    def pause(self, outcome: Outcome) -> tuple[float, str]:
        """For how many seconds an outcome keeps everybody away (0 for not at all), and why, in words."""
        if outcome.retry_after_seconds is not None:
            return min(outcome.retry_after_seconds, self.longest_pause_seconds), "the API said Retry-After"
        if outcome.overloaded:
            return self.overload_pause_seconds, "the API was overloaded and named no time"
        return 0.0, ""

    def for_one_of(self, processes: int) -> Self:
        """The conservative budget of one process when `processes` of them cannot see each other.

        All of them together stay within these rules, save that each keeps at least one slot.
        """
        return replace(
            self,
            concurrency=replace(self.concurrency, least=1, most=max(1, self.concurrency.most // processes)),
            daily=self.daily and replace(self.daily, part=self.daily.part / processes),
            burst=self.burst
            and replace(
                self.burst,
                calls_per_second=self.burst.calls_per_second / processes,
                bucket=self.burst.bucket / processes,
            ),
        )


#: The figures of a Developer org, the smallest (reference salesforce.md section 5). Short requests are not limited in
#: number at the same time; we stay within the five that are allowed to be long ones. The burst is our own manners.
SALESFORCE = BudgetRules(
    daily=DailyRules(allowed=15_000),
    burst=BurstRules(calls_per_second=50, bucket=100),
    concurrency=ConcurrencyRules(least=5, most=5),
)

#: No limit is published and no 429 was ever seen; four at a time is what others found sensible
#: (reference kashflow.md section 2.8).
KASHFLOW = BudgetRules(concurrency=ConcurrencyRules(least=1, most=4))
