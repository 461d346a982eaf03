"""Tells which differences are known already: on their way, dead, or in review. Asks the ledger alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice

from sqlalchemy import Connection, select

from console.tieout.findings import Difference, Point
from ledger.endings import State
from ledger.ledger import Ledger
from ledger.reviews import live
from ledger.tables import DeliveryRow
from mappings.book import Book

#: Parameters in one statement; both databases take more.
_IDS_PER_QUERY = 1000


def with_what_is_known(ledger: Ledger, book: Book, found: Sequence[Difference]) -> list[Difference]:
    """The same, each point with where it is known, if it is."""
    flows = {flow.name: flow for flow in book.flows}
    ids = {point.mend.record_id for one in found for point in one.points if point.mend is not None}
    with ledger.reading() as connection:
        deliveries = _newest(connection, ids)
        reviews = live(connection, {point.subject for one in found for point in one.points})

    def known(point: Point) -> str:
        if point.mend is None or point.known:
            return point.known
        if point.subject in reviews:
            return f"in review {reviews[point.subject].id}"
        flow = flows[point.mend.flow]
        record = (flow.queue, flow.source, flow.source_entity, point.mend.record_id)
        return _said(deliveries.get(record))

    return [
        replace(one, points=tuple(replace(point, known=known(point)) for point in one.points))
        for one in found
    ]


def _said(row: DeliveryRow | None) -> str:
    if row is None:
        return ""
    match State(row.state):
        case State.DEAD:
            return f"dead letter {row.id}"
        case State.WAITING | State.RUNNING:
            return f"delivery {row.id} is on its way"
        case _:
            return ""


def _newest(connection: Connection, record_ids: Iterable[str]) -> dict[tuple[str, ...], DeliveryRow]:
    """The newest delivery of each record on each queue."""
    found: dict[tuple[str, ...], DeliveryRow] = {}
    ids = iter(sorted(record_ids))
    while chunk := list(islice(ids, _IDS_PER_QUERY)):
        wanted = (
            select(DeliveryRow.__table__).where(DeliveryRow.record_id.in_(chunk)).order_by(DeliveryRow.id)
        )
        for row in connection.execute(wanted):
            found[row.queue, row.source, row.entity, row.record_id] = row  # type: ignore[assignment]  # has its columns
    return found
