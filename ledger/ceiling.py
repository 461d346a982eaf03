"""The ceiling on dead letters: past it a queue pauses, so that a bad deploy does not drain it into the dead letters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from ledger.endings import State
from ledger.holds import CEILING, Hold, hold_unless_held
from ledger.states import in_state
from ledger.tables import AttemptRow, DeliveryRow

#: What decides about a record; an attempt that is to be repeated says nothing yet.
_DECIDED = ("delivered", "unchanged", "dead")
#: So many attempts of all queues are looked back over: it bounds the work, and quiet queues are judged by less.
_LOOKED_BACK = 2_000


@dataclass(frozen=True)
class Ceiling:
    """When a queue pauses by itself. A batch that is under way is settled first, so it may be passed by a batch."""

    #: So many dead letters one after another, with no success between them.
    run: int = 50
    #: So large a share of the last `of_last` decided deliveries.
    share: float = 0.5
    of_last: int = 200
    #: So many dead letters kept in one queue: beyond it nothing is dropped, the queue waits for a person instead.
    kept: int = 1_000_000

    def passed(self, decided: list[str], kept: int) -> str:
        """Why the queue has to pause; blank when it need not. `decided` are endings, newest first."""
        run = next((at for at, ending in enumerate(decided) if ending != "dead"), len(decided))
        last = decided[: self.of_last]
        dead = last.count("dead")
        if run >= self.run:
            return f"the last {run} deliveries all became dead letters"
        if len(last) >= self.of_last and dead >= self.share * self.of_last:
            return f"{dead} of the last {len(last)} deliveries became dead letters"
        if kept >= self.kept:
            return f"it keeps {kept:,} dead letters, which is the most it may; replay or drop some"
        return ""


USUAL_CEILING = Ceiling()


def enforce(connection: Connection, queues: Iterable[str], ceiling: Ceiling, now: datetime) -> dict[str, str]:
    """Pause each of `queues` that has passed its ceiling; returns those paused just now with the reason.

    Asked only where a batch brought dead letters, so a healthy queue costs nothing.
    """
    paused = {}
    for queue in sorted(set(queues)):
        reason = ceiling.passed(_decided(connection, queue), _kept(connection, queue, ceiling.kept))
        if reason and hold_unless_held(connection, Hold(queue, 0, CEILING, reason, now)):
            paused[queue] = reason
    return paused


def _decided(connection: Connection, queue: str) -> list[str]:
    recent = (
        select(AttemptRow.id, AttemptRow.delivery_id, AttemptRow.ending)
        .order_by(AttemptRow.id.desc())
        .limit(_LOOKED_BACK)
        .subquery()
    )
    endings = connection.scalars(
        select(recent.c.ending)
        .join(DeliveryRow, DeliveryRow.id == recent.c.delivery_id)
        .where(DeliveryRow.queue == queue, recent.c.ending.in_(_DECIDED))
        .order_by(recent.c.id.desc())
    )
    return list(endings)


def _kept(connection: Connection, queue: str, most: int) -> int:
    """Dead letters of the queue, counted no further than `most`."""
    some = (
        select(DeliveryRow.id)
        .where(DeliveryRow.queue == queue, in_state(DeliveryRow.state, State.DEAD))
        .limit(most)
        .subquery()
    )
    return connection.scalar(select(func.count()).select_from(some)) or 0
