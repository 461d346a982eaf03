"""The numbers workers go by: leases, retries, doubt. Values only."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """How patient workers are. All times in seconds."""

    #: A claim is void this long after its worker's last heartbeat.
    lease_seconds: float = 30
    #: Attempts that count before a delivery ends dead.
    max_attempts: int = 8
    #: First wait after a failure; doubles with every attempt.
    backoff_seconds: float = 2
    backoff_ceiling_seconds: float = 15 * 60
    #: Wait while a permission or a login has to be mended by a person.
    configuration_seconds: float = 5 * 60
    #: A request whose answer was lost may still be carried out over there; nobody looks before this has passed.
    doubt_seconds: float = 20
    #: How long a delivery waits for the one it needs before it asks again.
    prerequisite_seconds: float = 60
    #: Calls to KashFlow side by side within one batch.
    kashflow_side_by_side: int = 4
    #: A message that nobody acted on for this long is sent again.
    resend_seconds: float = 60

    def backoff(self, attempts: int, rng: random.Random) -> float:
        """Seconds to wait after the attempt number `attempts` (from 1) failed, with a fifth of jitter."""
        wait = min(self.backoff_seconds * 2 ** min(attempts - 1, 20), self.backoff_ceiling_seconds)
        return float(wait * rng.uniform(0.8, 1.2))
