"""Holds queues and lets them go: nothing is lost, held deliveries wait."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from console.operations.plain import in_words
from ledger import holds
from ledger.holds import Hold
from ledger.ledger import Ledger


class NoSuchQueue(LookupError):
    """No flow leads to a queue of this name; the text lists those there are."""


def check_queue(queue: str, known: tuple[str, ...]) -> None:
    """Raises NoSuchQueue."""
    if queue not in known:
        raise NoSuchQueue(f"there is no queue {queue!r}; there are {', '.join(known)}")


def pause(ledger: Ledger, queue: str, *, who: str, reason: str, now: datetime) -> Hold:
    """Nobody takes deliveries of this queue any more; what runs is finished. What is heard waits."""
    return _hold(ledger, Hold(queue, 0, who, reason, now))


def drain(ledger: Ledger, queue: str, *, who: str, reason: str, now: datetime) -> Hold:
    """What is on the queue now is still worked on, also its retries; what comes later waits."""
    with ledger.writing() as connection:
        held = Hold(queue, holds.newest_unfinished(connection, queue), who, reason, now)
        holds.hold(connection, held)
    return held


def resume(ledger: Ledger, queue: str) -> bool:
    """Let the queue go on; false when nothing held it."""
    with ledger.writing() as connection:
        return holds.resume(connection, queue)


def holds_of(ledger: Ledger) -> tuple[Hold, ...]:
    """Every held queue."""
    with ledger.reading() as connection:
        return tuple(holds.list_holds(connection))


def wait_until_drained(
    ledger: Ledger, held: Hold, wait: Callable[[float], bool], say: Callable[[int], None]
) -> bool:
    """True when nothing of what is drained is left; false when `wait` said that it is time to stop."""
    while True:
        with ledger.reading() as connection:
            left = holds.left_to_drain(connection, held.queue, held.after_id)
        say(left)
        if not left:
            return True
        if wait(1.0):
            return False


def told(held: Hold, now: datetime) -> str:
    """Such as `paused by kim for 2 min: KashFlow is being mended`."""
    verb = "draining, held" if held.drains else "paused"
    return f"{verb} by {held.who} for {in_words((now - held.held_at).total_seconds())}: {held.reason}"


def _hold(ledger: Ledger, held: Hold) -> Hold:
    with ledger.writing() as connection:
        holds.hold(connection, held)
    return held
