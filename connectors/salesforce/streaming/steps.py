"""What the state machine in `session.py` asks to have done, as values; `cometd.py` does it."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.salesforce.streaming.messages import Message


@dataclass(frozen=True)
class Rest:
    """Do nothing for this long."""

    seconds: float


@dataclass(frozen=True)
class LogIn:
    """Get the token, a new one if the server refused the one in use. Then tell `logged_in` or `login_failed`."""

    was_refused: bool


@dataclass(frozen=True)
class Exchange:
    """Send this message, wait for the answer at most so long, then `take` it. A handshake opens a session, and goes
    with an empty cookie jar."""

    request: Message
    deadline_seconds: float

    @property
    def channel(self) -> str:
        channel: str = self.request["channel"]
        return channel


Step = Rest | LogIn | Exchange
