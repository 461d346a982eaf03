"""The moments of a worker's road at which it may die or be held up, and who passes them: its ledger and both worlds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Engine

from ledger.ceiling import Ceiling
from ledger.deliveries import Claim, Settled, Settlement
from ledger.intents import Intent
from ledger.ledger import Ledger

CLAIMED = "claimed"
READ = "the deals are read"
BEFORE_INTENT = "before the intent"
BEFORE_REQUEST = "the intent is written and the request is not sent"
MADE = "KashFlow has made it and nobody has heard the answer"
BEFORE_WRITE = "before Salesforce is written"
WRITTEN = "Salesforce is written and nobody has heard the answer"
BEFORE_SETTLE = "before the answers are settled"
SETTLED = "settled and not announced"
MOMENTS = (
    CLAIMED, READ, BEFORE_INTENT, BEFORE_REQUEST, MADE, BEFORE_WRITE, WRITTEN, BEFORE_SETTLE, SETTLED,
)  # fmt: skip


class Killed(BaseException):
    """SIGKILL: no handler of the worker sees it."""


class Moments:
    """At most one thing is set to happen: when a moment is passed for the nth time."""

    def __init__(self) -> None:
        self._awaited = ""
        self._left = 0
        self._happening: Callable[[], None] = lambda: None

    def at(self, moment: str, nth: int, happening: Callable[[], None]) -> None:
        self._awaited, self._left, self._happening = moment, nth, happening

    def clear(self) -> None:
        self._awaited = ""

    def passed(self, moment: str) -> None:
        if moment != self._awaited:
            return
        self._left -= 1
        if not self._left:
            self.clear()
            self._happening()


class WatchedLedger(Ledger):
    """The real ledger, whose users pass moments. Nothing pauses its queues: its troubles are more than a day's."""

    def __init__(self, engine: Engine, moments: Moments) -> None:
        super().__init__(engine, Ceiling(run=10**9, of_last=10**9, kept=10**9))
        self._moments = moments

    def claim(
        self, queue: str, hinted: Sequence[int], *, limit: int, now: datetime, lease_seconds: float
    ) -> Claim:
        claim = super().claim(queue, hinted, limit=limit, now=now, lease_seconds=lease_seconds)
        if claim.deliveries:
            self._moments.passed(CLAIMED)
        return claim

    def intend(self, intent: Intent, token: str) -> bool:
        self._moments.passed(BEFORE_INTENT)
        held = super().intend(intent, token)
        if held:
            self._moments.passed(BEFORE_REQUEST)
        return held

    def settle(self, claim: Claim, settlements: Sequence[Settlement], *, now: datetime) -> Settled:
        self._moments.passed(BEFORE_SETTLE)
        settled = super().settle(claim, settlements, now=now)
        self._moments.passed(SETTLED)
        return settled
