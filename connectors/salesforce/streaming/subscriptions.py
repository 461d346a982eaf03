"""What we know about each channel that we want: its position, and whether the server delivers it. No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass
class Subscription:
    """One channel. `cursor` is the last position that the reader has processed, or where it asked to begin."""

    channel: str
    cursor: str
    #: Whether the server accepted it in this session, and whether it did in any.
    is_active: bool = False
    was_active: bool = False
    #: Refusals in a row, and the time (of the session's clock) before which not to ask again.
    refusals: int = 0
    not_before: float = 0.0


class Subscriptions:
    """The channels in the order in which the reader named them."""

    def __init__(self, channels: Mapping[str, str]) -> None:
        self._by_channel = {channel: Subscription(channel, cursor) for channel, cursor in channels.items()}

    def __iter__(self) -> Iterator[Subscription]:
        return iter(self._by_channel.values())

    def __getitem__(self, channel: str) -> Subscription:
        return self._by_channel[channel]

    def __contains__(self, channel: str) -> bool:
        return channel in self._by_channel

    def move(self, channel: str, cursor: str | None) -> None:
        """The reader has processed what came before `cursor`. Channels that nobody asked for have no position."""
        if cursor is not None and channel in self._by_channel:
            self._by_channel[channel].cursor = cursor

    def due(self, now: float) -> Subscription | None:
        """The next one to subscribe to, if any."""
        return next((each for each in self if not each.is_active and each.not_before <= now), None)

    def forget_session(self) -> None:
        """A new session begins, in which the server knows none of them. Refusals stand."""
        for each in self:
            each.is_active = False
