"""The budget that all processes share: each move is one round trip to `budget.lua`, which decides; here is only transport."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from redis import Redis

from connectors.budget.rules import BudgetRules
from connectors.budget.terms import (
    LATE_ANSWER_SECONDS,
    LATENCY_WEIGHT,
    TOKEN_DUST,
    BudgetState,
    Granted,
    Outcome,
    Wait,
    Why,
    new_lease,
)

#: What a move is given, by the names that the script knows.
Arguments = dict[str, float | str]

SCRIPT = Path(__file__).with_name("budget.lua")


class RedisBudget:
    """Shared by every process that names the same Redis and `name`. `clock` tells epoch seconds.

    Raises redis.ConnectionError and redis.TimeoutError when Redis is away; nothing is granted then as far as the
    caller knows, and a lease that was granted all the same ends by itself.
    """

    def __init__(self, redis: Redis, name: str, rules: BudgetRules, clock: Callable[[], float]) -> None:
        self._script = redis.register_script(SCRIPT.read_text(encoding="utf-8"))
        self._keys = [f"budget:{{{name}}}:{part}" for part in ("leases", "calls", "facts")]
        self._rules = rules
        self._arguments = _arguments(rules)
        self._clock = clock

    def spend(self, calls: int, priority: int, now: float | None = None) -> Granted | Wait:
        lease = new_lease(calls, priority)
        about: Arguments = {"lease": lease}
        if self._rules.daily:
            about["share"] = self._rules.daily.share(priority)
        verdict, until = self._move("spend", self._clock() if now is None else now, about)
        return Granted(lease) if verdict == "granted" else Wait(float(until), Why(verdict))

    def done(self, lease: str, outcome: Outcome) -> None:
        pause, why = self._rules.pause(outcome)
        about: Arguments = {
            "lease": lease,
            "seconds": outcome.seconds,
            "failed": int(outcome.failed),
            "pause": pause,
            "pause_why": why,
        }
        self._move("done", self._clock(), about)

    def renew(self, leases: Iterable[str]) -> None:
        """Let these hold for another `lease_seconds`; one that has ended stays ended."""
        self._move("renew", self._clock(), {"renewed": " ".join(leases)})

    def observe_usage(self, used: int, allowed: int) -> None:
        self._move("observe", self._clock(), {"told_used": used, "told_allowed": allowed})

    def state(self) -> BudgetState:
        used, allowed, told_at, out, limit, paused_until, why = self._move("state", self._clock(), {})
        return BudgetState(
            used=int(used),
            allowed=int(allowed) if allowed else None,
            told_at=float(told_at) if told_at else None,
            concurrency=int(out),
            concurrency_limit=int(limit),
            paused_until=float(paused_until) if paused_until else None,
            paused_why=why,
        )

    def _move(self, move: str, now: float, about: Arguments) -> list[str]:
        pairs = [item for pair in (self._arguments | about).items() for item in pair]
        answer = self._script(keys=self._keys, args=[move, now, *pairs])
        # Bytes or text: that is the caller's setting of the client.
        return [part.decode() if isinstance(part, bytes) else str(part) for part in answer or ()]


def _arguments(rules: BudgetRules) -> Arguments:
    arguments: Arguments = {
        "least": rules.concurrency.least,
        "most": rules.concurrency.most,
        "slow_factor": rules.concurrency.slow_factor,
        "slow_floor": rules.concurrency.slow_floor_seconds,
        "calm": rules.concurrency.calm_seconds,
        "recheck": rules.concurrency.recheck_seconds,
        "lease_seconds": rules.lease_seconds,
        "late": LATE_ANSWER_SECONDS,
        "weight": LATENCY_WEIGHT,
    }
    if rules.daily:
        arguments |= {
            "allowed": rules.daily.allowed,
            "part": rules.daily.part,
            "window": rules.daily.window_seconds,
            "slice": rules.daily.slice_seconds,
        }
    if rules.burst:
        arguments |= {
            "rate": rules.burst.calls_per_second,
            "bucket": rules.burst.bucket,
            "dust": TOKEN_DUST,
        }
    return arguments
