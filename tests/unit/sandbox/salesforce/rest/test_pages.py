"""Query results in pages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sandbox.salesforce.rest.call import Call
from tests.support.salesforce_org import TestOrg

SOQL = "SELECT Name FROM Account ORDER BY Id"


@pytest.fixture
def org() -> TestOrg:
    org = TestOrg()
    with org.world.store.transaction(org.world.org.sales_id) as tx:
        for number in range(450):
            tx.create("Account", {"Name": f"{number:03}"})
    return org


def _follow(org: TestOrg, page: dict[str, Any]) -> list[str]:
    names = [each["Name"] for each in page["records"]]
    while not page["done"]:
        page = org.call("GET", page["nextRecordsUrl"].removeprefix("/services/data/v66.0/")).body
        names += [each["Name"] for each in page["records"]]
    assert "nextRecordsUrl" not in page
    return names


@pytest.mark.parametrize(
    ("asked", "size"), [("batchSize=200", 200), ("batchSize=3", 200), ("batchSize=9999", 450), ("", 450)]
)
def test_pages_have_the_size_asked_for_within_bounds(org: TestOrg, asked: str, size: int) -> None:
    page = org.query(SOQL, headers={"sforce-query-options": asked})

    assert (page["totalSize"], len(page["records"]), page["done"]) == (450, size, size == 450)
    assert _follow(org, page) == [f"{number:03}" for number in range(450)]


def test_a_server_may_give_fewer_than_asked(org: TestOrg) -> None:
    org.declare("query_small_pages", times=None, size=37)

    page = org.query(SOQL)

    assert len(page["records"]) == 37
    assert len(_follow(org, page)) == 450


def test_a_result_stays_as_it_was_while_it_is_read(org: TestOrg) -> None:
    page = org.query(SOQL, headers={"sforce-query-options": "batchSize=200"})
    org.make("Account", Name="late")

    assert "late" not in _follow(org, page)


def _next(org: TestOrg, page: dict[str, Any]) -> Any:
    return org.call("GET", page["nextRecordsUrl"].removeprefix("/services/data/v66.0/"))


def test_a_locator_ends_after_two_days_and_is_nobody_elses(org: TestOrg) -> None:
    page = org.query(SOQL, headers={"sforce-query-options": "batchSize=200"})
    other = org.world.user(org.world.org.integration_id)
    assert other is not None
    locator = page["nextRecordsUrl"].rpartition("/")[2]
    call = Call(user=org.user, method="GET", version="66.0", segments=("query", locator))

    stranger = org.send(replace(call, user=other))
    org.clock.advance(2 * 24 * 3600 + 1)
    late = org.send(call)

    assert stranger.body[0]["errorCode"] == "INVALID_QUERY_LOCATOR"
    assert late.body[0]["errorCode"] == "QUERY_LOCATOR_EXPIRED"


def test_a_declared_fault_loses_the_locator(org: TestOrg) -> None:
    page = org.query(SOQL, headers={"sforce-query-options": "batchSize=200"})
    org.declare("query_locator_expired")

    assert _next(org, page).body[0]["errorCode"] == "INVALID_QUERY_LOCATOR"
    assert _next(org, page).status == 200


def test_an_invented_locator_is_unknown(org: TestOrg) -> None:
    assert org.call("GET", "query/01g000000000001AAA-200").body[0]["errorCode"] == "INVALID_QUERY_LOCATOR"
