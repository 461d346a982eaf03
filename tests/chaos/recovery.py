"""How long it took until Kashforce went on after each blow; read from the ledger, not guessed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy import func, select

from ledger.ledger import Ledger
from ledger.tables import AttemptRow


@dataclass
class Blow:
    """One kill or fault: it ended at `ended`, when a server was back, or the fault was gone, or the process dead."""

    kind: str
    ended: datetime
    #: When another one led; None for blows that no lease tells of, and while nobody does.
    taken_over: datetime | None = None
    is_takeover: bool = False


@dataclass(frozen=True)
class Recovered:
    """The seconds from the end of each blow of one kind to the next delivery, or to the new leader."""

    kind: str
    count: int
    median_seconds: float | None
    longest_seconds: float | None
    #: Blows after which nothing was to be delivered any more.
    without_figure: int


def recoveries(ledger: Ledger, blows: Iterable[Blow]) -> list[Recovered]:
    """One row per kind, in the order in which they came."""
    kinds: dict[str, list[float | None]] = {}
    for blow in blows:
        kinds.setdefault(blow.kind, []).append(_seconds(ledger, blow))
    return [_row(kind, figures) for kind, figures in kinds.items()]


def _row(kind: str, figures: Sequence[float | None]) -> Recovered:
    known = [seconds for seconds in figures if seconds is not None]
    return Recovered(
        kind,
        len(figures),
        median(known) if known else None,
        max(known) if known else None,
        len(figures) - len(known),
    )


def _seconds(ledger: Ledger, blow: Blow) -> float | None:
    again = blow.taken_over if blow.is_takeover else _next_delivery(ledger, blow.ended)
    return None if again is None else (again - blow.ended).total_seconds()


def _next_delivery(ledger: Ledger, after: datetime) -> datetime | None:
    with ledger.reading() as connection:
        found: datetime | None = connection.scalar(
            select(func.min(AttemptRow.ended_at)).where(
                AttemptRow.ended_at > after, AttemptRow.ending == "delivered"
            )
        )
    return found
