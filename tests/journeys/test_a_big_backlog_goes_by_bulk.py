"""A big backlog goes to Salesforce by one Bulk job: few calls, every row its own fate, and nothing lost with a job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.endings import State
from sandbox.server import Sandbox
from tests.support.backlog import linked_deals, register_write_backs
from tests.support.road import Road, road
from workers.rules import Rules
from workers.ways import Pace

QUEUE = "salesforce.opportunity"
#: So slow with Collections that a job pays for more than one call's worth: a story of 205 deals is long enough.
SLOW_ORG = Rules(pace=Pace(collections_seconds=40.0))
MANY = 205
#: So slow that a job always pays: what becomes of its rows can be told with a dozen.
JOBS_ONLY = Rules(pace=Pace(collections_seconds=400.0))
SOME = 12


@pytest.fixture(params=["sqlite", "postgresql"])
def backlog_road(request: pytest.FixtureRequest, served_sandbox: Sandbox, tmp_path: Path) -> Iterator[Road]:
    on_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/ledger.db" if on_sqlite else request.getfixturevalue("postgres_url")
    with road(served_sandbox, url) as opened:
        opened.desk = replace(opened.desk, rules=JOBS_ONLY)
        yield opened


@pytest.fixture
def slow_org(backlog_road: Road) -> Road:
    backlog_road.desk = replace(backlog_road.desk, rules=SLOW_ORG)
    return backlog_road


def _shows_its_number(road: Road, deal: str) -> bool:
    return road.record(deal)["KashFlow_Invoice_Number__c"] is not None


def _all_are_right(road: Road, deals: Sequence[str]) -> None:
    """Each deal shows its own invoice, whatever the order of the results was."""
    invoices = road.invoices()
    numbers = {invoice["CustomerReference"]: str(invoice["Number"]) for invoice in invoices}
    shown = {road.stamp(deal): road.record(deal)["KashFlow_Invoice_Number__c"] for deal in deals}
    assert shown == numbers
    last = {road.last(str(invoice["Id"]), QUEUE).state for invoice in invoices}
    assert last <= {State.DELIVERED, State.UNCHANGED}


def _asked(road: Road, what: str, method: str = "") -> int:
    """How often Salesforce was asked for something of this path."""
    entries = road.sandbox.requests["salesforce"].entries
    return sum(what in one.path and method in {"", one.method} for one in entries)


def _jobs(road: Road) -> int:
    return sum(one.path.endswith("/jobs/ingest") for one in road.sandbox.requests["salesforce"].entries)


def test_a_big_backlog_is_one_batch_and_one_job_of_few_calls(slow_org: Road) -> None:
    road = slow_org
    deals = linked_deals(road, MANY)

    report = road.work_on(QUEUE)

    assert (report.claimed, report.endings) == (MANY, {"delivered": MANY})
    _all_are_right(road, deals)
    assert _jobs(road) == 1
    assert _asked(road, "/jobs/ingest") <= 8, "create, upload, close, a look or two, three results"
    assert _asked(road, "/composite/sobjects", "PATCH") == 0


def test_a_small_backlog_goes_by_collections(slow_org: Road) -> None:
    road = slow_org
    deals = linked_deals(road, 200)

    assert road.work_on(QUEUE).claimed == 200

    _all_are_right(road, deals)
    assert _jobs(road) == 0
    assert _asked(road, "/composite/sobjects", "PATCH") == 1


def test_a_backlog_of_which_little_has_to_be_written_goes_by_collections(slow_org: Road) -> None:
    road = slow_org
    deals = linked_deals(road, MANY)
    road.work_on(QUEUE)
    behind = deals[:10]
    for deal in behind:
        road.change(deal, KashFlow_Invoice_Number__c=None)
    register_write_backs(road, "seen 2")

    report = road.work_on(QUEUE)

    assert (report.claimed, report.endings) == (MANY, {"delivered": 10, "unchanged": MANY - 10})
    assert _jobs(road) == 1, "the first one"
    _all_are_right(road, deals)


def test_rows_that_fail_in_a_job_end_one_by_one(backlog_road: Road) -> None:
    road = backlog_road
    deals = linked_deals(road, SOME)
    locked, refused = deals[5], deals[9]
    road.fault("salesforce", "rest_row_lock", match={"id": locked})
    road.fault("salesforce", "rest_validation_rule", match={"id": refused}, message="Closed for the year.")

    report = road.work_on(QUEUE)
    assert report.endings == {"delivered": SOME - 2, "failed": 1, "dead": 1}
    road.rest()

    assert [deal for deal in deals if not _shows_its_number(road, deal)] == [refused]
    assert "Closed for the year." in str(road.written_back(refused).reason_text)
    assert road.written_back(locked).attempts == 2


def test_rows_that_a_job_did_not_come_to_wait_again_and_are_delivered(backlog_road: Road) -> None:
    road = backlog_road
    deals = linked_deals(road, SOME)
    road.fault("salesforce", "bulk_unprocessed_rows", match={"index": 3})

    report = road.work_on(QUEUE)
    assert report.endings == {"delivered": 3, "notnow": SOME - 3}
    left = [deal for deal in deals if not _shows_its_number(road, deal)]
    assert {road.written_back(deal).attempts for deal in left} == {0}
    road.rest()

    _all_are_right(road, deals)
    assert _jobs(road) == 1, "what a job left goes by Collections"


def test_a_job_that_fails_as_a_whole_loses_nothing_and_holds_nobody_up_twice(backlog_road: Road) -> None:
    road = backlog_road
    deals = linked_deals(road, SOME)
    road.fault("salesforce", "bulk_job_failed", times=None, message="TooManyLockFailure : too many locks")

    assert road.work_on(QUEUE).endings == {"notnow": SOME}
    assert "TooManyLockFailure" in str(road.written_back(deals[0]).reason_text)
    road.rest()

    _all_are_right(road, deals)
    assert _jobs(road) == 1


@pytest.mark.parametrize(
    ("trouble", "method"),
    [
        ("rest_500_before_commit", "POST"),  # the job is not made
        ("rest_drop_after_commit", "PUT"),  # the upload arrived, and nobody was told
        ("rest_drop_after_commit", "PATCH"),  # the job runs, and nobody was told
        ("rest_request_limit", "PUT"),
    ],
)
def test_trouble_while_a_job_is_handed_over_loses_nothing(
    backlog_road: Road, trouble: str, method: str
) -> None:
    road = backlog_road
    deals = linked_deals(road, SOME)
    path = {"path": "/services/data/v66.0/jobs/ingest"} if method == "POST" else {}
    road.fault("salesforce", trouble, match={"method": method, **path})

    assert road.work_on(QUEUE).endings == {"notnow": SOME}
    road.rest()

    _all_are_right(road, deals)
    assert {road.written_back(deal).attempts for deal in deals} == {1}


def test_a_look_at_a_job_that_fails_is_repeated(backlog_road: Road) -> None:
    road = backlog_road
    deals = linked_deals(road, SOME)
    road.desk.fields("Opportunity")  # read, so that the next GET is a look at the job
    road.fault("salesforce", "rest_500_before_commit", match={"method": "GET"})

    assert road.work_on(QUEUE).endings == {"delivered": SOME}

    _all_are_right(road, deals)


def test_a_slow_job_is_waited_for(backlog_road: Road) -> None:
    road = backlog_road
    deals = linked_deals(road, SOME)
    road.fault("salesforce", "bulk_job_slow", seconds=300)

    assert road.work_on(QUEUE).endings == {"delivered": SOME}

    _all_are_right(road, deals)


def test_a_job_that_never_begins_is_aborted_and_writes_nothing_later(backlog_road: Road) -> None:
    road = backlog_road
    deals = linked_deals(road, SOME)
    road.fault("salesforce", "bulk_job_slow", times=None, seconds=86_400)
    begun = road.now()

    assert road.work_on(QUEUE).endings == {"notnow": SOME}
    assert (road.now() - begun).total_seconds() == JOBS_ONLY.pace.bulk_patience_seconds
    (job,) = road.sandbox.salesforce.bulk_jobs.all("ingest")
    assert job.state == "Aborted"
    road.rest()

    _all_are_right(road, deals)


def test_a_worker_that_is_told_to_stop_waits_for_no_job(backlog_road: Road) -> None:
    road = backlog_road
    deals = linked_deals(road, SOME)
    road.fault("salesforce", "bulk_job_slow", seconds=300)
    begun = road.now()
    stopping = replace(road.desk, wait=lambda seconds: seconds > 0)

    assert road.work_on(QUEUE, stopping).endings == {"notnow": SOME}
    assert road.now() == begun
    road.rest()

    _all_are_right(road, deals)


class _Killed(BaseException):
    """The worker's process ends here."""


def _die(seconds: float) -> bool:
    if seconds:
        raise _Killed
    return False


@pytest.mark.parametrize("slow", [False, True])
def test_a_worker_killed_while_its_job_runs_loses_nothing(backlog_road: Road, slow: bool) -> None:
    road = backlog_road
    deals = linked_deals(road, SOME)
    if slow:
        road.fault("salesforce", "bulk_job_slow", seconds=300)

    with pytest.raises(_Killed):
        road.work_on(QUEUE, replace(road.desk, wait=_die))
    road.rest()

    _all_are_right(road, deals)
    endings = [ending for ending, _ in road.story(road.written_back(deals[0]).record_id, QUEUE)]
    assert endings == ["lease_expired", "delivered" if slow else "unchanged"]


def test_while_one_thread_has_a_big_batch_the_others_take_small_ones(slow_org: Road) -> None:
    road = slow_org
    linked_deals(road, MANY)

    with road.desk.big_batch:
        assert road.work_on(QUEUE).claimed == 200
    assert _jobs(road) == 0
