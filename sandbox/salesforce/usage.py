"""How many API requests of the rolling day are spent; not what else an org limits (rest/limits.py shows that)."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from sandbox.clock import Clock

_DAY = timedelta(hours=24)
_SLICE = timedelta(minutes=5)


class ApiUsage:
    """Counts requests over 24 rolling hours, in slices of five minutes (reference section 5)."""

    def __init__(self, clock: Clock, maximum: int) -> None:
        self.maximum = maximum
        self._clock = clock
        self._slices: deque[tuple[datetime, int]] = deque()

    def spend(self) -> bool:
        """Count one request; False when the day's allowance is used up, and then it does not count."""
        if self.used() >= self.maximum:
            return False
        now = self._clock.now()
        if self._slices and now - self._slices[-1][0] < _SLICE:
            started, count = self._slices.pop()
            self._slices.append((started, count + 1))
        else:
            self._slices.append((now, 1))
        return True

    def used(self) -> int:
        now = self._clock.now()
        while self._slices and now - self._slices[0][0] >= _DAY:
            self._slices.popleft()
        return sum(count for _, count in self._slices)
