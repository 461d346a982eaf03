"""Sends a create that must not be sent twice: intent first, then the request, and no request without a held claim."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from connectors.errors import ConnectorError, Unreadable
from ledger.deliveries import Settlement
from ledger.endings import NotNow, Reason
from ledger.intents import Intent
from workers.classify import in_doubt, reason_of
from workers.desk import Desk
from workers.work import Work

Answer = TypeVar("Answer")


def may_have_been_made(error: ConnectorError) -> bool:
    """Whether the record may exist over there although the request failed."""
    return error.may_have_happened or isinstance(error, Unreadable)


def doubtful(desk: Desk, work: Work, error: ConnectorError) -> Settlement:
    """The end of an attempt after which nobody knows: the intent stays open, and the next attempt looks first."""
    return work.ends(in_doubt(work.delivery, reason_of(error, "send"), desk))


class ClaimLost(Exception):
    """Another worker has taken over; nothing was sent, and nothing may be."""


def send_once(desk: Desk, work: Work, stamp: str, key: str, request: Callable[[], Answer]) -> Answer:
    """The answer of `request`, which makes the record known over there as `key`.

    The intent is committed right before the request goes out, inside the budget's permission: an intent that is
    still open means that the request may have been carried out. Raises ClaimLost, and what the request raises.
    """

    def intend_and_send() -> Answer:
        intent = Intent(stamp, work.flow.queue, work.delivery.id, key, desk.clock())
        if not desk.ledger.intend(intent, work.claim):
            raise ClaimLost
        return request()

    return desk.kashflow_meter.call(intend_and_send, priority=work.flow.priority)


def lost(desk: Desk, work: Work) -> Settlement:
    """What to settle after ClaimLost; the ledger knows that it comes too late."""
    return work.ends(NotNow(desk.clock(), Reason("send", "claim_lost", "another worker has taken this over")))
