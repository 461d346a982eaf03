"""Sends a create that must not be sent twice: intent first, then the request, and no request without a held claim."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from connectors.errors import ConnectorError, Unreadable
from ledger.database import AWAY
from ledger.deliveries import Settlement
from ledger.endings import Ending, NotNow, Reason
from ledger.intents import Intent
from workers.classify import in_doubt, ledger_away, reason_of
from workers.desk import Desk
from workers.work import Work

Answer = TypeVar("Answer")


def may_have_been_made(error: ConnectorError) -> bool:
    """Whether the record may exist over there although the request failed."""
    return error.may_have_happened or isinstance(error, Unreadable)


def doubtful(desk: Desk, work: Work, error: ConnectorError) -> Settlement:
    """The end of an attempt after which nobody knows: the intent stays open, and the next attempt looks first."""
    return work.ends(in_doubt(work.delivery, reason_of(error, "send"), desk))


class NotSent(Exception):
    """Nothing was sent, and nothing may be; `ending` is what becomes of the delivery."""

    def __init__(self, ending: Ending) -> None:
        super().__init__()
        self.ending = ending


def send_once(desk: Desk, work: Work, stamp: str, key: str, request: Callable[[], Answer]) -> Answer:
    """The answer of `request`, which makes the record known over there as `key`.

    The intent is committed right before the request goes out, inside the budget's permission: an intent that is
    still open means that the request may have been carried out. Raises NotSent, and what the request raises.
    """

    def intend_and_send() -> Answer:
        intent = Intent(stamp, work.flow.queue, work.delivery.id, key, desk.clock())
        try:
            held = desk.ledger.intend(intent, work.claim)
        except AWAY as error:
            # Caught here and not for the batch: the neighbours' answers are still to be settled. Whether the intent
            # is written nobody knows, and nobody needs to: if it is, the next attempt looks before it sends.
            raise NotSent(ledger_away(work.delivery, "send", desk)) from error
        if not held:
            # The ledger knows that this comes too late.
            taken_over = Reason("send", "claim_lost", "another worker has taken this over")
            raise NotSent(NotNow(desk.clock(), taken_over))
        return request()

    return desk.kashflow_meter.call(intend_and_send, priority=work.flow.priority)
