"""Questions of people and status pages: how many, how old, what went wrong. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Integer, bindparam, func, select

from ledger.deliveries import DELIVERY_COLUMNS, Delivery
from ledger.endings import State
from ledger.states import in_state, waits
from ledger.tables import AttemptRow, CursorRow, DeliveryRow, LeaseRow


@dataclass(frozen=True)
class QueueCount:
    """Deliveries of one queue in one state; `oldest` is when the oldest of them was registered."""

    queue: str
    state: State
    count: int
    oldest: datetime


@dataclass(frozen=True)
class CursorAge:
    """How far a producer has read, and when it last read something new."""

    name: str
    value: str
    position_at: datetime | None
    moved_at: datetime


@dataclass(frozen=True)
class Attempt:
    """One try of a delivery, as the story of a record tells it."""

    delivery_id: int
    started_at: datetime
    ended_at: datetime
    ending: str
    stage: str | None
    code: str | None
    note: str
    error_class: str | None
    #: What was sent and what came back, where the attempt failed over there.
    request: str | None
    answer: str | None


_COUNT_DUE = select(func.count()).select_from(
    select(DeliveryRow.id)
    .where(
        DeliveryRow.queue == bindparam("on"),
        waits(),
        DeliveryRow.due_at <= bindparam("now"),
    )
    .limit(bindparam("most", type_=Integer))
    .subquery()
)


def count_due(connection: Connection, queue: str, most: int, now: datetime) -> int:
    """How many deliveries of `queue` wait and are due; counts no further than `most`, for a backlog may be millions."""
    return connection.scalar(_COUNT_DUE, {"on": queue, "now": now, "most": most}) or 0


def count_deliveries(connection: Connection) -> list[QueueCount]:
    """How many deliveries each queue has in each state; what has none is left out."""
    rows = connection.execute(
        select(
            DeliveryRow.queue,
            DeliveryRow.state,
            func.count().label("count"),
            func.min(DeliveryRow.registered_at).label("oldest"),
        )
        .group_by(DeliveryRow.queue, DeliveryRow.state)
        .order_by(DeliveryRow.queue, DeliveryRow.state)
    )
    return [QueueCount(row.queue, State(row.state), row[2], row.oldest) for row in rows]


_UNFINISHED = (waits(), in_state(DeliveryRow.state, State.RUNNING))


def count_unfinished(connection: Connection) -> int:
    """Deliveries that still have to run: waiting or running."""
    # Counted apart: an index knows each of them, but of both together the whole table is read.
    waiting, running = (
        select(func.count()).select_from(DeliveryRow).where(condition).scalar_subquery()
        for condition in _UNFINISHED
    )
    return connection.scalar(select(waiting + running)) or 0


def any_unfinished(connection: Connection) -> bool:
    """Does one still have to run? Not counted, and so answered at once, whatever the ledger holds."""
    return any(
        connection.scalar(select(DeliveryRow.id).where(condition).limit(1)) is not None
        for condition in _UNFINISHED
    )


def first_registered_at(connection: Connection) -> datetime | None:
    """When the first delivery of all was registered; None where there was none yet."""
    first = select(DeliveryRow.registered_at).order_by(DeliveryRow.id).limit(1)
    return connection.scalar(first)


def list_cursors(connection: Connection) -> list[CursorAge]:
    """Every cursor, by name."""
    rows = connection.execute(select(CursorRow.__table__).order_by(CursorRow.name))
    return [CursorAge(row.name, row.value, row.position_at, row.moved_at) for row in rows]


def list_leases(connection: Connection) -> list[tuple[str, str, datetime]]:
    """(name, holder, until) of each singleton."""
    rows = connection.execute(select(LeaseRow.name, LeaseRow.holder, LeaseRow.until).order_by(LeaseRow.name))
    return [(row.name, row.holder, row.until) for row in rows]


def recent_troubles(connection: Connection, limit: int = 10) -> list[Delivery]:
    """Deliveries that are dead or were put off for a reason, newest first."""
    rows = connection.execute(
        select(*DELIVERY_COLUMNS)
        .where(
            DeliveryRow.state.in_([State.DEAD, State.WAITING, State.RUNNING]),
            DeliveryRow.reason_code.is_not(None),
        )
        .order_by(DeliveryRow.id.desc())
        .limit(limit)
    )
    return [Delivery.from_row(row) for row in rows]


def deliveries_of(connection: Connection, record_ids: Iterable[str]) -> list[Delivery]:
    """Every delivery of these records, oldest first."""
    rows = connection.execute(
        select(*DELIVERY_COLUMNS)
        .where(DeliveryRow.record_id.in_(sorted(set(record_ids))))
        .order_by(DeliveryRow.id)
    )
    return [Delivery.from_row(row) for row in rows]


def attempts_of(connection: Connection, delivery_ids: Iterable[int]) -> list[Attempt]:
    """Every attempt of these deliveries, oldest first."""
    rows = connection.execute(
        select(AttemptRow.__table__)
        .where(AttemptRow.delivery_id.in_(sorted(set(delivery_ids))))
        .order_by(AttemptRow.id)
    )
    return [Attempt(**{name: getattr(row, name) for name in Attempt.__dataclass_fields__}) for row in rows]


def delivery_by_id(connection: Connection, delivery_id: int) -> Delivery | None:
    """The delivery, or None when there is none with this id."""
    row = connection.execute(select(*DELIVERY_COLUMNS).where(DeliveryRow.id == delivery_id)).one_or_none()
    return Delivery.from_row(row) if row else None


def find_delivery(
    connection: Connection, queue: str, source: str, entity: str, record_id: str
) -> Delivery | None:
    """The newest delivery of this record on this queue, whatever its state."""
    row = connection.execute(
        select(*DELIVERY_COLUMNS)
        .where(
            DeliveryRow.record_id == record_id,
            DeliveryRow.queue == queue,
            DeliveryRow.source == source,
            DeliveryRow.entity == entity,
        )
        .order_by(DeliveryRow.id.desc())
        .limit(1)
    ).one_or_none()
    return Delivery.from_row(row) if row else None
