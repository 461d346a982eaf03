"""How long to wait after a failure: one exponential counter per thing that can fail. Pure; nobody waits in here."""

from __future__ import annotations

import random
from collections import Counter as Tally
from dataclasses import dataclass

from connectors.salesforce.streaming.source import Counter

#: Waits are stretched by up to this share, so that clients thrown out together do not return together.
JITTER = 0.25
#: Beyond this many doublings every pace has reached its longest wait.
MOST_DOUBLINGS = 32


@dataclass(frozen=True)
class Pace:
    """Waits `first_seconds`, then twice as long each time up to `longest_seconds`.

    With `first_at_once` one failure more is allowed for, which costs no wait at all.
    """

    first_seconds: float
    longest_seconds: float
    first_at_once: bool = False

    def seconds(self, failures_before: int) -> float:
        """The wait after one more failure, without jitter."""
        doublings = failures_before - self.first_at_once
        if doublings < 0:
            return 0.0
        return min(self.first_seconds * 2.0 ** min(doublings, MOST_DOUBLINGS), self.longest_seconds)


class Backoff:
    """Counts failures by what failed. All counts end together, by a success worth the name: a completed long poll.

    A handshake that succeeds must not reset anything: a client that is thrown out right after each handshake would
    hammer the server and use up the organization's clients (reference salesforce.md section 1.7).
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._failures: Tally[Counter] = Tally()

    def after_failure(self, counter: Counter, pace: Pace) -> float:
        """Counts the failure and says how many seconds to wait."""
        seconds = pace.seconds(self._failures[counter])
        self._failures[counter] += 1
        return self.stretched(seconds)

    def stretched(self, seconds: float) -> float:
        return seconds * self._rng.uniform(1.0, 1.0 + JITTER)

    def reset(self) -> None:
        self._failures.clear()
