"""The sandbox's own time: real by default, moved forward over the control path, frozen in tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Tells the time in UTC. `advance` moves it forward; `frozen_at` makes it stand still between advances."""

    def __init__(self, frozen_at: datetime | None = None) -> None:
        self._frozen_at = frozen_at
        self._ahead = timedelta()

    def now(self) -> datetime:
        return (self._frozen_at or datetime.now(UTC)) + self._ahead

    def advance(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError(f"the clock only moves forward, not by {seconds} seconds")
        self._ahead += timedelta(seconds=seconds)
