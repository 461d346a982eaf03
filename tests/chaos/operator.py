"""Who mends by the runbook what waits for a person: resets a paused login, edits what died or waits of a cause that is gone."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import redis
from sqlalchemy import or_, select
from sqlalchemy.exc import SQLAlchemyError

from ledger.endings import State
from ledger.tables import DeliveryRow
from tests.chaos.premises import Premises
from tests.chaos.troubles import MENDED_BY_A_PERSON
from tests.chaos.world import World

LOOKS_EVERY_SECONDS = 2.0
#: A delivery that goes on by itself before this is left alone.
PATIENCE = timedelta(seconds=12)
#: docs/runbook.md, "Login paused", step 3.
LOGIN_KEY = "kashforce:kashflow:login"


class Operator:
    """Looks as often as somebody with nothing else to do; acts on what no fault that lasts would undo at once."""

    def __init__(self, world: World, premises: Premises) -> None:
        self._world = world
        self._premises = premises
        self._looked_at = 0.0
        self._done: set[int] = set()
        #: How often something was mended.
        self.resets = 0
        self.edits = 0

    def look(self) -> None:
        if time.monotonic() - self._looked_at < LOOKS_EVERY_SECONDS:
            return
        self._looked_at = time.monotonic()
        present = {name.split()[1] for name in self._world.struck()}
        mendable = {code for code, faults in MENDED_BY_A_PERSON.items() if not present.intersection(faults)}
        with suppress(redis.RedisError, SQLAlchemyError):
            self._reset_login(mendable)
            self._edit_what_is_stuck(mendable)

    def _reset_login(self, mendable: set[str]) -> None:
        """The user is unlocked, its password renewed: the next login may be tried."""
        with redis.Redis.from_url(self._premises.valkey.url, socket_timeout=1) as client:
            known = json.loads(client.get(LOGIN_KEY) or "{}")
            if known.get("state") == "open" and known.get("code") in mendable:
                client.delete(LOGIN_KEY)
                self.resets += 1

    def _edit_what_is_stuck(self, mendable: set[str]) -> None:
        """An edit is a new change, and its success ends the old failure."""
        now = datetime.now(UTC)
        is_stuck = or_(
            DeliveryRow.state == State.DEAD,
            (DeliveryRow.state == State.WAITING) & (DeliveryRow.due_at > now + PATIENCE),
        )
        with self._premises.ledger.reading() as connection:
            stuck = connection.execute(
                select(DeliveryRow.id, DeliveryRow.entity, DeliveryRow.record_id)
                .where(is_stuck, DeliveryRow.reason_code.in_(mendable))
                .order_by(DeliveryRow.id)
            ).all()
        for row in stuck:
            if row.id not in self._done:
                self._done.add(row.id)
                self._edit(row.entity, row.record_id)

    def _edit(self, entity: str, record_id: str) -> None:
        self.edits += 1
        if entity == "Opportunity":
            self._world.edit_deal(record_id, f"Deal looked at, {self.edits}")
            return
        link = self._premises.ledger.links_by_kashflow_id("invoice", [record_id]).get(record_id)
        if link is not None:
            self._world.edit_invoice(int(link.kashflow_key), date.today() + timedelta(days=60 + self.edits))  # noqa: DTZ011 - a UK shop's calendar day
