"""Retention: clears away what was kept of deliveries that are long done. Their keys stay, so nothing comes twice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select, text, update

from ledger.tables import TO_COMPACT, AttemptRow, DeliveryRow


def compact(connection: Connection, before: datetime, limit: int, now: datetime) -> int:
    """Clear away attempts, hint and reason of up to `limit` deliveries that came to rest for good before `before`.

    Returns how many. Dead letters are left alone: they wait for a person, however long. A row keeps its unique key,
    which is what keeps an old event from being registered anew, and its digest, which tells producers what was read.
    """
    ids = connection.scalars(
        select(DeliveryRow.id)
        .where(text(TO_COMPACT), DeliveryRow.ended_at < before)
        .order_by(DeliveryRow.ended_at)
        .limit(limit)
    ).all()
    if ids:
        connection.execute(delete(AttemptRow).where(AttemptRow.delivery_id.in_(ids)))
        connection.execute(
            update(DeliveryRow)
            .where(DeliveryRow.id.in_(ids))
            .values(hint={}, reason_text=None, compacted_at=now)
        )
    return len(ids)
