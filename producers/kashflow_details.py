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
from ledger.newest import Newest
from ledger.producing import Cursor
from mappings.digest import kashflow_digest
from mappings.flows import Flow
from producers.kashflow_reading import KashFlowReader
from producers.kashflow_resources import Resource


@dataclass(frozen=True)
class Walked:
    """One slice: what has to be delivered, and where the next begins."""

    deliveries: list[NewDelivery]
    cursor: Cursor
    records: int


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

    def walk_on(self, resource: Resource, rows: Mapping[str, Row], flows: Sequence[Flow]) -> Walked:
        """Read the next slice of `rows`, in the order of their ids. May raise any ConnectorError."""
        cursor = self._cursor(resource)
        is_under_way = cursor is not None and cursor.value != ""
        began = cursor.position_at if cursor and is_under_way else self._clock()
        after = int(cursor.value) if cursor and is_under_way else 0
        left = sorted(int(record_id) for record_id in rows if int(record_id) > after)
        slice_ = [str(record_id) for record_id in left[: self._per_turn]]
        read = {record_id: self._digest(resource, rows[record_id]) for record_id in slice_}
        known = [(flow, self._ledger.newest_deliveries(flow.name, slice_)) for flow in flows]
        deliveries = [
            delivery
            for record_id, digest in read.items()
            if digest is not None
            for flow, newest in known
            for delivery in self._deliveries(resource, flow, record_id, digest, newest.get(record_id))
        ]
        reached = slice_[-1] if len(left) > self._per_turn else ""
        return Walked(deliveries, Cursor(_cursor_name(resource), reached, began), len(slice_))

    def _digest(self, resource: Resource, row: Row) -> str | None:
        """None for one that is gone: lists will leave it out."""
        try:
            return kashflow_digest(resource.entity, self._reader.detail(resource, row))
        except NotFound:
            return None

    def _deliveries(
        self, resource: Resource, flow: Flow, record_id: str, digest: str, newest: Newest | None
    ) -> list[NewDelivery]:
        if newest is None and not resource.linked_as:
            return []  # never delivered and never linked: the initial load's business
        if newest is not None and newest.covers(digest):
            return []
        change = Change(
            source="kashflow",
            entity=resource.entity,
            record_id=record_id,
            version=f"{flow.name} walked {digest[:16]} after {newest.id if newest else 0}",
            kind="updated",
            occurred_at=self._clock(),
        )
        return deliveries_of([change], lambda change: [flow] if flow.watches(change) else [])

    def _cursor(self, resource: Resource) -> Cursor | None:
        name = _cursor_name(resource)
        return self._ledger.cursors([name]).get(name)


def _cursor_name(resource: Resource) -> str:
    return f"kashflow_poll:{resource.entity}:details"
