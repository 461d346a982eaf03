"""Turns what a foreign API answered into exactly one ending. The only place that decides between retry and dead."""

from __future__ import annotations

from datetime import datetime, timedelta

from connectors.errors import (
    AnswerLost,
    Busy,
    ConnectorError,
    LoginFailed,
    LoginPaused,
    Never,
    NotAllowed,
    NotNow,
    QuotaSpent,
    Unreachable,
)
from ledger.deliveries import Delivery
from ledger.endings import Dead, Ending, Failed, Reason
from ledger.endings import NotNow as TryLater
from workers.desk import Desk


def ending_of(error: ConnectorError, delivery: Delivery, stage: str, desk: Desk) -> Ending:
    """The ending of a delivery whose call failed with `error` at `stage` of the spine."""
    reason = Reason(stage, error.code or type(error).__name__, f"{error.system}: {error.message}")
    match error:
        # Nothing is wrong with the record: these attempts do not count.
        case LoginFailed() | LoginPaused():
            return _until_the_login_is_mended(delivery, reason, desk)
        case Unreachable() | QuotaSpent() | Busy(code=""):
            return _held_back(error, delivery, reason, desk)
        case NotAllowed():
            return _failed(desk.rules.configuration_seconds, delivery, reason, desk)
        case Busy() | AnswerLost() | NotNow():
            wait = _asked_wait(error, desk.rules.backoff(delivery.attempts + 1, desk.rng))
            return _failed(wait, delivery, reason, desk)
        case Never():
            return Dead(reason)
        case _:
            raise TypeError(
                f"{type(error).__name__} is neither NotNow nor Never; give it a place in the tree"
            )


def ending_of_each(error: ConnectorError, delivery: Delivery, stage: str, desk: Desk) -> Ending:
    """As `ending_of`, where one call for the whole batch failed: a lost answer then says nothing about any record."""
    if isinstance(error, AnswerLost):
        reason = Reason(stage, error.code or type(error).__name__, f"{error.system}: {error.message}")
        return _held_back(error, delivery, reason, desk)
    return ending_of(error, delivery, stage, desk)


def in_doubt(delivery: Delivery, reason: Reason, desk: Desk) -> Ending:
    """The ending when a request may have been carried out: look again, but not before it must have shown."""
    wait = max(desk.rules.doubt_seconds, desk.rules.backoff(delivery.attempts + 1, desk.rng))
    return _failed(wait, delivery, reason, desk)


def _held_back(error: NotNow, delivery: Delivery, reason: Reason, desk: Desk) -> Ending:
    return TryLater(_later(_asked_wait(error, _hold(delivery, desk)), desk), reason)


def _until_the_login_is_mended(delivery: Delivery, reason: Reason, desk: Desk) -> Ending:
    """However long nobody may log in: it is our own breaker that is asked again, and it knows when a person mended it."""
    return TryLater(_later(min(_hold(delivery, desk), desk.rules.configuration_seconds), desk), reason)


def _hold(delivery: Delivery, desk: Desk) -> float:
    waited_seconds = (desk.clock() - delivery.registered_at).total_seconds()
    return desk.rules.hold(waited_seconds, desk.rng)


def _failed(wait_seconds: float, delivery: Delivery, reason: Reason, desk: Desk) -> Ending:
    if delivery.attempts + 1 >= desk.rules.max_attempts:
        text = f"{reason.text} (given up after {delivery.attempts + 1} attempts)"
        return Dead(Reason(reason.stage, reason.code, text))
    return Failed(_later(wait_seconds, desk), reason)


def _asked_wait(error: NotNow, otherwise: float) -> float:
    return otherwise if error.retry_after_seconds is None else error.retry_after_seconds


def _later(seconds: float, desk: Desk) -> datetime:
    return desk.clock() + timedelta(seconds=seconds)
