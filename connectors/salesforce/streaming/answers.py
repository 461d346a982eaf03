"""What can come back for one HTTP request, as values; obtained in `line.py`, understood in `verdict.py`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Answered:
    """A complete HTTP answer of whatever status."""

    status: int
    body: bytes
    #: What the server asked us to wait (`Retry-After`); None when it did not.
    retry_after_seconds: float | None = None


@dataclass(frozen=True)
class Unanswered:
    """No complete answer. `was_sent` is False only when the server cannot have seen the request."""

    reason: str
    was_sent: bool = True
    timed_out: bool = False


Outcome = Answered | Unanswered
