"""What one channel remembers: its events under ids that only grow, for as long as they are retained."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.salesforce.streaming.wire import Message

ONLY_NEW = -1
ALL_RETAINED = -2


@dataclass(frozen=True)
class Event:
    """One thing that happened, the same on every channel that carries it.

    `order` counts all events of the org. `entity` is the object or platform event that permission is asked
    for. `stamp` is what stands in `data.event` beside the replay id.
    """

    order: int
    at: datetime
    entity: str
    schema: str
    payload: Mapping[str, Any]
    stamp: Mapping[str, Any]


@dataclass(frozen=True)
class Logged:
    """An event in its place in one channel."""

    replay_id: int
    event: Event


class InvalidReplayIdError(ValueError):
    """The asked id never was one of this channel, or is retained no longer."""


class ReplayLog:
    """The retained events of one channel (reference salesforce.md section 1.5).

    Ids are strictly increasing and have holes. "After N" is answered for any N from the oldest retained id to
    the newest issued one; while nothing was dropped yet, from the id before the first.
    """

    def __init__(self, rng: random.Random, retention_hours: float) -> None:
        self._rng = rng
        self._retention = timedelta(hours=retention_hours)
        self._newest = rng.randint(1_000_000, 9_000_000)
        self._oldest_valid = self._newest
        self._ids: list[int] = []
        self._events: list[Event] = []

    def append(self, event: Event) -> None:
        self._forget_before(event.at - self._retention)
        self._newest += self._rng.randint(1, 40)
        self._events.append(event)
        self._ids.append(self._newest)

    def position(self, asked: object, now: datetime) -> int:
        """The id after which a subscriber that asked so is served. Raises InvalidReplayIdError."""
        self._forget_before(now - self._retention)
        wanted = _as_number(asked)
        if wanted == ONLY_NEW:
            return self._newest
        if wanted == ALL_RETAINED:
            return 0
        if wanted is None or not self._oldest_valid <= wanted <= self._newest:
            raise InvalidReplayIdError(f"no replay id {asked!r} in this channel")
        return wanted

    def after(self, position: int, now: datetime) -> Iterator[Logged]:
        """The events after a position, oldest first. Not to be read on once something was appended."""
        self._forget_before(now - self._retention)
        for index in range(bisect_right(self._ids, position), len(self._ids)):
            yield Logged(self._ids[index], self._events[index])

    def _forget_before(self, horizon: datetime) -> None:
        dropped = bisect_right(self._events, horizon, key=lambda event: event.at)
        if not dropped:
            return
        del self._events[:dropped], self._ids[:dropped]
        # An id that is no longer retained is no position any more, even if nothing after it was lost.
        self._oldest_valid = self._ids[0] if self._ids else self._newest + 1


def asked_replay(subscribe: Message) -> object:
    """The entry of `ext.replay` for the subscribed channel; without one only new events are wanted."""
    ext = subscribe.get("ext")
    replay = ext.get("replay") if isinstance(ext, dict) else None
    return replay.get(str(subscribe.get("subscription")), ONLY_NEW) if isinstance(replay, dict) else ONLY_NEW


def _as_number(asked: object) -> int | None:
    """Numbers as they are and numbers in text: clients are advised to store ids as opaque text."""
    if isinstance(asked, int) and not isinstance(asked, bool):
        return asked
    if isinstance(asked, str) and len(asked) <= 20 and asked.removeprefix("-").isdecimal():
        return int(asked)
    return None
