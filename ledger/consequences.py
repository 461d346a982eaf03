"""What the end of deliveries means for others: older dead letters, those that waited for them, those behind their locks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import BindParameter, Connection, Select, bindparam, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from ledger.deliveries import Claim, Delivery
from ledger.endings import State
from ledger.many import among
from ledger.states import found_in_state, in_state, unindexed
from ledger.tables import DeliveryRow


def end_older_dead(connection: Connection, done: Sequence[Delivery], now: datetime) -> list[int]:
    """A dead letter must never overwrite newer state: a later success of its record ends it. Returns their ids."""
    if not done:
        return []
    about = {
        "records": list({delivery.record_id for delivery in done}),
        "queues": list({delivery.queue for delivery in done}),
    }
    dead = connection.execute(_dead(connection.dialect.name), about)
    newest = {(d.queue, d.source, d.entity, d.record_id): d.id for d in sorted(done, key=lambda d: d.id)}
    old = [r.id for r in dead if r.id < newest.get((r.queue, r.source, r.entity, r.record_id), 0)]
    if old:
        connection.execute(
            update(DeliveryRow)
            .where(DeliveryRow.id.in_(old))
            .values(
                state=State.SUPERSEDED,
                ended_at=now,
                waits_for=None,
                reason_stage="settle",
                reason_code="later_success",
                reason_text="a later delivery of the same record succeeded",
            )
        )
    return old


def wake_those_who_waited(
    connection: Connection, *, done: Sequence[int], dead: Sequence[int], now: datetime
) -> list[tuple[int, str]]:
    """Whoever waited for an ended delivery goes on; whoever died of a dead one lives again when that is done."""
    if not done and not dead:
        return []
    rows = connection.execute(
        _wake(connection.dialect.name), {"ended": [*done, *dead], "done": list(done), "now": now}
    )
    return [(row.id, row.queue) for row in rows]


def those_behind_the_lock(
    connection: Connection, claim: Claim, settled: Sequence[Delivery], now: datetime
) -> list[tuple[int, str]]:
    """Whoever waits for a key that these held: the message that spoke of it may have come while it was held.

    That was said once already (`announced_at`) counts as much as that it is due: `now` is from before we had the
    database, and what was registered since is due later.
    """
    if not settled:
        return []
    ids = {delivery.id for delivery in settled}
    # Those with which they were claimed, too: a pair takes another key while it runs.
    keys = {one.lock_key for one in (*settled, *claim.deliveries) if one.id in ids}
    # Only read: to mark them as announced would mean to lock rows that other workers may be claiming.
    rows = connection.execute(_behind(connection.dialect.name), {"keys": list(keys), "now": now})
    return [(row.id, row.queue) for row in rows if row.id not in ids]


@cache
def _dead(dialect: str) -> Select[int, str, str, str, str]:
    return (
        select(
            DeliveryRow.id, DeliveryRow.queue, DeliveryRow.source, DeliveryRow.entity, DeliveryRow.record_id
        )
        .where(
            among(dialect, DeliveryRow.record_id, "records"),
            among(dialect, unindexed(DeliveryRow.queue), "queues"),
            found_in_state(DeliveryRow.state, State.DEAD),
        )
        .with_for_update()
    )


@cache
def _wake(dialect: str) -> ReturningUpdate[int, str]:
    now: BindParameter[datetime] = bindparam("now")
    return (
        update(DeliveryRow)
        .where(
            among(dialect, DeliveryRow.waits_for, "ended"),
            found_in_state(DeliveryRow.state, State.WAITING, State.DEAD),
            or_(in_state(DeliveryRow.state, State.WAITING), among(dialect, DeliveryRow.waits_for, "done")),
        )
        .values(state=State.WAITING, waits_for=None, due_at=now, announced_at=now, ended_at=None)
        .returning(DeliveryRow.id, DeliveryRow.queue)
    )


@cache
def _behind(dialect: str) -> Select[int, str]:
    return select(DeliveryRow.id, DeliveryRow.queue).where(
        among(dialect, DeliveryRow.lock_key, "keys"),
        in_state(DeliveryRow.state, State.WAITING),
        or_(DeliveryRow.due_at <= bindparam("now"), DeliveryRow.announced_at.is_not(None)),
    )
