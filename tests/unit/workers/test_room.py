"""How much one claim takes: the flow's batch, or of a backlog for which a Bulk job pays, all that one job carries."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.ledger import Ledger
from tests.support.ledger import TestClock, opportunity
from workers.desk import Desk
from workers.room import room
from workers.ways import Pace

QUEUE = "salesforce.opportunity"


@pytest.fixture
def slow_org(desk: Desk) -> Desk:
    """A job pays from the 201st record on."""
    return replace(desk, rules=replace(desk.rules, pace=Pace(collections_seconds=40.0, most_rows=250)))


def _backlog(ledger: Ledger, clock: TestClock, count: int, queue: str = QUEUE) -> None:
    ledger.register([opportunity(number, queue=queue) for number in range(count)], now=clock())


@pytest.mark.parametrize(("waiting", "size"), [(0, 200), (200, 200), (201, 201), (300, 250)])
def test_a_batch_grows_where_a_job_pays_and_no_further_than_a_job_may(
    slow_org: Desk, ledger: Ledger, clock: TestClock, waiting: int, size: int
) -> None:
    _backlog(ledger, clock, waiting)

    with room(slow_org, QUEUE) as limit:
        assert limit == size


def test_kashflow_has_no_bulk_jobs(slow_org: Desk, ledger: Ledger, clock: TestClock) -> None:
    _backlog(ledger, clock, 300, "kashflow.invoice")

    with room(slow_org, "kashflow.invoice") as limit:
        assert limit == slow_org.book.flow("opportunity_to_invoice").batch_size


def test_one_thread_of_a_process_has_the_big_batch_until_it_is_done_with_it(
    slow_org: Desk, ledger: Ledger, clock: TestClock
) -> None:
    _backlog(ledger, clock, 300)

    with room(slow_org, QUEUE) as first, room(slow_org, QUEUE) as second:
        assert (first, second) == (250, 200)

    with room(slow_org, QUEUE) as third:
        assert third == 250


def test_a_queue_that_no_flow_has_is_taken_one_by_one(slow_org: Desk) -> None:
    with room(slow_org, "kashflow.quote") as limit:
        assert limit == 1


def test_what_was_too_little_a_moment_ago_is_counted_again_later(
    slow_org: Desk, ledger: Ledger, clock: TestClock
) -> None:
    with room(slow_org, QUEUE) as limit:
        assert limit == 200

    _backlog(ledger, clock, 300)
    with room(slow_org, QUEUE) as limit:
        assert limit == 200

    clock.tick(1)
    with room(slow_org, QUEUE) as limit:
        assert limit == 250
