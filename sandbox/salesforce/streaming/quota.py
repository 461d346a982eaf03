"""How many events were delivered within the last 24 hours, all clients together; not who may have them."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from sandbox.clock import Clock

_WINDOW = timedelta(hours=24)


class DeliveryQuota:
    """A rolling allowance (reference salesforce.md section 0.3)."""

    def __init__(self, allowed: int, clock: Clock) -> None:
        self._allowed = allowed
        self._clock = clock
        self._spent: deque[tuple[datetime, int]] = deque()
        self._total = 0

    def left(self) -> int:
        horizon = self._clock.now() - _WINDOW
        while self._spent and self._spent[0][0] <= horizon:
            self._total -= self._spent.popleft()[1]
        return max(0, self._allowed - self._total)

    def spend(self, events: int) -> None:
        self._spent.append((self._clock.now(), events))
        self._total += events
