"""Dead letters: found, counted and grouped by cause; put back or dropped, a chunk in each transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update

from ledger.deliveries import DELIVERY_COLUMNS, Delivery
from ledger.endings import State
from ledger.selection import Selection
from ledger.states import in_state
from ledger.tables import AttemptRow, DeliveryRow


@dataclass(frozen=True)
class Group:
    """Dead letters of one cause and currency; `newest_id` is one of them, for its wording and its queue."""

    fingerprint: str
    currency: str
    count: int
    #: What their records are worth together; None where their flow names no amount.
    worth_hundredths: int | None
    first_at: datetime
    last_at: datetime
    newest_id: int


#: `replay` or `drop`.
Move = Callable[[Connection, Sequence[int], int, str, datetime], list[int]]


def _dead(selection: Selection, *what: Any) -> Select[Any]:
    return select(*what).where(in_state(DeliveryRow.state, State.DEAD), *selection.conditions())


def count(connection: Connection, selection: Selection) -> int:
    """How many dead letters the selection means."""
    return connection.scalar(_dead(selection, func.count())) or 0


def newest(
    connection: Connection, selection: Selection, limit: int, before_id: int = 0
) -> tuple[int, list[Delivery]]:
    """How many there are, and the newest of them; `before_id` goes on behind the last one of an earlier page."""
    if selection.text or selection.since or selection.until:
        return _newest_of_one_look(connection, selection, limit, before_id)
    wanted = _dead(selection, *DELIVERY_COLUMNS).order_by(DeliveryRow.id.desc()).limit(limit)
    if before_id:
        wanted = wanted.where(DeliveryRow.id < before_id)
    return count(connection, selection), [Delivery.from_row(row) for row in connection.execute(wanted)]


def _newest_of_one_look(
    connection: Connection, selection: Selection, limit: int, before_id: int
) -> tuple[int, list[Delivery]]:
    """The same where no index has them in order of id: found once, then counted and cut."""
    hits = _dead(selection, DeliveryRow.id).cte("hits")
    total = select(func.count()).select_from(hits).scalar_subquery()
    page = select(hits.c.id).order_by(hits.c.id.desc()).limit(limit)
    if before_id:
        page = page.where(hits.c.id < before_id)
    rows = connection.execute(
        select(*DELIVERY_COLUMNS, total.label("total"))
        .where(DeliveryRow.id.in_(page))
        .order_by(DeliveryRow.id.desc())
    ).all()
    # No row of this page: the count is asked for by itself.
    return (rows[0].total if rows else count(connection, selection)), [
        Delivery.from_row(row[:-1]) for row in rows
    ]


def groups(connection: Connection, selection: Selection, limit: int) -> list[Group]:
    """Most numerous first."""
    total = func.count().label("total")
    rows = connection.execute(
        _dead(
            selection,
            func.coalesce(DeliveryRow.fingerprint, "").label("fingerprint"),
            func.coalesce(DeliveryRow.worth_currency, "").label("currency"),
            total,
            func.sum(DeliveryRow.worth_hundredths).label("worth"),
            func.min(DeliveryRow.ended_at).label("first_at"),
            func.max(DeliveryRow.ended_at).label("last_at"),
            func.max(DeliveryRow.id).label("newest_id"),
        )
        .group_by(DeliveryRow.fingerprint, DeliveryRow.worth_currency)
        .order_by(total.desc(), DeliveryRow.fingerprint)
        .limit(limit)
    )
    return [
        Group(
            fingerprint=row.fingerprint,
            currency=row.currency,
            count=row.total,
            worth_hundredths=None if row.worth is None else int(row.worth),
            first_at=row.first_at,
            last_at=row.last_at,
            newest_id=row.newest_id,
        )
        for row in rows
    ]


def count_by_flow(connection: Connection, selection: Selection) -> dict[str, int]:
    """How many of each flow, to work out what they cost."""
    rows = connection.execute(_dead(selection, DeliveryRow.flow, func.count()).group_by(DeliveryRow.flow))
    return {row[0]: row[1] for row in rows}


def next_ids(
    connection: Connection, selection: Selection, after_id: int, last_id: int, limit: int
) -> list[int]:
    """The next dead letters of a walk, oldest first: ids above `after_id`, up to `last_id`."""
    return list(
        connection.scalars(
            _dead(selection, DeliveryRow.id)
            .where(DeliveryRow.id > after_id, DeliveryRow.id <= last_id)
            .order_by(DeliveryRow.id)
            .limit(limit)
        )
    )


def last_id(connection: Connection, selection: Selection) -> int:
    """The newest one that is dead now: what dies later is no part of what a person decided."""
    return connection.scalar(_dead(selection, func.max(DeliveryRow.id))) or 0


def replay(
    connection: Connection, ids: Sequence[int], operation_id: int, note: str, now: datetime
) -> list[int]:
    """Let these wait again, as if new; those that are dead no longer are left alone. Returns the ids put back.

    Their attempts begin to count anew. Nobody needs to announce them: the sweeper does.
    """
    moved = _move(
        connection,
        ids,
        {
            "state": State.WAITING,
            "due_at": now,
            "announced_at": None,
            "attempts": 0,
            "waits_for": None,
            "ended_at": None,
            "operation_id": operation_id,
        },
    )
    _tell(connection, moved, operation_id, "replayed", note, now)
    return moved


def drop(
    connection: Connection, ids: Sequence[int], operation_id: int, note: str, now: datetime
) -> list[int]:
    """Give these up for good; those that are dead no longer are left alone. Returns the ids dropped."""
    moved = _move(
        connection,
        ids,
        {"state": State.DROPPED, "ended_at": now, "waits_for": None, "operation_id": operation_id},
    )
    _tell(connection, moved, operation_id, "dropped", note, now)
    return moved


def _move(connection: Connection, ids: Sequence[int], values: dict[str, Any]) -> list[int]:
    moved = connection.scalars(
        update(DeliveryRow)
        .where(DeliveryRow.id.in_(ids), in_state(DeliveryRow.state, State.DEAD))
        .values(**values)
        .returning(DeliveryRow.id)
    )
    return sorted(moved)


def _tell(
    connection: Connection, ids: Sequence[int], operation_id: int, ending: str, note: str, now: datetime
) -> None:
    """A line in the story of each."""
    if ids:
        connection.execute(
            insert(AttemptRow),
            [
                {
                    "delivery_id": id_,
                    "claim": f"operation {operation_id}",
                    "started_at": now,
                    "ended_at": now,
                    "ending": ending,
                    "note": note,
                }
                for id_ in ids
            ],
        )
