"""A budget in the memory of one process: the same rules as `budget.lua`, seen by this process only."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

from connectors.budget.rules import BudgetRules, DailyRules
from connectors.budget.terms import (
    LATE_ANSWER_SECONDS,
    LATENCY_WEIGHT,
    TOKEN_DUST,
    BudgetState,
    Granted,
    Outcome,
    Wait,
    Why,
    calls_of,
    new_lease,
)


class LocalBudget:
    """Safe to share between threads. `clock` tells epoch seconds."""

    def __init__(self, rules: BudgetRules, clock: Callable[[], float]) -> None:
        self._rules = rules
        self._clock = clock
        self._lock = threading.Lock()
        #: Lease to the epoch seconds when it ends by itself.
        self._leases: dict[str, float] = {}
        #: Slice number to the calls granted in it that the API has not told back yet.
        self._calls: dict[int, int] = {}
        self._told_used = 0
        self._told_allowed: int | None = None
        self._told_at: float | None = None
        self._tokens = rules.burst.bucket if rules.burst else 0.0
        self._filled_at = -math.inf
        self._limit = float(rules.concurrency.least)
        self._lowered_at = -math.inf
        self._usual_seconds: float | None = None
        self._paused_until = -math.inf
        self._paused_why = ""

    def spend(self, calls: int, priority: int, now: float | None = None) -> Granted | Wait:
        lease = new_lease(calls, priority)
        now = self._clock() if now is None else now
        with self._lock:
            self._forget_ended_leases(now)
            self._fill_bucket(now)
            refusal = (
                self._pause(now)
                or self._full_house(now)
                or self._empty_bucket(calls, now)
                or self._spent_day(calls, priority, now)
            )
            if refusal:
                return refusal
            self._leases[lease] = now + self._rules.lease_seconds
            self._tokens -= calls
            if self._rules.daily:
                self._count(calls, self._rules.daily, now)
            return Granted(lease)

    def done(self, lease: str, outcome: Outcome) -> None:
        now = self._clock()
        with self._lock:
            self._forget_ended_leases(now)
            self._obey(outcome, now)
            if self._leases.pop(lease, None) is not None:
                self._learn(calls_of(lease), outcome, now)

    def observe_usage(self, used: int, allowed: int) -> None:
        now = self._clock()
        daily = self._rules.daily
        with self._lock:
            self._forget_ended_leases(now)
            late = self._told_at is not None and now - self._told_at < LATE_ANSWER_SECONDS
            if daily is None or (late and used < self._told_used):
                return
            self._told_used, self._told_allowed, self._told_at = used, allowed, now
            # Whether the figure has the calls of open leases in it, nobody knows: they count once more.
            self._calls.clear()
            self._count(sum(map(calls_of, self._leases)), daily, now)

    def state(self) -> BudgetState:
        now = self._clock()
        daily = self._rules.daily
        with self._lock:
            self._forget_ended_leases(now)
            paused = now < self._paused_until
            return BudgetState(
                used=self._told(daily, now) + self._own(daily, now) if daily else 0,
                allowed=self._allowed(daily) if daily else None,
                told_at=self._told_at,
                concurrency=len(self._leases),
                concurrency_limit=math.floor(self._limit),
                paused_until=self._paused_until if paused else None,
                paused_why=self._paused_why if paused else "",
            )

    def _pause(self, now: float) -> Wait | None:
        return Wait(self._paused_until, Why.PAUSED) if now < self._paused_until else None

    def _full_house(self, now: float) -> Wait | None:
        if len(self._leases) < math.floor(self._limit):
            return None
        return Wait(now + self._rules.concurrency.recheck_seconds, Why.CONCURRENCY)

    def _empty_bucket(self, calls: int, now: float) -> Wait | None:
        burst = self._rules.burst
        if burst is None:
            return None
        missing = min(calls, burst.bucket) - self._tokens
        return Wait(now + missing / burst.calls_per_second, Why.BURST) if missing > TOKEN_DUST else None

    def _spent_day(self, calls: int, priority: int, now: float) -> Wait | None:
        daily = self._rules.daily
        if daily is None:
            return None
        left = math.floor(self._allowed(daily) * daily.share(priority)) - self._told(daily, now)
        if self._own(daily, now) + calls <= daily.part * left:
            return None
        return Wait((now // daily.slice_seconds + 1) * daily.slice_seconds, Why.DAILY)

    def _allowed(self, daily: DailyRules) -> int:
        return daily.allowed if self._told_allowed is None else self._told_allowed

    def _told(self, daily: DailyRules, now: float) -> int:
        fresh = self._told_at is not None and now - self._told_at < daily.window_seconds
        return self._told_used if fresh else 0

    def _own(self, daily: DailyRules, now: float) -> int:
        """Our calls in the window; forgets slices that have left it entirely."""
        oldest = (now - daily.window_seconds) // daily.slice_seconds
        self._calls = {number: calls for number, calls in self._calls.items() if number >= oldest}
        return sum(self._calls.values())

    def _count(self, calls: int, daily: DailyRules, now: float) -> None:
        number = int(now // daily.slice_seconds)
        self._calls[number] = self._calls.get(number, 0) + calls

    def _fill_bucket(self, now: float) -> None:
        burst = self._rules.burst
        if burst and now > self._filled_at:
            self._tokens = min(burst.bucket, self._tokens + (now - self._filled_at) * burst.calls_per_second)
            self._filled_at = now

    def _forget_ended_leases(self, now: float) -> None:
        self._leases = {lease: ends for lease, ends in self._leases.items() if ends > now}

    def _obey(self, outcome: Outcome, now: float) -> None:
        seconds, why = self._rules.pause(outcome)
        if now + seconds > max(now, self._paused_until):
            self._paused_until, self._paused_why = now + seconds, why

    def _learn(self, calls: int, outcome: Outcome, now: float) -> None:
        rules = self._rules.concurrency
        failed = outcome.failed
        seconds = outcome.seconds / calls
        usual = seconds if self._usual_seconds is None else self._usual_seconds
        slow_from = max(rules.slow_factor * usual, rules.slow_floor_seconds)
        if not failed:
            # Slow calls count, but no more than barely slow: an API that got slower for good becomes the usual.
            self._usual_seconds = usual + LATENCY_WEIGHT * (min(seconds, slow_from) - usual)
        if not failed and seconds <= slow_from:
            self._limit = min(rules.most, self._limit + 1 / self._limit)
        elif now - self._lowered_at >= rules.calm_seconds:
            self._limit = max(rules.least, self._limit / 2)
            self._lowered_at = now
