"""Queues that are held: paused, drained, or stopped by the ceiling on dead letters. Held deliveries wait; none is lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, select

from ledger.database import insert_or_ignore, insert_or_update
from ledger.endings import State
from ledger.tables import DeliveryRow, HoldRow

#: Who holds a queue that had too many dead letters.
CEILING = "ceiling"


@dataclass(frozen=True)
class Hold:
    """Nobody claims deliveries of `queue` with an id above `after_id`; 0 holds all of them."""

    queue: str
    after_id: int
    who: str
    reason: str
    held_at: datetime

    @property
    def drains(self) -> bool:
        """Are the deliveries that were there when it began still worked on?"""
        return self.after_id > 0


def hold(connection: Connection, held: Hold) -> None:
    """Hold a queue; one that is held already is held this way from now on."""
    connection.execute(
        insert_or_update(
            connection.dialect.name, HoldRow, key=("queue",), update=("after_id", "who", "reason", "held_at")
        ),
        [vars(held)],
    )


def hold_unless_held(connection: Connection, held: Hold) -> bool:
    """Hold a queue, but leave a person's hold as it is; true when this is what holds it now."""
    statement = insert_or_ignore(connection.dialect.name, HoldRow).returning(HoldRow.queue)
    return bool(connection.scalars(statement, [vars(held)]).all())


def resume(connection: Connection, queue: str) -> bool:
    """Let the queue go on; false when nothing held it."""
    return bool(connection.execute(delete(HoldRow).where(HoldRow.queue == queue)).rowcount)


def list_holds(connection: Connection) -> list[Hold]:
    """Every held queue, by name."""
    rows = connection.execute(select(HoldRow.__table__).order_by(HoldRow.queue))
    return [Hold(row.queue, row.after_id, row.who, row.reason, row.held_at) for row in rows]


_LAST_CLAIMABLE = select(HoldRow.after_id).where(HoldRow.queue == bindparam("of"))


def last_claimable(connection: Connection, queue: str) -> int | None:
    """The highest id that may be claimed of `queue` while it is held; None when it is not."""
    return connection.scalar(_LAST_CLAIMABLE, {"of": queue})


def newest_unfinished(connection: Connection, queue: str) -> int:
    """The highest id that waits or runs on `queue`; 0 when none does."""
    return (
        connection.scalar(
            select(func.max(DeliveryRow.id)).where(
                DeliveryRow.queue == queue, DeliveryRow.state.in_([State.WAITING, State.RUNNING])
            )
        )
        or 0
    )


def left_to_drain(connection: Connection, queue: str, after_id: int) -> int:
    """How many deliveries up to `after_id` still wait or run on `queue`."""
    return (
        connection.scalar(
            select(func.count())
            .select_from(DeliveryRow)
            .where(
                DeliveryRow.queue == queue,
                DeliveryRow.state.in_([State.WAITING, State.RUNNING]),
                DeliveryRow.id <= after_id,
            )
        )
        or 0
    )
