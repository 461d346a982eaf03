"""Registers deliveries afresh, as if their records had changed: those of the ledger, those named, or those of a source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from canonical.change import Kind
from console.operations.carrying import Dealt, Hands, Pace, Step, carry_out
from console.operations.cost import cost
from console.operations.replay import Plan
from ledger import operations
from ledger.deliveries import NewDelivery
from ledger.endings import State
from ledger.ledger import Ledger
from ledger.links import forget_links
from ledger.operations import Operation
from ledger.register import register
from ledger.selection import Selection
from ledger.tables import DeliveryRow
from mappings.book import Book
from mappings.flows import Flow
from workers.rules import Rules


class NothingStarts(LookupError):
    """No flow that a change starts fits what was asked for; the text lists those there are."""


@dataclass(frozen=True)
class Named:
    """Records by their ids in the source, and the flows that each of them is to go along."""

    flows: tuple[str, ...]
    records: tuple[str, ...]

    @property
    def in_words(self) -> str:
        """Such as `3 records along opportunity_to_invoice`."""
        return f"{len(self.records):,} records along {', '.join(self.flows)}"


@dataclass(frozen=True)
class One:
    """A record along a flow, with what a producer would have told of it."""

    flow: str
    record_id: str
    kind: Kind = "unknown"
    hint: Mapping[str, str] = field(default_factory=dict)
    #: Links that are wrong and are forgotten first: our noun, and Salesforce's object and id.
    forgets: tuple[tuple[str, str, str], ...] = ()
    #: The others wait for it: it brings a link that they name.
    goes_first: bool = False


@dataclass(frozen=True)
class Exactly:
    """Records, each along a flow of its own; those that go first come first."""

    ones: tuple[One, ...]

    @property
    def in_words(self) -> str:
        """Such as `3 records along invoice_to_object, account_to_customer`."""
        return f"{len(self.ones):,} records along {', '.join(dict.fromkeys(one.flow for one in self.ones))}"


Wanted = Selection | Named | Exactly


def flows_meant(book: Book, selection: Selection) -> tuple[Flow, ...]:
    """The flows that a change starts and the selection's queue, flow and entity allow. Raises NothingStarts."""
    able = [flow for flow in book.flows if flow.kinds]
    meant = tuple(
        flow
        for flow in able
        if selection.queue in ("", flow.queue)
        and selection.flow in ("", flow.name)
        and selection.entity.casefold() in ("", flow.source_entity.casefold())
    )
    if not meant:
        raise NothingStarts(
            "no flow fits; there are "
            + ", ".join(f"{flow.name} (from {flow.source_entity}, queue {flow.queue})" for flow in able)
        )
    return meant


def plan(ledger: Ledger, book: Book, wanted: Wanted) -> Plan:
    """How many deliveries it would register, and what they cost."""
    if isinstance(wanted, Exactly):
        counts = dict(Counter(one.flow for one in wanted.ones))
    elif isinstance(wanted, Named):
        counts = {name: len(wanted.records) for name in wanted.flows}
    else:
        with ledger.reading() as connection:
            rows = connection.execute(
                select(DeliveryRow.flow, func.count(DeliveryRow.record_id.distinct()))
                .where(*wanted.conditions(DeliveryRow.occurred_at))
                .group_by(DeliveryRow.flow)
            )
            known = {flow.name for flow in book.flows}
            counts = {row[0]: row[1] for row in rows if row[0] in known}
    return Plan("requeue", sum(counts.values()), wanted.in_words, cost(book, counts))


def start(
    hands: Hands,
    book: Book,
    wanted: Wanted,
    *,
    who: str,
    reason: str,
    pace: Pace | None = None,
) -> Operation:
    """Register them. A record is registered once by one operation, however often it is continued.

    The records are read again when a worker takes the deliveries. Raises ValueError without a reason, and UnderWay.
    """
    if not reason.strip():
        raise ValueError("say why: a reason is kept with the operation")
    planned = plan(hands.ledger, book, wanted).count
    with hands.ledger.writing() as connection:
        operation = operations.begin(
            connection,
            verb="requeue",
            who=who,
            reason=reason,
            request={**_request(connection, wanted), **(pace or Pace()).as_plain()},
            planned=planned,
            now=hands.clock(),
        )
    return carry_out(hands, operation, step(book))


def step(book: Book) -> Step:
    """How a requeue is carried on."""

    def deal(connection: Connection, operation: Operation, limit: int, now: datetime) -> Dealt:
        if "ones" in operation.request:
            return _deal_exactly(connection, book, operation, limit, now)
        if "records" in operation.request:
            return _deal_with_named(connection, book, operation, limit, now)
        return _deal_with_known(connection, book, operation, limit, now)

    return deal


def _request(connection: Connection, wanted: Wanted) -> dict[str, Any]:
    if isinstance(wanted, Exactly):
        return {"ones": [asdict(one) for one in wanted.ones]}
    if isinstance(wanted, Named):
        return {"flows": list(wanted.flows), "records": list(wanted.records)}
    last_id = connection.scalar(
        select(func.max(DeliveryRow.id)).where(*wanted.conditions(DeliveryRow.occurred_at))
    )
    return {"selection": wanted.as_plain(), "last_id": last_id or 0}


def _deal_with_named(
    connection: Connection, book: Book, operation: Operation, limit: int, now: datetime
) -> Dealt:
    records: Sequence[str] = operation.request["records"]
    reached = int(operation.position or 0)
    chunk = records[reached : reached + limit]
    flows = [book.flow(name) for name in operation.request["flows"]]
    new = [_afresh(flow, record, flow.lock_for(record), operation, now) for record in chunk for flow in flows]
    done = len(register(connection, new, now, announced=False))
    end = reached + len(chunk)
    return Dealt(len(new), len(new) - done, str(end), is_last=end >= len(records))


def _deal_exactly(
    connection: Connection, book: Book, operation: Operation, limit: int, now: datetime
) -> Dealt:
    ones: Sequence[Mapping[str, Any]] = operation.request["ones"]
    reached = int(operation.position or 0)
    chunk = [One(**one) for one in ones[reached : reached + limit]]
    forget_links(connection, (link for one in chunk for link in one.forgets))
    first = [_exactly(book, one, operation, now) for one in chunk if one.goes_first]
    registered = register(connection, first, now, announced=False)
    last_id = _last_of_the_first(connection, operation)
    due_at = now + timedelta(seconds=Rules().prerequisite_seconds) if last_id else None
    rest = [
        replace(_exactly(book, one, operation, now), waits_for=last_id, due_at=due_at)
        for one in chunk
        if not one.goes_first
    ]
    registered += register(connection, rest, now, announced=False)
    end = reached + len(chunk)
    return Dealt(len(chunk), len(chunk) - len(registered), str(end), is_last=end >= len(ones))


def _last_of_the_first(connection: Connection, operation: Operation) -> int | None:
    """The delivery for which the others wait, which an earlier chunk may have registered; None once it has ended."""
    first = [One(**one) for one in operation.request["ones"] if one["goes_first"]]
    if not first:
        return None
    return connection.scalar(
        select(func.max(DeliveryRow.id)).where(
            DeliveryRow.operation_id == operation.id,
            DeliveryRow.flow == first[-1].flow,
            DeliveryRow.record_id == first[-1].record_id,
            DeliveryRow.state.in_([State.WAITING, State.RUNNING]),
        )
    )


def _exactly(book: Book, one: One, operation: Operation, now: datetime) -> NewDelivery:
    flow = book.flow(one.flow)
    afresh = _afresh(flow, one.record_id, flow.lock_for(one.record_id), operation, now)
    return replace(afresh, kind=one.kind, hint=one.hint)


def _deal_with_known(
    connection: Connection, book: Book, operation: Operation, limit: int, now: datetime
) -> Dealt:
    selection = Selection.from_plain(dict(operation.request["selection"]))
    reached, last_id = int(operation.position or 0), int(operation.request["last_id"])
    rows = connection.execute(
        select(DeliveryRow.id, DeliveryRow.flow, DeliveryRow.record_id, DeliveryRow.lock_key)
        .where(
            *selection.conditions(DeliveryRow.occurred_at),
            DeliveryRow.id > reached,
            DeliveryRow.id <= last_id,
        )
        .order_by(DeliveryRow.id)
        .limit(limit)
    ).all()
    new = list(_of_rows(rows, book, operation, now))
    registered = register(connection, new, now, announced=False)
    return Dealt(
        # A record that several deliveries were about is planned, and counted, once.
        count=len(registered),
        skipped=0,
        position=str(rows[-1].id if rows else last_id),
        is_last=len(rows) < limit,
    )


def _of_rows(rows: Iterable[Any], book: Book, operation: Operation, now: datetime) -> Iterable[NewDelivery]:
    flows = {flow.name: flow for flow in book.flows}
    for row in rows:
        if row.flow in flows:
            yield _afresh(flows[row.flow], row.record_id, row.lock_key, operation, now)


def _afresh(flow: Flow, record_id: str, lock_key: str, operation: Operation, now: datetime) -> NewDelivery:
    return NewDelivery(
        flow=flow.name,
        queue=flow.queue,
        source=flow.source,
        entity=flow.source_entity,
        record_id=record_id,
        version=f"requeued by operation {operation.id}",
        kind="unknown",
        occurred_at=now,
        lock_key=lock_key,
        priority=flow.priority,
        operation_id=operation.id,
    )
