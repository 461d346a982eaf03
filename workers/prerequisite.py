"""A delivery that needs another one first: it waits for it, and shares its fate. Knows no target."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta

from ledger.deliveries import Delivery, NewDelivery, Settlement
from ledger.endings import Dead, NotNow, Reason, State
from mappings.flows import Flow
from workers.desk import Desk
from workers.work import Work


def since(desk: Desk, work: Work, flow: Flow, entity: str, record_id: str) -> Delivery | None:
    """The newest delivery of this record along `flow`, if it was registered after the one at work."""
    newest = desk.ledger.newest_delivery(flow.queue, flow.source, entity, record_id)
    if newest is None or newest.registered_at < work.delivery.registered_at:
        return None
    return newest


def wait_for(
    desk: Desk,
    work: Work,
    flow: Flow,
    record_id: str,
    *,
    what: str,
    lock_id: str = "",
    hint: Mapping[str, str] | None = None,
) -> Settlement:
    """The end of an attempt that needs `what`: the delivery of `record_id` along `flow`, under the lock of `lock_id`.

    It goes on when that one ends; where that one is dead it dies too, and lives again with it.
    """
    newest = since(desk, work, flow, flow.source_entity, record_id)
    if newest is not None and newest.state is State.DEAD:
        text = f"{what} could not be brought to {_name(flow)}: {newest.reason_text}"
        return work.ends(Dead(Reason("resolve", "prerequisite_is_dead", text), waits_for=newest.id))
    needs = NewDelivery(
        flow=flow.name,
        queue=flow.queue,
        source=flow.source,
        entity=flow.source_entity,
        record_id=record_id,
        version=f"needed by {work.delivery.id}, {uuid.uuid4()}",
        kind="unknown",
        occurred_at=work.delivery.occurred_at,
        lock_key=flow.lock_for(lock_id or record_id),
        priority=work.delivery.ranks(flow.priority),
        hint=hint or {},
    )
    until = desk.clock() + timedelta(seconds=desk.rules.prerequisite_seconds)
    return work.ends(NotNow(until, Reason("resolve", "needs_another", f"{what} comes first")), needs=needs)


def _name(flow: Flow) -> str:
    return {"kashflow": "KashFlow", "salesforce": "Salesforce"}[flow.target]
