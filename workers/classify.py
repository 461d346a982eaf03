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
        case LoginFailed() | LoginPaused():
            return _until_the_login_is_mended(delivery, reason, desk)
        case Unreachable() | QuotaSpent() | Busy(code=""):
            return held_back(delivery, reason, desk, error.retry_after_seconds)
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
        return held_back(delivery, reason_of(error, stage), desk, error.retry_after_seconds)
    return ending_of(error, delivery, stage, desk)


def may_be_one_records_fault(error: ConnectorError) -> bool:
    """Whether a call for many records may have failed for one of them. What holds for every record (no connection, no
    budget, no permission) is not worth asking for again record by record."""
    return isinstance(error, Never) and not isinstance(error, LoginFailed | NotAllowed)


def in_doubt(delivery: Delivery, reason: Reason, desk: Desk) -> Ending:
    """The ending when a request may have been carried out: look again, but not before it must have shown."""
    wait = max(desk.rules.doubt_seconds, desk.rules.backoff(delivery.attempts + 1, desk.rng))
    return _failed(wait, delivery, reason, desk)


def may_pass(delivery: Delivery, reason: Reason, desk: Desk) -> Ending:
    """The ending when something else has to happen first, and nobody tells when it has."""
    return _failed(desk.rules.backoff(delivery.attempts + 1, desk.rng), delivery, reason, desk)


def held_back(delivery: Delivery, reason: Reason, desk: Desk, asked_seconds: float | None = None) -> Ending:
    """The ending when nothing is wrong with the record: it waits the more patiently the longer it has waited, or
    as long as the API asked, and the attempt does not count."""
    wait_seconds = _hold(delivery, desk) if asked_seconds is None else asked_seconds
    return TryLater(_later(wait_seconds, desk), reason)


def ledger_away(delivery: Delivery, stage: str, desk: Desk, wait_seconds: float | None = None) -> Ending:
    """The ending when our own ledger could not be reached at `stage`.

    "Not now" and not left to the lease: the ledger is often back a moment later, and then the batch is settled at
    once, its neighbours' answers too. If it is not, settling fails as well and the lease does the rest.
    """
    reason = Reason(stage, "ledger_away", "the ledger could not be reached in the middle of the batch")
    return held_back(delivery, reason, desk, wait_seconds)


def _until_the_login_is_mended(delivery: Delivery, reason: Reason, desk: Desk) -> Ending:
    """However long nobody may log in: it is our own breaker that is asked again, and it knows when a person mended it."""
    return TryLater(_later(min(_hold(delivery, desk), desk.rules.configuration_seconds), desk), reason)


def _hold(delivery: Delivery, desk: Desk) -> float:
    waited_seconds = (desk.clock() - delivery.registered_at).total_seconds()
    return desk.rules.hold(waited_seconds, desk.rng)


def _failed(wait_seconds: float, delivery: Delivery, reason: Reason, desk: Desk) -> Ending:
    if delivery.attempts + 1 >= desk.rules.max_attempts:
        text = f"{reason.text} (given up after {delivery.attempts + 1} attempts)"
        return Dead(replace(reason, text=text))
    return Failed(_later(wait_seconds, desk), reason)


def _asked_wait(error: NotNow, otherwise: float) -> float:
    return otherwise if error.retry_after_seconds is None else error.retry_after_seconds


def _later(seconds: float, desk: Desk) -> datetime:
    return desk.clock() + timedelta(seconds=seconds)
