"""When our budget is used up, somebody still asks Salesforce now and then; as long as it is not, nobody pays for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.budget import SALESFORCE, LocalBudget
from connectors.salesforce.oauth import client_credentials
from connectors.salesforce.rest import SalesforceClient
from producers.salesforce_limits import LimitsWatch
from sandbox.faults import Fault
from sandbox.server import Sandbox
from tests.support.budgets import START, SetClock


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def budget(clock: SetClock) -> LocalBudget:
    return LocalBudget(SALESFORCE, clock)


def _looks(budget: LocalBudget, clock: SetClock, minutes: list[int], *, fault: str = "") -> list[int]:
    """How often `/limits` had been read when each of these minutes was over; the org says 100 of 15,000 are used."""
    with Sandbox(seed=1) as sandbox:
        told = sandbox.announcement()["salesforce"]
        shown = {"DailyApiRequests": {"Max": 15_000, "Remaining": 14_900}}
        sandbox.run(lambda: sandbox.salesforce.faults.declare(Fault("limits", None, params=shown)))
        if fault:
            sandbox.run(lambda: sandbox.salesforce.faults.declare(Fault(fault, None)))
        tokens = client_credentials(told["url"], told["client_id"], told["client_secret"])
        reads = []
        with SalesforceClient(tokens) as client:
            watch = LimitsWatch(client, budget, lambda: datetime.fromtimestamp(clock(), UTC))
            for minute in minutes:
                clock.now = START + minute * 60
                watch.look()
                reads.append(sum(n["count"] for n in _asked(sandbox)))
        return reads


def _asked(sandbox: Sandbox) -> list[dict[str, int]]:
    counters = sandbox.run(sandbox.requests["salesforce"].counters)
    return [one for one in counters if str(one["path"]).endswith("/limits")]


def test_a_budget_with_calls_left_is_believed(budget: LocalBudget, clock: SetClock) -> None:
    budget.observe_usage(100, 15_000)

    assert _looks(budget, clock, [0, 30, 600]) == [0, 0, 0]


def test_an_exhausted_budget_is_asked_about_after_a_quarter_of_an_hour_and_is_good_again(
    budget: LocalBudget, clock: SetClock
) -> None:
    budget.observe_usage(15_000, 15_000)

    assert _looks(budget, clock, [0, 14, 15, 16, 60]) == [0, 0, 1, 1, 1]
    assert budget.state().used == 100


def test_limits_that_cannot_be_read_are_asked_for_again_after_another_quarter_of_an_hour(
    budget: LocalBudget, clock: SetClock
) -> None:
    budget.observe_usage(15_000, 15_000)

    assert _looks(budget, clock, [15, 16, 29, 30], fault="rest_request_limit") == [1, 1, 1, 2]
    assert budget.state().used == 15_000


def test_what_was_told_is_believed_for_a_quarter_of_an_hour() -> None:
    from producers.salesforce_limits import BELIEVED

    assert timedelta(minutes=15) == BELIEVED
