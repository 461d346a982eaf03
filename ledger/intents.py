"""Intents: what we are about to create where a repeat would create it twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, Update, bindparam, select, update

from ledger.database import insert_or_update
from ledger.endings import State
from ledger.many import among
from ledger.states import in_state
from ledger.tables import DeliveryRow, IntentRow


@dataclass(frozen=True)
class Intent:
    """We sent, or were about to send, the create of the record with this stamp.

    `key` is what the record is to be known by over there; a repeat must use the same one.
    """

    stamp: str
    queue: str
    delivery_id: int
    key: str
    sent_at: datetime


@cache
def _open(dialect: str) -> Select[Any]:
    return select(IntentRow.__table__).where(
        among(dialect, IntentRow.stamp, "stamps"), IntentRow.closed_at.is_(None)
    )


@cache
def _open_under(dialect: str) -> Select[Any]:
    return (
        select(IntentRow.__table__, DeliveryRow.lock_key)
        .join(DeliveryRow, DeliveryRow.id == IntentRow.delivery_id)
        .where(IntentRow.closed_at.is_(None), among(dialect, DeliveryRow.lock_key, "keys"))
    )


@cache
def _close(dialect: str) -> Update:
    return (
        update(IntentRow)
        .where(among(dialect, IntentRow.stamp, "stamps"), IntentRow.closed_at.is_(None))
        .values(closed_at=bindparam("now"))
    )


def open_intents(connection: Connection, stamps: Iterable[str]) -> dict[str, Intent]:
    """The intents whose outcome is in doubt, by stamp."""
    rows = connection.execute(_open(connection.dialect.name), {"stamps": list(set(stamps))})
    return {row.stamp: Intent(row.stamp, row.queue, row.delivery_id, row.key, row.sent_at) for row in rows}


def open_intents_under(connection: Connection, lock_keys: Iterable[str]) -> dict[str, list[Intent]]:
    """The intents in doubt of deliveries under these lock keys, by that key."""
    rows = connection.execute(_open_under(connection.dialect.name), {"keys": list(set(lock_keys))})
    found: dict[str, list[Intent]] = {}
    for row in rows:
        intent = Intent(row.stamp, row.queue, row.delivery_id, row.key, row.sent_at)
        found.setdefault(row.lock_key, []).append(intent)
    return found


_HELD = (
    select(DeliveryRow.id)
    .where(
        DeliveryRow.id == bindparam("delivery"),
        DeliveryRow.claim == bindparam("token"),
        in_state(DeliveryRow.state, State.RUNNING),
    )
    .with_for_update()
)


def write_intent(connection: Connection, intent: Intent, token: str) -> bool:
    """Write the intent right before its request goes out; a stamp that is there already is sent anew.

    False, and nothing written, when the claim with this `token` no longer holds the delivery: then another worker
    looks after it, and whoever asked must not send.
    """
    held = connection.scalar(_HELD, {"delivery": intent.delivery_id, "token": token})
    if held is None:
        return False
    statement = insert_or_update(
        connection.dialect.name,
        IntentRow,
        key=("stamp",),
        update=("queue", "delivery_id", "key", "sent_at", "closed_at"),
    )
    row = {
        "stamp": intent.stamp,
        "queue": intent.queue,
        "delivery_id": intent.delivery_id,
        "key": intent.key,
        "sent_at": intent.sent_at,
        "closed_at": None,
    }
    connection.execute(statement, row)
    return True


def close_intents(connection: Connection, stamps: Sequence[str], now: datetime) -> None:
    """Their outcome is certain now; one that is closed already keeps its time."""
    if stamps:
        connection.execute(_close(connection.dialect.name), {"stamps": list(stamps), "now": now})
