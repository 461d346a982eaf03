"""What a load would do, found out by the spine's own steps up to the one that sends; nothing is written anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count, islice

from console.operations.loading.backfill import delivery
from console.operations.loading.foreseeing import Became, Foreseen, foreseen
from console.operations.loading.meaning import Load
from console.operations.loading.sources import Found, Records, absent, records_of
from ledger.deliveries import Claim, Delivery, NewDelivery, Settlement
from ledger.endings import NotNow, Reason, Unchanged
from ledger.onlooker import Onlooker
from mappings.flows import Flow
from workers.desk import Desk
from workers.rehearsal import imagined
from workers.sources import LAG
from workers.steps import compare, express, hydrate, resolve, understand
from workers.work import Batch, Progress, Work

#: A delivery that needs another one which needs another one: more in a row than this is a circle in flows.yaml.
DEEPEST = 3
_NUMBERS = count(1)


def rehearse(desk: Desk, load: Load) -> Iterator[Foreseen]:
    """What would become of each record, in batches as a worker takes them, and of what has to come first for it.

    `desk` is a patient one. May raise ConnectorError and NoWindow. Records that depend on each other are each judged by what
    is there now.
    """
    desk = replace(desk, ledger=Onlooker(desk.ledger))
    records = records_of(desk, load.source)
    for flow in load.flows:
        if absent(desk, flow):
            continue
        found = records.behind(flow, load.since, "")
        while chunk := list(islice(found, min(flow.batch_size, records.most))):
            yield from _batch(desk, records, flow, chunk)


def _batch(desk: Desk, records: Records, flow: Flow, chunk: Sequence[Found]) -> Iterator[Foreseen]:
    known = desk.ledger.newest_deliveries(flow.name, [one.record_id for one in chunk])
    covered = records.is_covered(flow, chunk, known)
    for record_id in sorted(covered):
        yield Foreseen(flow.name, record_id, Became.UNCHANGED, "delivered as it is already")
    now = desk.clock()
    yield from _judged(
        desk,
        [
            _as_if_registered(desk, delivery(flow, one, known.get(one.record_id), now))
            for one in chunk
            if one.record_id not in covered
        ],
    )


def _judged(desk: Desk, deliveries: Sequence[Delivery], depth: int = 0) -> Iterator[Foreseen]:
    """What each would become; first what it needs, if that is not there."""
    if not deliveries:
        return
    progress = _compared(desk, deliveries)
    waiting = [entry for entry in progress if isinstance(entry, Settlement) and entry.needs is not None]
    needed = _needed(desk, waiting, depth)
    yield from needed.values()
    again: list[Delivery] = []
    for entry in progress:
        if isinstance(entry, Settlement) and _waits_its_turn(entry):
            again.append(replace(entry.delivery, lock_key=entry.lock_key))
        elif isinstance(entry, Settlement) and entry.needs is not None:
            yield _after(entry, needed.get(entry.needs.lock_key))
        else:
            yield foreseen(desk, entry)
    if depth < DEEPEST:
        yield from _judged(desk, again, depth + 1)


def _compared(desk: Desk, deliveries: Sequence[Delivery]) -> list[Progress]:
    """The works that would be sent, and the endings of the others."""
    batch = Batch.of(Claim("", desk.clock(), tuple(deliveries)), desk)
    for step in (hydrate, _still_there, understand, resolve, express, compare):
        batch = batch.through(step, desk)
    return [*batch.open, *batch.ended]


def _still_there(_desk: Desk, works: list[Work]) -> Iterator[Progress]:
    """Without what was deleted since it was listed: what follows from that may be carried out by the step that finds it."""
    for work in works:
        text = f"the {work.delivery.entity} {work.delivery.record_id} was deleted meanwhile"
        yield work.ends(Unchanged(Reason("hydrate", "gone", text))) if work.gone else work


def _needed(desk: Desk, waiting: Iterable[Settlement], depth: int) -> dict[str, Foreseen]:
    """What has to come first, by lock key: two deals of one new account need one customer."""
    first: dict[str, NewDelivery] = {}
    for entry in waiting:
        if entry.needs is not None:
            first.setdefault(entry.needs.lock_key, entry.needs)
    if not first or depth >= DEEPEST:
        return {}
    keys = {new.record_id: key for key, new in first.items()}
    judged = _judged(desk, [_as_if_registered(desk, new) for new in first.values()], depth + 1)
    return {keys[one.record_id]: replace(one, is_needed=True) for one in judged if one.record_id in keys}


def _waits_its_turn(entry: Settlement) -> bool:
    """Does it only want another lock? Nobody else is here."""
    return bool(entry.lock_key) and isinstance(entry.ending, NotNow)


def _after(entry: Settlement, needed: Foreseen | None) -> Foreseen:
    """It is made once what it needs is there; where that is not to be had, it shares its fate."""
    told = entry.delivery
    if needed is None:
        return Foreseen(
            told.flow, told.record_id, Became.UNKNOWN, "it needs something else that cannot be judged now"
        )
    if needed.became in (Became.REVIEW, Became.REFUSED, Became.UNKNOWN):
        return Foreseen(told.flow, told.record_id, needed.became, needed.text)
    return Foreseen(told.flow, told.record_id, Became.CREATED, f"after what it needs: {needed.text}")


def _as_if_registered(desk: Desk, new: NewDelivery) -> Delivery:
    """Of a change that is old enough to be shown by now."""
    now = desk.clock()
    return imagined(replace(new, occurred_at=now - 2 * LAG), next(_NUMBERS), now)
