"""What a stream of change events tells its reader, and the interface behind which it does so. No protocol in here."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from connectors.errors import ConnectorError

#: Cursors that every source understands instead of one that it handed out (reference salesforce.md section 1.5).
NEW_ONLY = "-1"
ALL_RETAINED = "-2"


class Counter(StrEnum):
    """What a source was trying to do when it failed; each is backed off from on its own."""

    AUTH = "auth"
    HANDSHAKE = "handshake"
    CONNECT = "connect"
    SUBSCRIBE = "subscribe"


@dataclass(frozen=True)
class StreamEvent:
    """One event.

    `cursor` is the position just after it: opaque text, good for this channel only, never to be compared or computed.
    `payload` is what happened, `data` the whole envelope as received. In both, JSON integers are int and all other
    numbers Decimal.
    """

    channel: str
    cursor: str
    payload: Mapping[str, Any]
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Events:
    """Consecutive events of one channel, in the order of the stream; never empty. The same event may come twice."""

    channel: str
    events: tuple[StreamEvent, ...]


@dataclass(frozen=True)
class Unreadable:
    """Something came that is no readable event. It says nothing about our position: the stream goes on after it.

    `channel` is "" and `cursor` None where even these could not be read. `raw_text` is the message as JSON in ASCII.
    """

    channel: str
    raw_text: str
    cursor: str | None
    why: str


@dataclass(frozen=True)
class Subscribed:
    """The server accepted the subscription and delivers what came after `cursor`."""

    channel: str
    cursor: str


@dataclass(frozen=True)
class PositionLost:
    """Events of this channel may have been missed: read its records again over the time in question.

    `cursor` is the position that could not be resumed, `resumed_from` what the source uses in its place. Two causes:
    the server no longer accepts the cursor (resumed from ALL_RETAINED, which need not reach back far enough), or the
    connection broke before a NEW_ONLY subscription had seen its first event, so that there is no position to resume.
    """

    channel: str
    cursor: str
    reason: str
    resumed_from: str


@dataclass(frozen=True)
class ChannelRefused:
    """The server will not let us have this channel. The others go on; this one is asked for again after a while."""

    channel: str
    error: ConnectorError
    retry_seconds: float


@dataclass(frozen=True)
class QuotaReached:
    """The daily event delivery quota is used up: the source stays away for `wait_seconds`, then resumes by cursor."""

    error: ConnectorError
    wait_seconds: float


@dataclass(frozen=True)
class Trouble:
    """Something failed; after `wait_seconds` (0: at once) the source tries again by itself, without losing events."""

    error: ConnectorError
    wait_seconds: float
    counter: Counter


@dataclass(frozen=True)
class Idle:
    """The server answered and had nothing for us: proof that the connection lives."""


Notice = Events | Unreadable | Subscribed | PositionLost | ChannelRefused | QuotaReached | Trouble | Idle
Notices = Generator[Notice, None, None]


class EventSource(Protocol):
    """Somewhere that change events come from. One reader; `close` and `distrust` may be called from anywhere."""

    def listen(self, channels: Mapping[str, str]) -> Notices:
        """Notices about these channels, each read from its cursor (or NEW_ONLY, ALL_RETAINED), until closed.

        Blocks between notices. Asking for the next notice says that the one before is safely processed: after any
        disturbance the source resumes just behind the last event processed. Closing the generator says goodbye to the
        server as `close` does; a `for` loop that is left closes it, whoever keeps it uses `contextlib.closing`.
        """
        ...

    def distrust(self, channel: str) -> None:
        """Subscribe to this channel again from its cursor: the caller knows of events that should have come."""
        ...

    def close(self) -> None:
        """Make `listen` say goodbye and return soon, also out of a blocking read. Safe in a signal handler. Final."""
        ...
