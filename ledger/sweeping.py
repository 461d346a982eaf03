"""What the sweeper asks of the ledger: take back expired leases, and find what waits although nobody said so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, or_, select, update

from ledger.deliveries import by_queue
from ledger.endings import State
from ledger.holds import last_claimable
from ledger.states import in_state, waits
from ledger.tables import AttemptRow, DeliveryRow


def expire_leases(connection: Connection, now: datetime) -> list[int]:
    """Deliveries whose worker did not settle in time wait again, in doubt. Returns their ids."""
    expired = connection.execute(
        select(DeliveryRow.id, DeliveryRow.claim, DeliveryRow.lease_until)
        .where(in_state(DeliveryRow.state, State.RUNNING), DeliveryRow.lease_until < now)
        .with_for_update(skip_locked=True)
    ).all()
    if not expired:
        return []
    ids = [row.id for row in expired]
    connection.execute(
        update(DeliveryRow)
        .where(DeliveryRow.id.in_(ids))
        .values(
            state=State.WAITING, claim=None, lease_until=None, due_at=now, announced_at=None, in_doubt=True
        )
    )
    connection.execute(
        insert(AttemptRow),
        [
            {
                "delivery_id": row.id,
                "claim": row.claim,
                "started_at": row.lease_until,
                "ended_at": now,
                "ending": "lease_expired",
                "stage": None,
                "code": "lease_expired",
                "note": "the worker that ran it was lost; what it did is looked up before anything is sent again",
            }
            for row in expired
        ],
    )
    return ids


def find_unannounced(
    connection: Connection, queues: Sequence[str], limit: int, now: datetime, resend_seconds: float
) -> dict[str, list[int]]:
    """Up to `limit` due deliveries of each queue that no message speaks of, or whose message is long gone.

    They count as announced from now on. A queue whose messages are still unread is not worth asking for; what a hold
    keeps back is not announced, for nobody could take it.
    """
    found: list[tuple[int, str]] = []
    for queue in queues:
        last = last_claimable(connection, queue)
        if last == 0:
            continue
        unannounced = (
            select(DeliveryRow.id)
            .where(
                DeliveryRow.queue == queue,
                waits(),
                DeliveryRow.due_at <= now,
                or_(
                    DeliveryRow.announced_at.is_(None),
                    DeliveryRow.announced_at < now - timedelta(seconds=resend_seconds),
                ),
            )
            .order_by(DeliveryRow.priority, DeliveryRow.due_at, DeliveryRow.id)
            .limit(limit)
        )
        if last is not None:
            unannounced = unannounced.where(DeliveryRow.id <= last)
        ids = connection.scalars(unannounced).all()
        if ids:
            connection.execute(update(DeliveryRow).where(DeliveryRow.id.in_(ids)).values(announced_at=now))
            found += [(id_, queue) for id_ in ids]
    return by_queue(found)
