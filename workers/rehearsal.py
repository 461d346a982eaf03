"""What the spine would do with records as they are now: its own steps up to `compare`, and nothing written anywhere.

Workers and whoever compares both sides so never disagree on what differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any

from ledger.deliveries import DELIVERY_FIELDS, Delivery, NewDelivery, Settlement
from ledger.endings import Dead, Delivered, Failed, NotNow, Reason, State, Superseded, Unchanged
from ledger.onlooker import Onlooker
from mappings.flows import Flow
from workers.desk import Desk
from workers.rehearsed import FieldChange, changed_fields, makes_new
from workers.steps import compare, express, hydrate, resolve, understand
from workers.work import Batch, Work

#: Behind everything that is delivered.
PRIORITY = 3
#: Long enough ago for both systems to show what happened then.
_AGO = timedelta(hours=1)
_GONE = frozenset({"gone", "other_side_gone", "invoice_is_gone", "not_visible"})
_ASKED = frozenset({"in_review", "differs_from_invoice"})


class Would(StrEnum):
    """What would become of a record."""

    #: Nothing would be written; the reason says why not.
    UNCHANGED = "unchanged"
    CREATE = "create"
    #: What is there already on the other side would be linked with it.
    LINK = "link"
    CHANGE = "change"
    #: Something else has to be brought first.
    NEED = "need"
    #: A person would be asked.
    REVIEW = "review"
    DEAD = "dead"
    #: It is gone on one of the sides.
    GONE = "gone"
    #: Nobody can say just now: a system is away, or busy.
    LATER = "later"


@dataclass(frozen=True)
class Rehearsed:
    """One record and what would become of it."""

    record_id: str
    would: Would
    reason: Reason | None = None
    fields: tuple[FieldChange, ...] = ()
    #: As far as the steps got with it.
    work: Work | None = None
    ended: Settlement | None = None


def rehearse(
    desk: Desk,
    flow: Flow,
    record_ids: Iterable[str],
    hints: Mapping[str, Mapping[str, str]] | None = None,
    snapshots: Mapping[str, str] | None = None,
    *,
    say: Callable[[int], None] = lambda _: None,
) -> Iterator[Rehearsed]:
    """What the deliveries of these records along `flow` would come to, in any order; `say` hears how many are done.

    `hints` are what a producer would have told with a record, such as its address; `snapshots` are
    whole records as their system has just answered, which then are not read.
    Nothing is registered, claimed, locked, settled or sent. Reads both systems, behind all deliveries; a call that fails
    makes a record's outcome LATER or DEAD as it would a delivery's.
    """
    looking = replace(desk, ledger=Onlooker(desk.ledger))
    behind = replace(flow, priority=PRIORITY)
    ids = iter(dict.fromkeys(record_ids))
    while chunk := list(islice(ids, flow.batch_size)):
        works = [
            _work(looking, behind, place, id_, (hints or {}).get(id_, {}), (snapshots or {}).get(id_))
            for place, id_ in enumerate(chunk, 1)
        ]
        yield from _batch(looking, works)
        say(len(chunk))


def imagined(new: NewDelivery, number: int, registered_at: datetime) -> Delivery:
    """What a worker would hold had `new` been registered then.

    `number`, from 1 on, tells it from others of its kind: steps tell works apart by their id, and no delivery of the ledger
    has a negative one.
    """
    told: dict[str, Any] = {name: getattr(new, name, None) for name in DELIVERY_FIELDS}
    running: dict[str, Any] = {
        "state": State.RUNNING,
        "attempts": 0,
        "in_doubt": False,
        "due_at": registered_at,
    }
    return Delivery(**{**told, **running, "id": -number, "registered_at": registered_at})


def _work(
    desk: Desk, flow: Flow, place: int, record_id: str, hint: Mapping[str, str], snapshot: str | None
) -> Work:
    now = desk.clock()
    then = now - _AGO
    new = NewDelivery(
        flow=flow.name,
        queue=flow.queue,
        source=flow.source,
        entity=flow.source_entity,
        record_id=record_id,
        version="rehearsed",
        kind="unknown",
        occurred_at=then,
        lock_key=flow.lock_for(record_id),
        priority=flow.priority,
        hint=hint,
        snapshot=snapshot,
    )
    # What was read a moment ago counts as long as the delivery is as young as it.
    delivery = imagined(new, place, now if snapshot else then)
    return Work(delivery, flow, claim="")


def _batch(desk: Desk, works: list[Work]) -> Iterator[Rehearsed]:
    batch = Batch(tuple(works)).through(hydrate, desk)
    seen = {work.delivery.record_id: work for work in batch.open}
    # What follows from a deletion may be carried out by the step that finds it, and is not rehearsed; of a deal that is off
    # only a question does.
    gone = [work for work in batch.open if work.gone and not work.flow.write_back]
    yield from (Rehearsed(work.delivery.record_id, Would.GONE, work.absence, work=work) for work in gone)
    batch = replace(batch, open=tuple(work for work in batch.open if work.flow.write_back or not work.gone))
    for step in (understand, resolve, express, compare):
        batch = batch.through(step, desk)
        seen |= {work.delivery.record_id: work for work in batch.open}
    yield from map(_open, batch.open)
    turns = [entry for entry in batch.ended if entry.lock_key]
    if turns:
        # It would only have to wait under another key, and nobody else is here.
        again = (seen[entry.delivery.record_id] for entry in turns)
        locks = {entry.delivery.record_id: entry.lock_key for entry in turns}
        yield from _batch(desk, [_under(work, locks[work.delivery.record_id]) for work in again])
    for entry in batch.ended:
        if not entry.lock_key:
            yield _ended(entry, seen.get(entry.delivery.record_id))


def _under(work: Work, lock_key: str) -> Work:
    return Work(replace(work.delivery, lock_key=lock_key), work.flow, work.claim)


def _open(work: Work) -> Rehearsed:
    """What would be sent."""
    would = Would.CREATE if makes_new(work) else Would.CHANGE
    if would is Would.CHANGE and work.meeting is not None and work.link is None:
        would = Would.LINK
    return Rehearsed(work.delivery.record_id, would, fields=changed_fields(work), work=work)


def _ended(entry: Settlement, work: Work | None) -> Rehearsed:
    fields = changed_fields(work) if work is not None and work.meeting is not None else ()
    reason = None if isinstance(entry.ending, Delivered) else entry.ending.reason
    return Rehearsed(entry.delivery.record_id, _would(entry, work, fields), reason, fields, work, entry)


def _would(entry: Settlement, work: Work | None, fields: tuple[FieldChange, ...]) -> Would:
    match entry.ending:
        case Delivered():
            # Found over there; or it was only passed on to the record that it is a part of.
            return Would.LINK if entry.link is not None else Would.UNCHANGED
        case Dead():
            return Would.DEAD
        case NotNow() | Failed():
            return Would.NEED if entry.needs is not None else Would.LATER
        case Unchanged(reason=reason) | Superseded(reason=reason):
            if reason.code in _ASKED or (entry.asked is not None and entry.asked.questions):
                return Would.REVIEW
            if reason.code in _GONE:
                return Would.GONE
            if entry.link is not None and work is not None and work.link is None:
                return Would.LINK
            return Would.CHANGE if fields else Would.UNCHANGED
