"""Writes what became of a batch: endings, attempts, links, closed intents and follow-ups in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, assert_never

from sqlalchemy import Connection, Select, bindparam, select

from ledger.ceiling import Ceiling, enforce
from ledger.consequences import end_older_dead, those_behind_the_lock, wake_those_who_waited
from ledger.deliveries import Claim, NewDelivery, Settled, Settlement, by_queue
from ledger.endings import (
    Dead,
    Delivered,
    Ending,
    Failed,
    LinkFound,
    NotNow,
    Reason,
    State,
    Superseded,
    Unchanged,
)
from ledger.fingerprint import fingerprint
from ledger.intents import close_intents
from ledger.links import remember_links
from ledger.many import among, insert_all, update_each
from ledger.register import register, require
from ledger.reviews import ask
from ledger.states import in_state
from ledger.tables import AttemptRow, DeliveryRow


def settle(
    connection: Connection,
    claim: Claim,
    settlements: Sequence[Settlement],
    now: datetime,
    ceiling: Ceiling,
) -> Settled:
    """Settle deliveries of `claim`; a queue that passes `ceiling` with them is paused.

    A delivery whose lease was lost keeps the state its new holder gave it; what we learned about the world
    (links, closed intents, follow-ups) is kept all the same, because it is true whoever holds the lease. What was
    written that late may have come after a newer write, so the record is looked at once more.
    """
    held = _still_held(connection, claim)
    ours = [settlement for settlement in settlements if settlement.delivery.id in held]
    needed, registered = require(connection, ours, now)
    _write_endings(connection, ours, needed, now)
    _write_attempts(connection, claim, settlements, now)
    links = [_link(entry, held) for entry in settlements if entry.link]
    links += [link for entry in settlements for link in entry.more_links]
    remember_links(connection, links, now)
    for entry in ours:
        if entry.asked:
            ask(connection, entry.asked, entry.delivery.id, now, read_at=claim.claimed_at)
    # Whoever lost the lease may only close what it knows to be made: the intent may be its successor's by now.
    certain = [entry for entry in settlements if entry.link or entry.delivery.id in held]
    close_intents(connection, [stamp for entry in certain for stamp in entry.closes], now)
    late = [entry for entry in settlements if entry.delivery.id not in held]
    follow_ups = [new for entry in settlements for new in entry.follow_ups]
    registered += register(connection, [*follow_ups, *_once_more(claim, late)], now)
    done = [entry.delivery for entry in ours if isinstance(entry.ending, Delivered | Unchanged | Superseded)]
    made_good = end_older_dead(connection, done, now)
    dead = [entry.delivery for entry in ours if isinstance(entry.ending, Dead)]
    woken = [
        *((entry.delivery.id, entry.delivery.queue) for entry in ours if entry.lock_key),
        *wake_those_who_waited(
            connection, done=[*(d.id for d in done), *made_good], dead=[d.id for d in dead], now=now
        ),
        *those_behind_the_lock(connection, claim, [entry.delivery for entry in ours], now),
    ]
    too_late = tuple(entry.delivery.id for entry in late)
    paused = enforce(connection, {d.queue for d in dead}, ceiling, now)
    return Settled(by_queue([*registered, *woken]), too_late, paused)


def _link(entry: Settlement, held: set[int]) -> LinkFound:
    """What was agreed on is only known to whoever holds the lock: a successor may have agreed on more by now."""
    assert entry.link is not None, "asked for those that have one"  # noqa: S101
    return entry.link if entry.delivery.id in held else replace(entry.link, golden=None)


def _once_more(claim: Claim, late: Iterable[Settlement]) -> list[NewDelivery]:
    """A further delivery of each record that was written by somebody who had lost the right to it."""
    written = [entry.delivery for entry in late if isinstance(entry.ending, Delivered)]
    return [
        NewDelivery(
            flow=delivery.flow,
            queue=delivery.queue,
            source=delivery.source,
            entity=delivery.entity,
            record_id=delivery.record_id,
            version=f"written late, {delivery.id}, {claim.token}",
            kind=delivery.kind,
            occurred_at=delivery.occurred_at,
            lock_key=delivery.lock_key,
            priority=delivery.priority,
        )
        for delivery in written
    ]


def _still_held(connection: Connection, claim: Claim) -> set[int]:
    ids = [delivery.id for delivery in claim.deliveries]
    held = connection.scalars(_held(connection.dialect.name), {"ids": ids, "token": claim.token})
    return set(held.all())


@cache
def _held(dialect: str) -> Select[int]:
    return (
        select(DeliveryRow.id)
        .where(
            among(dialect, DeliveryRow.id, "ids"),
            DeliveryRow.claim == bindparam("token"),
            in_state(DeliveryRow.state, State.RUNNING),
        )
        .with_for_update()
    )


def _write_endings(
    connection: Connection, settlements: Iterable[Settlement], needed: Mapping[int, int], now: datetime
) -> None:
    rows = [
        {"id": entry.delivery.id, **_columns(entry, needed.get(entry.delivery.id), now)}
        for entry in settlements
    ]
    if rows:
        update_each(connection, DeliveryRow, rows)


def _columns(entry: Settlement, needed: int | None, now: datetime) -> dict[str, Any]:
    reason = _reason(entry.ending)
    columns: dict[str, Any] = {
        "state": State.WAITING,
        "claim": None,
        "lease_until": None,
        "due_at": entry.delivery.due_at,
        "lock_key": entry.lock_key or entry.delivery.lock_key,
        "announced_at": None,
        "attempts": entry.delivery.attempts,
        "in_doubt": False,
        "waits_for": None,
        "reason_stage": reason.stage if reason else None,
        "reason_code": reason.code if reason else None,
        "reason_text": reason.text if reason else None,
        "reason_class": (reason.error_class or None) if reason else None,
        "fingerprint": None,
        "ended_at": None,
        "snapshot": entry.delivery.snapshot,
        "read_digest": entry.read_digest,
        "worth_hundredths": entry.worth.hundredths if entry.worth else entry.delivery.worth_hundredths,
        "worth_currency": entry.worth.currency if entry.worth else entry.delivery.worth_currency,
    }
    match entry.ending:
        case Delivered():
            columns |= {"state": State.DELIVERED, "attempts": entry.delivery.attempts + 1, "ended_at": now}
        case Unchanged():
            columns |= {"state": State.UNCHANGED, "attempts": entry.delivery.attempts + 1, "ended_at": now}
        case Superseded():
            columns |= {"state": State.SUPERSEDED, "ended_at": now}
        case NotNow(until=until):
            columns |= {"due_at": until, "waits_for": needed}
        case Failed(until=until):
            columns |= {"due_at": until, "attempts": entry.delivery.attempts + 1}
        case Dead(reason=why, waits_for=waits_for):
            columns |= {"state": State.DEAD, "attempts": entry.delivery.attempts + 1, "ended_at": now}
            columns |= {"waits_for": waits_for, "fingerprint": fingerprint(entry.delivery.queue, why)}
        case other:
            assert_never(other)
    if columns["ended_at"]:
        columns["snapshot"] = None
    return columns


_ENDING_WORDS: dict[type[Ending], str] = {
    Delivered: "delivered",
    Unchanged: "unchanged",
    Superseded: "superseded",
    NotNow: "not_now",
    Failed: "failed",
    Dead: "dead",
}


def _reason(ending: Ending) -> Reason | None:
    return None if isinstance(ending, Delivered) else ending.reason


def _write_attempts(
    connection: Connection, claim: Claim, settlements: Sequence[Settlement], now: datetime
) -> None:
    rows = []
    for entry in settlements:
        reason = _reason(entry.ending)
        note = entry.ending.note if isinstance(entry.ending, Delivered) else entry.ending.reason.text
        rows.append(
            {
                "delivery_id": entry.delivery.id,
                "claim": claim.token,
                "started_at": claim.claimed_at,
                "ended_at": now,
                "ending": _ENDING_WORDS[type(entry.ending)],
                "stage": reason.stage if reason else None,
                "code": reason.code if reason else None,
                "note": note,
                "error_class": (reason.error_class or None) if reason else None,
                "request": (reason.request or None) if reason else None,
                "answer": (reason.answer or None) if reason else None,
            }
        )
    if rows:
        insert_all(connection, AttemptRow, rows)
