"""Takes waiting deliveries to work on: the newest of each record, one per lock key, under a lease."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Integer, Row, Select, and_, bindparam, exists, select, update
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.sql.dml import ReturningUpdate

from ledger.deliveries import DELIVERY_FIELDS, LAST, Claim, Delivery
from ledger.endings import State
from ledger.holds import last_claimable
from ledger.many import among
from ledger.states import in_state
from ledger.tables import DeliveryRow

#: What decides which are taken.
_CHOICE: tuple[InstrumentedAttribute[Any], ...] = (
    DeliveryRow.id,
    DeliveryRow.source,
    DeliveryRow.entity,
    DeliveryRow.record_id,
    DeliveryRow.lock_key,
    DeliveryRow.priority,
    DeliveryRow.due_at,
)

#: What a worker gets to know of it.
_DELIVERY: tuple[InstrumentedAttribute[Any], ...] = tuple(
    getattr(DeliveryRow, name) for name in DELIVERY_FIELDS
)

_SUPERSEDED_ON_CLAIM = {
    "reason_stage": "claim",
    "reason_code": "newer_change",
    "reason_text": "a newer change of the same record was waiting; it carries the record's present state",
}


def claim(
    connection: Connection,
    queue: str,
    hinted: Sequence[int],
    limit: int,
    now: datetime,
    lease_seconds: float,
) -> Claim:
    """Claim up to `limit` due deliveries of `queue`: those of `hinted` first, then what has waited longest. An initial
    load is claimed while nothing else is due, whatever the message says.

    Of several waiting deliveries of one record the newest is taken and the others end superseded. A record
    whose lock key is running elsewhere is left alone, and so is what a hold on the queue keeps back. Raises
    IntegrityError when two claims met at one lock key; the caller begins again.
    """
    last = last_claimable(connection, queue)
    if last == 0:
        return Claim("", now, ())
    candidates, left_some = _candidates(connection, queue, hinted, limit, now, last)
    newest, older = _newest_of_each_record(connection, queue, candidates)
    taken = _one_per_lock(newest, now)[:limit]
    token = str(uuid.uuid4())
    if older:
        _supersede(connection, older, now)
    claimed = _run(connection, taken, token, now + timedelta(seconds=lease_seconds)) if taken else ()
    return Claim(token, now, tuple(claimed), left_some)


def renew(connection: Connection, tokens: Sequence[str], now: datetime, lease_seconds: float) -> None:
    """Push back the end of these claims; one that has run out already stays lost."""
    connection.execute(
        update(DeliveryRow)
        .where(DeliveryRow.claim.in_(tokens), in_state(DeliveryRow.state, State.RUNNING))
        .values(lease_until=now + timedelta(seconds=lease_seconds))
    )


def lock(connection: Connection, delivery_id: int, token: str, lock_key: str) -> bool:
    """Let the delivery that this claim runs hold another lock key: what it was registered with did not know the pair.

    False when the claim no longer holds it. Raises IntegrityError when a running delivery has that lock key.
    """
    held = connection.execute(
        update(DeliveryRow)
        .where(
            DeliveryRow.id == delivery_id,
            DeliveryRow.claim == token,
            in_state(DeliveryRow.state, State.RUNNING),
        )
        .values(lock_key=lock_key)
    )
    return bool(held.rowcount)


@cache
def _due(dialect: str, *, hinted: bool, held: bool) -> Select[Any]:
    running = aliased(DeliveryRow)
    due = (
        select(*_CHOICE)
        .where(
            DeliveryRow.queue == bindparam("on"),
            in_state(DeliveryRow.state, State.WAITING),
            DeliveryRow.due_at <= bindparam("now"),
            ~exists().where(
                and_(running.lock_key == DeliveryRow.lock_key, in_state(running.state, State.RUNNING))
            ),
        )
        .order_by(DeliveryRow.priority, DeliveryRow.due_at, DeliveryRow.id)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
    )
    if hinted:
        due = due.where(among(dialect, DeliveryRow.id, "hinted"))
    return due.where(DeliveryRow.id <= bindparam("last")) if held else due


@cache
def _waiting(dialect: str) -> Select[Any]:
    return (
        select(*_CHOICE)
        .where(
            DeliveryRow.queue == bindparam("on"),
            among(dialect, DeliveryRow.record_id, "records"),
            in_state(DeliveryRow.state, State.WAITING),
        )
        .order_by(DeliveryRow.id)
        .with_for_update(skip_locked=True)
    )


@cache
def _taking(dialect: str) -> ReturningUpdate[Any]:
    return (
        update(DeliveryRow)
        .where(among(dialect, DeliveryRow.id, "ids"))
        .values(state=State.RUNNING, claim=bindparam("token"), lease_until=bindparam("until"), waits_for=None)
        .returning(*_DELIVERY)
    )


def _candidates(
    connection: Connection, queue: str, hinted: Sequence[int], limit: int, now: datetime, last: int | None
) -> tuple[list[Row[Any]], bool]:
    """The rows to choose from, and whether others may be due."""
    dialect, held = connection.dialect.name, last is not None
    asked = {"on": queue, "now": now, "most": limit, "last": last, "hinted": list(hinted)}
    rows: list[Row[Any]] = []
    if hinted:
        rows += connection.execute(_due(dialect, hinted=True, held=held), asked).all()
    if len(rows) < limit or any(row.priority >= LAST for row in rows):
        known = {row.id for row in rows}
        others = connection.execute(_due(dialect, hinted=False, held=held), asked).all()
        rows += [row for row in others if row.id not in known]
    # What is live does not even share a batch with a load, and so never waits for it to be sent.
    live = [row for row in rows if row.priority < LAST]
    chosen = (live or rows)[:limit]
    return chosen, len(chosen) == limit or len(chosen) < len(rows)


def _newest_of_each_record(
    connection: Connection, queue: str, candidates: Iterable[Row[Any]]
) -> tuple[list[Row[Any]], dict[int, int]]:
    """The newest waiting delivery of each candidate's record, in the candidates' order; ids of the older ones,
    each with the id of the next newer."""
    order = {(row.source, row.entity, row.record_id): None for row in candidates}
    if not order:
        return [], {}
    records = list({record_id for _, _, record_id in order})
    waiting = connection.execute(_waiting(connection.dialect.name), {"on": queue, "records": records})
    newest: dict[tuple[str, str, str], Row[Any]] = {}
    older: dict[int, int] = {}
    for row in waiting.all():
        record = (row.source, row.entity, row.record_id)
        if record not in order:
            continue
        if record in newest:
            older[newest[record].id] = row.id
        newest[record] = row
    return [newest[record] for record in order if record in newest], older


def _one_per_lock(rows: Iterable[Row[Any]], now: datetime) -> list[Row[Any]]:
    first: dict[str, Row[Any]] = {}
    for row in rows:
        if row.due_at <= now:
            first.setdefault(row.lock_key, row)
    return list(first.values())


def _run(
    connection: Connection, taken: Sequence[Row[Any]], token: str, until: datetime
) -> Iterator[Delivery]:
    """The chosen ones in their order, running from now on; only here all of a row is read."""
    rows = connection.execute(
        _taking(connection.dialect.name),
        {"ids": [row.id for row in taken], "token": token, "until": until},
    )
    running = {row.id: Delivery.from_row(row) for row in rows.all()}
    return (running[row.id] for row in taken)


def _supersede(connection: Connection, older: Mapping[int, int], now: datetime) -> None:
    connection.execute(
        update(DeliveryRow)
        .where(DeliveryRow.id.in_(list(older)))
        .values(state=State.SUPERSEDED, ended_at=now, waits_for=None, **_SUPERSEDED_ON_CLAIM)
    )
    # Whoever waited for the older one waits for the newer one now; oldest first, so that chains follow.
    for old, new in sorted(older.items()):
        connection.execute(update(DeliveryRow).where(DeliveryRow.waits_for == old).values(waits_for=new))
