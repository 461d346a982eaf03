"""The slow walk through the details of KashFlow's records, a slice at a time, for what no list shows.

A record becomes a change if its digest is not that of what was last read for its delivery: so what a worker has read
in the meantime costs nothing, and what was delivered once is not delivered again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from canonical.change import Change
from connectors.errors import NotFound
from connectors.kashflow.reading import Row
from ledger.deliveries import NewDelivery, deliveries_of
from ledger.ledger import Ledger
from ledger.links import Link
from ledger.newest import Newest
from ledger.producing import Cursor
from mappings.digest import kashflow_digest
from mappings.flows import Flow
from producers.kashflow_reading import KashFlowReader
from producers.kashflow_resources import Resource, concerns


@dataclass(frozen=True)
class Walked:
    """One slice: what has to be delivered, and where the next begins."""

    deliveries: list[NewDelivery]
    cursor: Cursor
    records: int


@dataclass(frozen=True)
class _Stop:
    """A record to read, and what was delivered of it last along each flow that it concerns."""

    record_id: str
    last: Sequence[tuple[Flow, Newest | None]]


class DetailWalk:
    """Where it is, is kept in a cursor: the last id read, blank between two walks; and when the walk began."""

    def __init__(
        self,
        reader: KashFlowReader,
        ledger: Ledger,
        clock: Callable[[], datetime],
        seconds: float,
        per_turn: int,
    ) -> None:
        self._reader = reader
        self._ledger = ledger
        self._clock = clock
        self._seconds = seconds
        self._per_turn = per_turn

    def is_due(self, resource: Resource) -> bool:
        """Is a walk under way, or was the last one begun long enough ago?"""
        if not self._seconds:
            return False
        cursor = self._cursor(resource)
        return (
            cursor is None
            or cursor.value != ""
            or cursor.position_at is None
            or self._clock() - cursor.position_at >= timedelta(seconds=self._seconds)
        )

    def walk_on(
        self, resource: Resource, rows: Mapping[str, Row], flows: Sequence[Flow], links: Mapping[str, Link]
    ) -> Walked:
        """Read the next slice of `rows`, in the order of their ids: of those that are linked, or were delivered.

        May raise any ConnectorError.
        """
        cursor = self._cursor(resource)
        is_under_way = cursor is not None and cursor.value != ""
        began = cursor.position_at if cursor and is_under_way else self._clock()
        after = _place(cursor.value) if cursor and is_under_way else ()
        left = sorted((record_id for record_id in rows if _place(record_id) > after), key=_place)
        stops: list[_Stop] = []
        while left and len(stops) < self._per_turn:
            chunk, left = left[: self._per_turn], left[self._per_turn :]
            stops += self._stops(resource, chunk, flows, links)
        slice_, beyond = stops[: self._per_turn], stops[self._per_turn :]
        deliveries = [
            delivery for stop in slice_ for delivery in self._news_at(resource, stop, rows[stop.record_id])
        ]
        reached = slice_[-1].record_id if left or beyond else ""
        return Walked(deliveries, Cursor(_cursor_name(resource), reached, began), len(slice_))

    def _stops(
        self, resource: Resource, chunk: Sequence[str], flows: Sequence[Flow], links: Mapping[str, Link]
    ) -> list[_Stop]:
        """The records of `chunk` that are anybody's business: all others are the initial load's."""
        known = [(flow, self._ledger.newest_deliveries(flow.name, chunk)) for flow in flows]
        stops = []
        for record_id in chunk:
            link = links.get(record_id)
            last = [
                (flow, newest.get(record_id))
                for flow, newest in known
                if record_id in newest
                or (link is not None and concerns(resource, flow, link, is_first_look=False))
            ]
            if last:
                stops.append(_Stop(record_id, last))
        return stops

    def _news_at(self, resource: Resource, stop: _Stop, row: Row) -> list[NewDelivery]:
        digest = self._digest(resource, row)
        if digest is None:
            return []
        return [
            delivery
            for flow, newest in stop.last
            if newest is None or not newest.covers(digest)
            for delivery in self._deliveries(resource, flow, stop.record_id, digest, newest, row)
        ]

    def _digest(self, resource: Resource, row: Row) -> str | None:
        """None for one that is gone: lists will leave it out."""
        try:
            return kashflow_digest(resource.entity, self._reader.detail(resource, row))
        except NotFound:
            return None

    def _deliveries(
        self, resource: Resource, flow: Flow, record_id: str, digest: str, newest: Newest | None, row: Row
    ) -> list[NewDelivery]:
        change = Change(
            source="kashflow",
            entity=resource.entity,
            record_id=record_id,
            version=f"{flow.name} walked {digest[:16]} after {newest.id if newest else 0}",
            kind="updated",
            occurred_at=self._clock(),
            hint={"key": resource.records.key(row)},
        )
        return deliveries_of([change], lambda change: [flow] if flow.watches(change) else [])

    def _cursor(self, resource: Resource) -> Cursor | None:
        name = _cursor_name(resource)
        return self._ledger.cursors([name]).get(name)


def _place(record_id: str) -> tuple[int, ...]:
    """Where a record stands in the walk; an id may have several parts."""
    return tuple(int(part) for part in record_id.split("-"))


def _cursor_name(resource: Resource) -> str:
    return f"kashflow_poll:{resource.entity}:details"
