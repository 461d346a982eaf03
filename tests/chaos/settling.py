"""Waits from outside, as an operator would: for the stream to be subscribed, and after the storm for everything to settle."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.exc import SQLAlchemyError

from ledger.endings import State
from ledger.overview import list_cursors
from ledger.tables import DeliveryRow
from producers import salesforce_sweep
from producers.sweep_round import SETTLE, Round
from tests.chaos.model import Model
from tests.chaos.operator import PATIENCE
from tests.chaos.people import People
from tests.chaos.premises import Premises
from tests.chaos.troubles import EDITS
from tests.chaos.world import World

log = structlog.get_logger("kashforce.chaos")

READY_WITHIN_SECONDS = 90.0
#: Longer than every wait that the storm can have caused.
SETTLE_WITHIN_SECONDS = 300.0
LOOK_EVERY_SECONDS = 0.25
#: Two rounds of the sweep, one of which may have to begin anew because its process was killed.
GAP_CLOSED_WITHIN_SECONDS = 30.0


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
        model: Model,
        tend: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        self._ledger = premises.ledger
        self._world = world
        self._people = people
        self._model = model
        self._tend = tend
        self._say = say

    def wait_until_subscribed(self) -> None:
        """Raises NeverReady."""
        missing = self._until(self._no_cursor, time.monotonic() + READY_WITHIN_SECONDS)
        if missing:
            raise NeverReady(missing)

    def settle(self) -> str:
        """Blank when all that people did was heard and delivered; what was still missing at the deadline otherwise.

        What the stream tells, it tells in order, and what it does not tell the sweep finds. So a last deal that was
        heard, and a round of the sweep that began later, prove that all before was heard. Once every invoice is
        linked, one last payment proves that the poll has seen all payments.
        """
        deadline = time.monotonic() + SETTLE_WITHIN_SECONDS
        last_deal, made_at = self._people.close_the_day(), now()
        missing = self._until(lambda: self._not_swept(made_at) or self._under_way(last_deal), deadline)
        if missing:
            return f"the last deal: {missing}"
        self._people.look_at_invoices()
        paid_at = now()
        invoice_id = self._people.pay_one()
        if invoice_id is None:
            return "there was no invoice left to pay"
        missing = self._until(lambda: self._under_way(invoice_id, since=paid_at), deadline)
        if missing:
            return f"the last payment: {missing}"
        return self._until(self._open_gaps, deadline)

    def _until(self, missing: Callable[[], str], deadline: float) -> str:
        text, said = "there was no time to look", ""
        while time.monotonic() < deadline:
            self._tend()
            try:
                text = missing()
            except SQLAlchemyError:
                text = "the ledger does not answer"
            if not text:
                return ""
            if text != said:
                log.info("waiting", until=text)
                said = text
            self._say(f"waiting: {text}")
            time.sleep(LOOK_EVERY_SECONDS)
        return text

    def _no_cursor(self) -> str:
        with self._ledger.reading() as connection:
            return "" if list_cursors(connection) else "the stream is not subscribed"

    def _not_swept(self, since: datetime) -> str:
        """A round reads what was committed before it began, and is noted with its end."""
        cursors = self._ledger.cursors_beginning_with(f"{salesforce_sweep.NAME}:")
        rounds = [Round.from_cursor(cursor) for cursor in cursors]
        done = rounds and all(round_.done and round_.until > since for round_ in rounds)
        return "" if done else "the sweep has not come round"

    def _under_way(self, record_id: str, *, since: datetime | None = None) -> str:
        heard = select(func.count()).where(DeliveryRow.record_id == record_id)
        if since is not None:
            heard = heard.where(DeliveryRow.registered_at >= since)
        with self._ledger.reading() as connection:
            if not connection.scalar(heard):
                return "it was not heard of"
            unfinished = connection.scalar(select(func.count()).where(self._is_awaited()))
        return f"{unfinished} deliveries are under way" if unfinished else ""

    def _is_awaited(self) -> ColumnElement[bool]:
        """Nobody mends a deal that was deleted: what waits long for that is left to wait."""
        deleted = [deal.deal_id for deal in self._model.deals.values() if deal.is_deleted]
        is_left = and_(
            DeliveryRow.state == State.WAITING,
            DeliveryRow.due_at > now() + PATIENCE,
            DeliveryRow.reason_code.in_(EDITS),
            DeliveryRow.record_id.in_(deleted),
        )
        return DeliveryRow.state.in_([State.WAITING, State.RUNNING]) & ~is_left

    def _open_gaps(self) -> str:
        """Incidents that the sweep had time to close; it waits until what happened just before must be visible."""
        latest = now() - SETTLE - timedelta(seconds=GAP_CLOSED_WITHIN_SECONDS)
        late = [
            one.kind
            for one in self._ledger.incidents(source="salesforce", only_open=True)
            if one.noted_at < latest
        ]
        return f"incidents are open: {', '.join(late)}" if late else ""
