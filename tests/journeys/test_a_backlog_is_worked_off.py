"""One message may speak of more than one batch: it is passed on until nothing is due, and nobody waits for the sweeper."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import pytest
from sqlalchemy import select

from ledger.deliveries import Waiting
from ledger.endings import State
from ledger.tables import DeliveryRow
from tests.support.road import Road


@pytest.mark.both_ledgers
def test_a_message_about_three_batches_is_passed_on_until_all_of_them_are_done(on_the_road: Road) -> None:
    road = on_the_road
    account = road.account("Larkfield Ceramics Ltd")
    road.create_many("Opportunity", [road.open_deal(account) for _ in range(120)])
    road.hear()
    messages: deque[tuple[str, list[int]]] = deque()

    def announce(waiting: Waiting) -> None:
        messages.extend((queue, list(ids)) for queue, ids in waiting.items())

    desk = replace(road.desk, announce=announce)
    with road.ledger.reading() as connection:
        ids = connection.scalars(select(DeliveryRow.id).where(DeliveryRow.queue == "kashflow.invoice")).all()
    announce({"kashflow.invoice": list(ids)})

    claimed = []
    while messages:
        queue, hinted = messages.popleft()
        claimed.append(road.work_on(queue, desk, hinted).claimed)

    assert claimed == [50, 50, 20]
    with road.ledger.reading() as connection:
        left = connection.scalars(
            select(DeliveryRow.id).where(DeliveryRow.id.in_(ids), DeliveryRow.state == State.WAITING)
        ).all()
    assert left == []
