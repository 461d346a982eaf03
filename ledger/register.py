"""Registers changes as deliveries: each once, together with the cursor that says they were read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from ledger.deliveries import NewDelivery, Settlement
from ledger.endings import State
from ledger.many import insert_new
from ledger.tables import DeliveryRow


def register(
    connection: Connection, deliveries: Sequence[NewDelivery], now: datetime, *, announced: bool = True
) -> list[tuple[int, str]]:
    """Insert the deliveries that are new; returns (id, queue) of those.

    They count as announced, because the caller announces them right after the commit; should that be
    lost, the sweeper says it again. With `announced` false it says it the first time, too.
    """
    if not deliveries:
        return []
    rows = [_row(delivery, now, announced) for delivery in deliveries]
    new = insert_new(connection, DeliveryRow, rows, DeliveryRow.id, DeliveryRow.queue)
    return [(row.id, row.queue) for row in new]


def require(
    connection: Connection, settlements: Sequence[Settlement], now: datetime
) -> tuple[dict[int, int], list[tuple[int, str]]]:
    """Make sure that what the settlements need is under way.

    Returns the id of the needed delivery by the id of the one that needs it, and (id, queue) of those that
    had to be registered. One that is under way already for the same record serves, and is as urgent as this one from
    now on: what is live must not wait for its turn in an initial load.
    """
    needed: dict[int, int] = {}
    registered: list[tuple[int, str]] = []
    for entry in settlements:
        if entry.needs is None:
            continue
        under_way = _under_way(connection, entry.needs)
        if under_way is None:
            registered += register(connection, [entry.needs], now)
            under_way = _under_way(connection, entry.needs)
        if under_way is not None:
            connection.execute(
                update(DeliveryRow)
                .where(DeliveryRow.id == under_way, DeliveryRow.priority > entry.needs.priority)
                .values(priority=entry.needs.priority)
            )
            needed[entry.delivery.id] = under_way
    return needed, registered


def _under_way(connection: Connection, wanted: NewDelivery) -> int | None:
    return connection.scalar(
        select(DeliveryRow.id)
        .where(
            DeliveryRow.record_id == wanted.record_id,
            DeliveryRow.queue == wanted.queue,
            DeliveryRow.source == wanted.source,
            DeliveryRow.entity == wanted.entity,
            DeliveryRow.state.in_([State.WAITING, State.RUNNING]),
        )
        .order_by(DeliveryRow.id.desc())
        .limit(1)
    )


def _row(delivery: NewDelivery, now: datetime, announced: bool) -> dict[str, object]:
    return {
        "flow": delivery.flow,
        "queue": delivery.queue,
        "source": delivery.source,
        "entity": delivery.entity,
        "record_id": delivery.record_id,
        "version": delivery.version,
        "kind": delivery.kind,
        "occurred_at": delivery.occurred_at,
        "registered_at": now,
        "lock_key": delivery.lock_key,
        "priority": delivery.priority,
        "state": State.WAITING,
        "due_at": delivery.due_at or now,
        "waits_for": delivery.waits_for,
        "announced_at": now if announced else None,
        "attempts": 0,
        "in_doubt": False,
        "hint": dict(delivery.hint),
        "snapshot": delivery.snapshot,
        "operation_id": delivery.operation_id,
    }
