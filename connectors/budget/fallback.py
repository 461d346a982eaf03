"""Keeps working while Redis is away, on a conservative budget of this process alone; decides no limits itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from redis import ConnectionError as RedisUnreachable
from redis import RedisError
from redis import TimeoutError as RedisSilent

from connectors.budget.local import LocalBudget
from connectors.budget.shared import RedisBudget
from connectors.budget.terms import BudgetState, Granted, Outcome, Wait

T = TypeVar("T")

#: How long a Redis that failed is left alone, lest every call waits for its timeout first.
TRY_AGAIN_SECONDS = 5.0

AWAY = (RedisUnreachable, RedisSilent)


class FallbackBudget:
    """Asks the shared budget, or the local one while Redis is away; tells `on_switch` once per change of mind.

    The local budget hears every outcome and every figure of the API all the time, so that it knows where things
    stand when it has to step in. `on_switch(True)` means that the local budget took over.
    Give it a client with short timeouts and no retries: this class is the retry.
    """

    def __init__(
        self,
        redis_budget: RedisBudget,
        local_budget: LocalBudget,
        clock: Callable[[], float],
        on_switch: Callable[[bool], None],
    ) -> None:
        self._shared = redis_budget
        self._local = local_budget
        self._clock = clock
        self._on_switch = on_switch
        self._away = False
        self._try_again_at = 0.0
        self._lock = threading.Lock()
        #: Leases of the shared budget whose calls are under way in this process.
        self._held: set[str] = set()

    def spend(self, calls: int, priority: int, now: float | None = None) -> Granted | Wait:
        answer = self._try_shared(lambda budget: budget.spend(calls, priority, now))
        if isinstance(answer, Granted):
            with self._lock:
                self._held.add(answer.lease)
        return answer or self._local.spend(calls, priority, now)

    def done(self, lease: str, outcome: Outcome) -> None:
        # First of all, and whether or not Redis can be told: what is done must not be renewed.
        with self._lock:
            self._held.discard(lease)
        self._local.done(lease, outcome)
        self._try_shared(lambda budget: budget.done(lease, outcome))

    def observe_usage(self, used: int, allowed: int) -> None:
        self._local.observe_usage(used, allowed)
        self._try_shared(lambda budget: budget.observe_usage(used, allowed))

    def renew(self) -> None:
        """Let the shared leases of this process hold for another `lease_seconds`.

        Never raises: a lease that cannot be renewed ends early, and then one call too many may be made.
        """
        with self._lock:
            held = list(self._held)
        if held:
            with suppress(RedisError):
                self._try_shared(lambda budget: budget.renew(held))

    def state(self) -> BudgetState:
        return self._try_shared(lambda budget: budget.state()) or self._local.state()

    def _try_shared(self, ask: Callable[[RedisBudget], T]) -> T | None:
        if self._clock() < self._try_again_at:
            return None
        try:
            if self._away:
                self._remind()
            answer = ask(self._shared)
        except AWAY:
            self._try_again_at = self._clock() + TRY_AGAIN_SECONDS
            self._switch(away=True)
            return None
        self._switch(away=False)
        return answer

    def _remind(self) -> None:
        """A Redis that came back without its memory hears what this process knows of the day."""
        ours = self._local.state()
        if ours.told_at is not None and ours.allowed is not None and self._shared.state().told_at is None:
            self._shared.observe_usage(ours.used, ours.allowed)

    def _switch(self, *, away: bool) -> None:
        with self._lock:
            news = self._away != away
            self._away = away
        if news:
            self._on_switch(away)
