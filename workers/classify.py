"""Turns what a foreign API answered into exactly one ending. The only place that decides between retry and dead."""

from __future__ import annotations

from dataclasses import replace
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


def reason_of(error: ConnectorError, stage: str) -> Reason:
    """Why a call at `stage` failed, with what was sent and answered."""
    kind, exchange = type(error).__name__, error.exchange
    return Reason(
        stage,
        error.code or kind,
        f"{error.system}: {error.message}",
        error_class=kind,
        request=exchange.request if exchange else "",
        answer=exchange.answer if exchange else "",
    )


def ending_of(error: ConnectorError, delivery: Delivery, stage: str, desk: Desk) -> Ending:
    """The ending of a delivery whose call failed with `error` at `stage` of the spine."""
    reason = reason_of(error, stage)
    match error:
        # Nothing is wrong with the record: these attempts do not count.
        case Unreachable() | QuotaSpent() | LoginPaused() | Busy(code=""):
            return _held_back(error, delivery, reason, desk)
        case LoginFailed():
            return TryLater(_later(desk.rules.configuration_seconds, desk), reason)
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
        return _held_back(error, delivery, reason_of(error, stage), desk)
    return ending_of(error, delivery, stage, desk)


def in_doubt(delivery: Delivery, reason: Reason, desk: Desk) -> Ending:
    """The ending when a request may have been carried out: look again, but not before it must have shown."""
    wait = max(desk.rules.doubt_seconds, desk.rules.backoff(delivery.attempts + 1, desk.rng))
    return _failed(wait, delivery, reason, desk)


def _held_back(error: NotNow, delivery: Delivery, reason: Reason, desk: Desk) -> Ending:
    waited_seconds = (desk.clock() - delivery.registered_at).total_seconds()
    return TryLater(_later(_asked_wait(error, desk.rules.hold(waited_seconds, desk.rng)), desk), reason)


def _failed(wait_seconds: float, delivery: Delivery, reason: Reason, desk: Desk) -> Ending:
    if delivery.attempts + 1 >= desk.rules.max_attempts:
        text = f"{reason.text} (given up after {delivery.attempts + 1} attempts)"
        return Dead(replace(reason, text=text))
    return Failed(_later(wait_seconds, desk), reason)


def _asked_wait(error: NotNow, otherwise: float) -> float:
    return otherwise if error.retry_after_seconds is None else error.retry_after_seconds


def _later(seconds: float, desk: Desk) -> datetime:
    return desk.clock() + timedelta(seconds=seconds)
