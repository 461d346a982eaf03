"""An initial load on a road: estimated, rehearsed and carried out by the operations that the command calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from connectors.budget import SALESFORCE, LocalBudget
from connectors.meter import Meter
from console.operations.carrying import Hands, Pace
from console.operations.loading import backfill
from console.operations.loading.estimate import Estimate, estimate
from console.operations.loading.foreseeing import Foreseen, Summary, summary
from console.operations.loading.meaning import Load, meant
from console.operations.loading.rehearsal import rehearse
from ledger import operations
from ledger.deliveries import LAST
from ledger.endings import State
from ledger.operations import Operation
from tests.support.road import Road
from workers.desk import Desk


@dataclass
class Loading:
    """What an operator does about one kind of record."""

    road: Road
    entity: str
    source: str = ""
    since: datetime | None = None

    @property
    def load(self) -> Load:
        return meant(self.road.book, self.entity, self.source, self.since)

    def estimate(self) -> Estimate:
        return estimate(patient(self.road.desk), self.load, None)

    def foresee(self) -> list[Foreseen]:
        return list(rehearse(patient(self.road.desk), self.load))

    def rehearse(self) -> Summary:
        """`--dry-run`."""
        return summary(self.foresee())

    def run(self, wait: Callable[[float], bool] = lambda _: False) -> Operation:
        """`--yes`; `wait` answers true for Ctrl-C."""
        planned = self.estimate().count
        backfill.check_listening(self.road.ledger, self.load)
        return self.begin(planned, wait)

    def begin(
        self, planned: int, wait: Callable[[float], bool] = lambda _: False, per_minute: int = 0
    ) -> Operation:
        """The same, agreed to earlier."""
        return backfill.start(
            self._hands(wait),
            patient(self.road.desk),
            self.load,
            who="kim",
            reason="initial load",
            planned=planned,
            pace=Pace(per_minute=per_minute),
        )

    def go_on(self, operation: Operation) -> Operation:
        """`kashforce operations continue`."""
        return backfill.go_on(self._hands(lambda _: False), patient(self.road.desk), operation)

    def outcomes(self, operation: Operation) -> dict[State, int]:
        with self.road.ledger.reading() as connection:
            return operations.outcomes(connection, operation.id)

    def _hands(self, wait: Callable[[float], bool]) -> Hands:
        return Hands(self.road.ledger, self.road.now, wait)


def without_bursts(road: Road) -> None:
    """Time stands still on a road while a batch is worked on, so that no calls are allowed again meanwhile."""

    def seconds() -> float:
        return road.now().timestamp()

    meter = Meter("salesforce", LocalBudget(replace(SALESFORCE, burst=None), seconds), seconds)
    road.desk = replace(road.desk, salesforce_meter=meter)


def patient(desk: Desk) -> Desk:
    """The same desk for somebody who has time: every call comes last, and waits for room."""
    return replace(
        desk,
        salesforce_meter=desk.salesforce_meter.patiently(desk.wait, LAST),
        kashflow_meter=desk.kashflow_meter.patiently(desk.wait, LAST),
    )
