"""The numbers workers go by: leases, retries, doubt. Values only."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from mappings.golden.agree import Patience
from workers.ways import Pace


@dataclass(frozen=True)
class Rules:
    """How patient workers are. All times in seconds."""

    #: A claim is void this long after its worker's last heartbeat.
    lease_seconds: float = 30
    #: Attempts that count before a delivery ends dead; with the waits between them three quarters of an hour.
    max_attempts: int = 12
    #: First wait after a failure; doubles with every attempt.
    backoff_seconds: float = 2
    backoff_ceiling_seconds: float = 15 * 60
    #: Wait while a permission has to be mended by a person; the longest one while a login has to be.
    configuration_seconds: float = 5 * 60
    #: A request whose answer was lost may still be carried out over there; nobody looks before this has passed
    #: since it was sent. Longer than KashFlow may take to answer, which is 60 seconds at the most.
    doubt_seconds: float = 90
    #: How long a delivery waits for the one it needs before it asks again.
    prerequisite_seconds: float = 60
    #: Calls to KashFlow side by side within one batch.
    kashflow_side_by_side: int = 8
    #: Batches of one queue side by side within one process.
    batches_side_by_side: int = 4
    #: A thread that has worked for so long passes on what is left of its queue.
    thread_seconds: float = 1
    #: A message that nobody acted on for this long is sent again.
    resend_seconds: float = 20
    #: What was done this long ago is cleared away, but for its key; 0: never.
    keep_seconds: float = 90 * 24 * 3600
    #: What decides between Collections and a Bulk job.
    pace: Pace = field(default_factory=Pace)

    #: How often a field of a pair is written before it counts as a quarrel.
    patience: Patience = field(default_factory=Patience)

    def backoff(self, attempts: int, rng: random.Random) -> float:
        """Seconds to wait after the attempt number `attempts` (from 1) failed, with a fifth of jitter."""
        return self._jittered(self.backoff_seconds * 2 ** min(attempts - 1, 20), rng)

    def hold(self, waited_seconds: float, rng: random.Random) -> float:
        """Seconds to hold back a delivery that nothing is wrong with, and that has waited so long already.

        The longer the trouble lasts the rarer the question: each costs calls of the other system, which is well.
        """
        return self._jittered(max(self.backoff_seconds, waited_seconds / 4), rng)

    def _jittered(self, wait_seconds: float, rng: random.Random) -> float:
        return float(min(wait_seconds, self.backoff_ceiling_seconds) * rng.uniform(0.8, 1.2))
