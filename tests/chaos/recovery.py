"""How long it took until Kashforce went on after each blow; read from the ledger, not guessed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from statistics import median
from typing import Self

from sqlalchemy import func, or_, select

from ledger.ledger import Ledger
from ledger.tables import AttemptRow, DeliveryRow

#: Nineteen in twenty.
MOST = 0.95


@dataclass
class Blow:
    """One kill or fault: it ended at `ended`, when a server was back, or the fault was gone, or the process dead."""

    kind: str
    ended: datetime
    #: When another one led; None for blows that no lease tells of, and while nobody does.
    taken_over: datetime | None = None
    is_takeover: bool = False


@dataclass(frozen=True)
class Seconds:
    """Of several blows; None where nothing was to be delivered any more after any of them."""

    median: float | None
    longest: float | None

    @classmethod
    def of(cls, figures: Sequence[float | None]) -> Self:
        known = [seconds for seconds in figures if seconds is not None]
        return cls(median(known), max(known)) if known else cls(None, None)


@dataclass(frozen=True)
class Recovered:
    """From the end of each blow of one kind."""

    kind: str
    count: int
    #: To the next delivery, or to the new leader.
    first: Seconds
    #: To the end of 19 in 20 of the deliveries that were under way just then; the last may wait for a person.
    most_done: Seconds


def recoveries(ledger: Ledger, blows: Iterable[Blow]) -> list[Recovered]:
    """One row per kind, in the order in which they came."""
    kinds: dict[str, list[Blow]] = {}
    for blow in blows:
        kinds.setdefault(blow.kind, []).append(blow)
    return [
        Recovered(
            kind,
            len(group),
            Seconds.of([_since(blow, _first(ledger, blow)) for blow in group]),
            Seconds.of([_since(blow, _most_done(ledger, blow.ended)) for blow in group]),
        )
        for kind, group in kinds.items()
    ]


def _since(blow: Blow, then: datetime | None) -> float | None:
    return None if then is None else (then - blow.ended).total_seconds()


def _first(ledger: Ledger, blow: Blow) -> datetime | None:
    if blow.is_takeover:
        return blow.taken_over
    with ledger.reading() as connection:
        found: datetime | None = connection.scalar(
            select(func.min(AttemptRow.ended_at)).where(
                AttemptRow.ended_at > blow.ended, AttemptRow.ending == "delivered"
            )
        )
    return found


def _most_done(ledger: Ledger, ended: datetime) -> datetime | None:
    """A dead letter that was made good later is left out: it was at rest meanwhile."""
    made_good = DeliveryRow.reason_code == "later_success"
    with ledger.reading() as connection:
        ends = connection.scalars(
            select(DeliveryRow.ended_at)
            .where(
                DeliveryRow.registered_at <= ended,
                DeliveryRow.ended_at > ended,
                or_(DeliveryRow.reason_code.is_(None), ~made_good),
            )
            .order_by(DeliveryRow.ended_at)
        ).all()
    return ends[ceil(len(ends) * MOST) - 1] if ends else None
