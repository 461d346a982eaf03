"""The initial load as an operation: begun once, registered page by page behind everything live, continued where it was."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice

from sqlalchemy import Connection

from console.operations.carrying import Dealt, Hands, Pace, Reading, Step, carry_out
from console.operations.loading.meaning import Load, NothingToLoad, meant
from console.operations.loading.sources import Found, absent, records_of
from ledger import operations
from ledger.deliveries import LAST, NewDelivery
from ledger.ledger import Ledger
from ledger.newest import Newest
from ledger.operations import Operation
from ledger.register import register
from mappings.book import Book
from mappings.flows import Flow
from producers import salesforce_sweep
from workers.desk import Desk

VERB = "backfill"


class NobodyListens(Exception):
    """What changes during the load would be heard by nobody; the text says what to start first."""


def check_listening(ledger: Ledger, load: Load) -> None:
    """Raise NobodyListens unless the safety net of every flow is stretched: what changes from then on is seen by the sweep
    or the poll, so that nothing is lost between them and the load."""
    if load.source == "salesforce":
        names = [f"{salesforce_sweep.NAME}:{flow.name}" for flow in load.flows]
        stretched = len(ledger.cursors(names)) == len(names)
    else:
        stretched = all(ledger.sightings("kashflow", flow.source_entity) for flow in load.flows)
    if not stretched:
        raise NobodyListens(
            f"nobody has looked at {load.source} yet, so changes during the load would be missed; start "
            "'kashforce up' (or stream, then poll), and begin again when 'kashforce status' shows both at work"
        )


def unfinished(ledger: Ledger, load: Load) -> Operation | None:
    """The same load, begun earlier and not carried to its end."""
    with ledger.reading() as connection:
        found = operations.unfinished(connection, VERB)
    return next((one for one in found if _is_same(one, load)), None)


def start(
    hands: Hands, desk: Desk, load: Load, *, who: str, reason: str, planned: int, pace: Pace | None = None
) -> Operation:
    """Register a delivery for every record that is not delivered as it is. Raises ValueError without a reason, and UnderWay.

    `desk` is a patient one.
    """
    if not reason.strip():
        raise ValueError("say why: a reason is kept with the operation")
    with hands.ledger.writing() as connection:
        operation = operations.begin(
            connection,
            verb=VERB,
            who=who,
            reason=reason,
            request={**_request(load), **(pace or Pace()).as_plain()},
            planned=planned,
            now=hands.clock(),
        )
    return carry_out(hands, operation, Reading(_Reader(desk, load).read))


def go_on(hands: Hands, desk: Desk, operation: Operation) -> Operation:
    """Carry the load on from where it was. Raises NothingToLoad when flows.yaml has changed since, and UnderWay."""
    return carry_out(hands, operation, Reading(_Reader(desk, load_of(desk.book, operation)).read))


def load_of(book: Book, operation: Operation) -> Load:
    """What the operation is to load."""
    told = operation.request
    since = datetime.fromisoformat(told["since"]) if told["since"] else None
    return meant(book, told["entity"], told["source"], since)


class _Reader:
    """Reads the next records, flow by flow, and says what is to be registered for them. A place is a flow's name and an id."""

    def __init__(self, desk: Desk, load: Load) -> None:
        self._desk = desk
        self._load = load
        self._records = records_of(desk, load.source)
        self._under_way: Iterator[Found] = iter(())
        self._place = ""

    def read(self, operation: Operation, limit: int) -> Step:
        flow, after = self._at(operation.position)
        if self._place != operation.position or not operation.position:
            self._under_way = self._all(flow, after)
        size = min(limit, self._records.most)
        found = list(islice(self._under_way, size))
        new = self._not_covered(flow, found, operation)
        flows = self._load.flows
        following = flows.index(flow) + 1
        is_over = len(found) < size
        is_last = is_over and following == len(flows)
        if is_over and not is_last:
            position = _position(flows[following], "")
        else:
            position = _position(flow, found[-1].record_id if found else after)
        # The next read goes on here, if this one is committed.
        self._place = "" if is_over else position
        return _registering(new, Dealt(len(found), 0, position, is_last))

    def _at(self, position: str) -> tuple[Flow, str]:
        if not position:
            return self._load.flows[0], ""
        name, after = json.loads(position)
        for flow in self._load.flows:
            if flow.name == name:
                return flow, after
        raise NothingToLoad(f"the load had come to flow {name}, which flows.yaml has no more; begin another")

    def _all(self, flow: Flow, after: str) -> Iterator[Found]:
        """Nothing of an object that the org lacks."""
        return iter(()) if absent(self._desk, flow) else self._records.behind(flow, self._load.since, after)

    def _not_covered(self, flow: Flow, found: Sequence[Found], operation: Operation) -> list[NewDelivery]:
        known = self._desk.ledger.newest_deliveries(flow.name, [one.record_id for one in found])
        covered = self._records.is_covered(flow, found, known)
        now = self._desk.clock()
        return [
            delivery(flow, one, known.get(one.record_id), now, operation.id)
            for one in found
            if one.record_id not in covered
        ]


def delivery(
    flow: Flow, found: Found, newest: Newest | None, now: datetime, operation_id: int | None = None
) -> NewDelivery:
    """The delivery of a record that is there. Its version names the one before: seen twice before that is overtaken, by two
    loads or by one that was killed, it is one."""
    return NewDelivery(
        flow=flow.name,
        queue=flow.queue,
        source=flow.source,
        entity=flow.source_entity,
        record_id=found.record_id,
        version=f"initial load along {flow.name} after {newest.id if newest else 0}",
        kind="unknown",
        occurred_at=now,
        lock_key=flow.lock_for(found.record_id),
        priority=LAST,
        hint=found.hint,
        operation_id=operation_id,
    )


def _registering(new: Sequence[NewDelivery], dealt: Dealt) -> Step:
    def deal(connection: Connection, operation: Operation, limit: int, now: datetime) -> Dealt:
        registered = register(connection, new, now, announced=False)
        return Dealt(dealt.count, dealt.count - len(registered), dealt.position, dealt.is_last)

    return deal


def _position(flow: Flow, after: str) -> str:
    return json.dumps([flow.name, after])


def _request(load: Load) -> dict[str, str]:
    since = load.since.astimezone(UTC).isoformat() if load.since else ""
    return {"entity": load.entity, "source": load.source, "since": since}


def _is_same(operation: Operation, load: Load) -> bool:
    return _request(load).items() <= dict(operation.request).items()
