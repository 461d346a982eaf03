"""Who mends by the runbook what waits for a person: lets a login be tried again, edits deals whose cause of failure is gone."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import redis
from sqlalchemy import or_, select
from sqlalchemy.exc import SQLAlchemyError

from ledger.endings import State
from ledger.tables import DeliveryRow
from tests.chaos.model import Model
from tests.chaos.premises import Premises
from tests.chaos.troubles import EDITS, LOGINS
from tests.chaos.world import World

LOOKS_EVERY_SECONDS = 2.0
#: A delivery that goes on by itself before this is left alone.
PATIENCE = timedelta(seconds=30)
#: An edit that no event told of moves nothing: what waits already is not swept.
AGAIN_SECONDS = 20.0
#: docs/runbook.md, "Login paused", step 3.
LOGIN_KEY = "kashforce:kashflow:login"


class Operator:
    """Looks as often as somebody with nothing else to do, and acts once the cause is gone."""

    def __init__(self, world: World, premises: Premises, model: Model) -> None:
        self._world = world
        self._premises = premises
        self._model = model
        self._looked_at = 0.0
        #: When which delivery's deal was edited last.
        self._edited: dict[int, float] = {}
        #: How often a login was let through again, and a deal edited.
        self.logins = 0
        self.edits = 0

    def look(self) -> None:
        """May find the ledger or Redis away, and looks again later then."""
        if time.monotonic() - self._looked_at < LOOKS_EVERY_SECONDS:
            return
        self._looked_at = time.monotonic()
        present = {label.split()[1] for label in self._world.struck()}
        with suppress(redis.RedisError, SQLAlchemyError):
            self._mend_login([code for code, fault in LOGINS.items() if fault not in present])
            self._mend_deals([code for code, fault in EDITS.items() if fault not in present])

    def _mend_login(self, codes: Iterable[str]) -> None:
        with redis.Redis.from_url(self._premises.valkey.url, socket_timeout=1) as client:
            known = json.loads(client.get(LOGIN_KEY) or "{}")
            if known.get("state") == "open" and known.get("code") in codes:
                client.delete(LOGIN_KEY)
                self.logins += 1

    def _mend_deals(self, codes: Iterable[str]) -> None:
        """An edit is a new change, and its success ends the old failure."""
        is_stuck = or_(
            DeliveryRow.state == State.DEAD,
            (DeliveryRow.state == State.WAITING) & (DeliveryRow.due_at > datetime.now(UTC) + PATIENCE),
        )
        with self._premises.ledger.reading() as connection:
            stuck = connection.execute(
                select(DeliveryRow.id, DeliveryRow.record_id)
                .where(is_stuck, DeliveryRow.reason_code.in_(codes), DeliveryRow.entity == "Opportunity")
                .order_by(DeliveryRow.id)
            ).all()
        for row in stuck:
            is_recent = time.monotonic() - self._edited.get(row.id, -AGAIN_SECONDS) < AGAIN_SECONDS
            if not is_recent and not self._model.deals[row.record_id].is_deleted:
                self._edited[row.id] = time.monotonic()
                self.edits += 1
                self._world.edit_deal(row.record_id, f"Deal looked at, {self.edits}")
