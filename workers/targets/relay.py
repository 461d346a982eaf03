"""Passes a change on to the record that it is a part of: a Contact's to its Account. Writes nothing over there."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.deliveries import NewDelivery, Settlement
from ledger.endings import Delivered
from workers.desk import Desk
from workers.pairs.thing import known_as
from workers.work import OutOfOrder, Progress, Work, known


class Relay:
    """The record that is passed on to is read when its own delivery runs."""

    def resolve(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        for work in works:
            yield _passed_on(desk, work)

    def compare(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        raise OutOfOrder("what was passed on has ended")

    def send(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        raise OutOfOrder("what was passed on has ended")


def _passed_on(desk: Desk, work: Work) -> Settlement:
    flow = desk.book.flow(work.flow.passes_to)
    record_id = known_as(known(work.model, "the model"), "salesforce")
    follow_up = NewDelivery(
        flow=flow.name,
        queue=flow.queue,
        source=flow.source,
        entity=flow.source_entity,
        record_id=record_id,
        version=f"passed on by {work.delivery.id}",
        kind="updated",
        occurred_at=work.delivery.occurred_at,
        lock_key=flow.lock_for(record_id),
        priority=work.delivery.ranks(flow.priority),
    )
    note = f"passed on to {flow.source_entity} {record_id}, which it is a part of"
    return work.ends(Delivered(note), follow_ups=(follow_up,))
