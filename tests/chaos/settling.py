"""Waits from outside, as an operator would: for the stream to be subscribed, and after the storm for everything to settle."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from ledger.overview import count_unfinished, list_cursors
from ledger.tables import DeliveryRow
from tests.chaos.people import People
from tests.chaos.premises import Premises
from tests.chaos.world import World

READY_WITHIN_SECONDS = 90.0
#: Longer than every wait that the storm can have caused.
SETTLE_WITHIN_SECONDS = 300.0
LOOK_EVERY_SECONDS = 0.25


class NeverReady(Exception):
    """The installation did not begin to listen; nothing was played."""


def now() -> datetime:
    return datetime.now(UTC)


class Settling:
    """`tend` keeps the processes running meanwhile; `say` hears what is waited for."""

    def __init__(
        self,
        premises: Premises,
        world: World,
        people: People,
        tend: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        self._ledger = premises.ledger
        self._world = world
        self._people = people
        self._tend = tend
        self._say = say

    def wait_until_subscribed(self) -> None:
        """Raises NeverReady."""
        missing = self._until(self._no_cursor, time.monotonic() + READY_WITHIN_SECONDS)
        if missing:
            raise NeverReady(missing)

    def settle(self) -> str:
        """Blank when all that people did was heard and delivered; what was still missing at the deadline otherwise.

        Changes are heard in order. So one last deal proves that all before it were heard, and, once every invoice
        is linked, one last payment proves that the poll has seen all payments.
        """
        deadline = time.monotonic() + SETTLE_WITHIN_SECONDS
        last_deal = self._people.close_the_day()
        missing = self._until(lambda: self._under_way("the last deal", last_deal, since=None), deadline)
        if missing:
            return missing
        self._people.look_at_invoices()
        paid_at = now()
        invoice_id = self._people.pay_one()
        if invoice_id is None:
            return ""
        return self._until(lambda: self._under_way("the last payment", invoice_id, since=paid_at), deadline)

    def _until(self, missing: Callable[[], str], deadline: float) -> str:
        text = "there was no time to look"
        while time.monotonic() < deadline:
            self._tend()
            try:
                text = missing()
            except SQLAlchemyError:
                text = "the ledger does not answer"
            if not text:
                return ""
            self._say(f"waiting: {text}")
            time.sleep(LOOK_EVERY_SECONDS)
        return text

    def _no_cursor(self) -> str:
        with self._ledger.reading() as connection:
            return "" if list_cursors(connection) else "the stream is not subscribed"

    def _under_way(self, what: str, record_id: str, *, since: datetime | None) -> str:
        heard = select(func.count()).where(DeliveryRow.record_id == record_id)
        if since is not None:
            heard = heard.where(DeliveryRow.registered_at >= since)
        with self._ledger.reading() as connection:
            if not connection.scalar(heard):
                return f"{what} was not heard of"
            unfinished = count_unfinished(connection)
        return f"{unfinished} deliveries are under way" if unfinished else ""
