"""Takes waiting deliveries to work on: the newest of each record, one per lock key, under a lease."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Integer, Select, and_, bindparam, exists, select, update
from sqlalchemy.orm import aliased
from sqlalchemy.sql.dml import ReturningUpdate

from ledger.columns import columns_of
from ledger.deliveries import DELIVERY_COLUMNS, LAST, Claim, Delivery
from ledger.endings import State
from ledger.holds import last_claimable
from ledger.many import among, none_of
from ledger.states import found_in_state, in_state, unindexed, waits
from ledger.tables import DeliveryRow


class Candidate(NamedTuple):
    """What decides which deliveries are taken."""

    id: int
    source: str
    entity: str
    record_id: str
    lock_key: str
    priority: int
    due_at: datetime

    @property
    def record(self) -> tuple[str, str, str]:
        return self.source, self.entity, self.record_id


_CHOICE = columns_of(DeliveryRow, Candidate._fields)

_SUPERSEDED_ON_CLAIM = {
    "snapshot": None,
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
        due = due.where(
            among(dialect, DeliveryRow.id, "hinted"),
            unindexed(DeliveryRow.queue) == bindparam("on"),
            found_in_state(DeliveryRow.state, State.WAITING),
        )
    else:
        due = due.where(DeliveryRow.queue == bindparam("on"), waits())
    return due.where(DeliveryRow.id <= bindparam("last")) if held else due


@cache
def _others(dialect: str) -> Select[Any]:
    return (
        select(*_CHOICE)
        .where(
            unindexed(DeliveryRow.queue) == bindparam("on"),
            among(dialect, DeliveryRow.record_id, "records"),
            found_in_state(DeliveryRow.state, State.WAITING),
            none_of(dialect, DeliveryRow.id, "known"),
        )
        .with_for_update(skip_locked=True)
    )


@cache
def _taking(dialect: str) -> ReturningUpdate[Any]:
    return (
        update(DeliveryRow)
        .where(among(dialect, DeliveryRow.id, "ids"))
        .values(state=State.RUNNING, claim=bindparam("token"), lease_until=bindparam("until"), waits_for=None)
        .returning(*DELIVERY_COLUMNS)
    )


def _candidates(
    connection: Connection, queue: str, hinted: Sequence[int], limit: int, now: datetime, last: int | None
) -> tuple[list[Candidate], bool]:
    """The rows to choose from, and whether others may be due."""
    dialect, held = connection.dialect.name, last is not None
    asked = {"on": queue, "now": now, "most": limit, "last": last, "hinted": list(hinted)}
    rows: list[Candidate] = []
    if hinted:
        rows += _rows(connection, _due(dialect, hinted=True, held=held), asked)
    if len(rows) < limit or any(row.priority >= LAST for row in rows):
        known = {row.id for row in rows}
        others = _rows(connection, _due(dialect, hinted=False, held=held), asked)
        rows += [row for row in others if row.id not in known]
    # What is live does not even share a batch with a load, and so never waits for it to be sent.
    live = [row for row in rows if row.priority < LAST]
    chosen = (live or rows)[:limit]
    return chosen, len(chosen) == limit or len(chosen) < len(rows)


def _rows(connection: Connection, statement: Select[Any], asked: Mapping[str, Any]) -> list[Candidate]:
    return [Candidate(*row) for row in connection.execute(statement, asked).all()]


def _newest_of_each_record(
    connection: Connection, queue: str, candidates: Sequence[Candidate]
) -> tuple[list[Candidate], dict[int, int]]:
    """The newest waiting delivery of each candidate's record, in the candidates' order; ids of the older ones,
    each with the id of the next newer."""
    if not candidates:
        return [], {}
    order = {row.record: None for row in candidates}
    records, known = list({row.record_id for row in candidates}), [row.id for row in candidates]
    asked = {"on": queue, "records": records, "known": known}
    newest: dict[tuple[str, str, str], Candidate] = {}
    older: dict[int, int] = {}
    for row in sorted([*candidates, *_rows(connection, _others(connection.dialect.name), asked)]):
        if row.record in newest:
            older[newest[row.record].id] = row.id
        if row.record in order:
            newest[row.record] = row
    return [newest[record] for record in order], older


def _one_per_lock(rows: Iterable[Candidate], now: datetime) -> list[Candidate]:
    first: dict[str, Candidate] = {}
    for row in rows:
        if row.due_at <= now:
            first.setdefault(row.lock_key, row)
    return list(first.values())


def _run(
    connection: Connection, taken: Sequence[Candidate], token: str, until: datetime
) -> Iterator[Delivery]:
    """The chosen ones in their order, running from now on; only here all of a row is read."""
    rows = connection.execute(
        _taking(connection.dialect.name),
        {"ids": [row.id for row in taken], "token": token, "until": until},
    )
    deliveries = [Delivery.from_row(row) for row in rows.all()]
    running = {delivery.id: delivery for delivery in deliveries}
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
