"""The sandbox's own time: real by default, moved forward over the control path, frozen in tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

#: Far from where dates end, so that whoever adds to the time need not ask.
_FARTHEST = timedelta(days=36_500)


class Clock:
    """Tells the time in UTC. `advance` moves it forward, a hundred years at most; `frozen_at` makes it stand still between advances."""

    def __init__(self, frozen_at: datetime | None = None) -> None:
        self._frozen_at = frozen_at
        self._ahead = timedelta()

    def now(self) -> datetime:
        return (self._frozen_at or datetime.now(UTC)) + self._ahead

    def advance(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError(f"the clock only moves forward, not by {seconds} seconds")
        if self._ahead.total_seconds() + seconds > _FARTHEST.total_seconds():
            raise ValueError(f"the clock moves {_FARTHEST.days} days ahead at most, not by {seconds} seconds")
        self._ahead += timedelta(seconds=seconds)
