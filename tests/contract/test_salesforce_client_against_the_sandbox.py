"""Our Salesforce client and the small Salesforce keep one contract, though neither knows the other."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from connectors.errors import (
    AnswerLost,
    Busy,
    Duplicate,
    LoginFailed,
    NotAllowed,
    NotFound,
    NotNow,
    QuotaSpent,
    Refused,
)
from connectors.salesforce.limits import LimitInfo
from connectors.salesforce.oauth import client_credentials
from connectors.salesforce.rest import SalesforceClient, Subrequest
from sandbox.clock import Clock
from sandbox.faults import Fault
from sandbox.salesforce.app import create_app
from sandbox.salesforce.world import SalesforceWorld
from tests.support.streaming import served


@pytest.fixture
def world() -> SalesforceWorld:
    return SalesforceWorld(Clock(), random.Random(7))


@pytest.fixture
def url(world: SalesforceWorld) -> Iterator[str]:
    with served(create_app(world), before_stop=world.events.forget_sessions) as address:
        yield address


@pytest.fixture
def usage() -> list[LimitInfo]:
    return []


@pytest.fixture
def client(world: SalesforceWorld, url: str, usage: list[LimitInfo]) -> Iterator[SalesforceClient]:
    app = world.credentials
    tokens = client_credentials(url, app.client_id, app.client_secret)
    with SalesforceClient(tokens, on_limit=usage.append) as connected:
        yield connected


def invoices(count: int) -> list[dict[str, object]]:
    return [
        {"KashFlow_Id__c": str(number), "Name": f"INV-{number}", "Gross__c": Decimal("120.10") + number}
        for number in range(count)
    ]


def mirror(client: SalesforceClient, count: int) -> list[str]:
    results = client.collections_upsert("Invoice__c", "KashFlow_Id__c", invoices(count))
    return [result.id for result in results if result.id]


def test_records_are_made_once_and_then_updated_with_their_amounts_kept_to_the_penny(
    client: SalesforceClient,
) -> None:
    first = client.collections_upsert("Invoice__c", "KashFlow_Id__c", invoices(450))
    second = client.collections_upsert("Invoice__c", "KashFlow_Id__c", invoices(450))

    assert all(result.created for result in first)
    assert not any(result.created for result in second)
    assert [result.id for result in first] == [result.id for result in second]
    rows = client.query("SELECT KashFlow_Id__c, Gross__c FROM Invoice__c")
    amounts = {row["KashFlow_Id__c"]: row["Gross__c"] for row in rows}
    assert amounts == {str(number): Decimal("120.10") + number for number in range(450)}


def test_a_query_is_read_to_its_last_page(world: SalesforceWorld, client: SalesforceClient) -> None:
    mirror(client, 25)
    world.faults.declare(Fault("query_small_pages", times=None, params={"size": 10}))
    pages = list(client.query_pages("SELECT Name FROM Invoice__c ORDER BY Name"))
    assert [len(page) for page in pages] == [10, 10, 5]


def test_a_locator_that_expired_is_a_not_now(world: SalesforceWorld, client: SalesforceClient) -> None:
    mirror(client, 25)
    world.faults.declare(Fault("query_small_pages", times=None, params={"size": 10}))
    world.faults.declare(Fault("query_locator_expired"))
    with pytest.raises(Busy):
        client.query("SELECT Name FROM Invoice__c")


def test_eight_hundred_ids_are_asked_for_in_one_query(client: SalesforceClient) -> None:
    ids = mirror(client, 800)
    wanted = ",".join(f"'{record_id}'" for record_id in ids)
    found = client.query(f"SELECT Id FROM Invoice__c WHERE Id IN ({wanted})")  # noqa: S608 - ids the API gave
    assert {row["Id"] for row in found} == set(ids)


def test_children_come_with_their_parent(client: SalesforceClient) -> None:
    (invoice,) = mirror(client, 1)
    lines = [{"KashFlow_Id__c": f"0-{n}", "Name": f"line {n}", "Invoice__c": invoice} for n in range(3)]
    assert all(row.success for row in client.collections_upsert("Invoice_Line__c", "KashFlow_Id__c", lines))
    (row,) = client.query("SELECT Id, (SELECT Name FROM Invoice_Lines__r) FROM Invoice__c")
    assert {line["Name"] for line in row["Invoice_Lines__r"]["records"]} == {"line 0", "line 1", "line 2"}


def test_three_bad_records_leave_their_197_neighbours_alone(client: SalesforceClient) -> None:
    records = invoices(200)
    for at in (3, 77, 199):
        records[at]["Name"] = "x" * 200
    results = client.collections_upsert("Invoice__c", "KashFlow_Id__c", records)
    failed = [at for at, result in enumerate(results) if not result.success]
    assert failed == [3, 77, 199]
    assert all(isinstance(results[at].error, Refused) for at in failed)
    assert len(client.query("SELECT Id FROM Invoice__c")) == 197


def test_an_expired_session_is_renewed_without_anybody_noticing(
    world: SalesforceWorld, client: SalesforceClient
) -> None:
    (record_id,) = mirror(client, 1)
    world.faults.declare(Fault("rest_session_expired"))
    client.update("Invoice__c", record_id, {"Status__c": "Paid"})
    assert [row["Status__c"] for row in client.query("SELECT Status__c FROM Invoice__c")] == ["Paid"]


def test_limits_are_told_apart_and_are_no_login_problem(
    world: SalesforceWorld, client: SalesforceClient
) -> None:
    waits = []
    for kind in ("daily", "concurrent"):
        world.faults.declare(Fault("rest_request_limit", params={"kind": kind}))
        with pytest.raises(QuotaSpent) as error:
            client.query("SELECT Id FROM Account")
        waits.append(error.value.retry_after_seconds)
    assert waits == [900, 10]


def test_a_lock_hits_one_record_only_and_may_pass(world: SalesforceWorld, client: SalesforceClient) -> None:
    ids = mirror(client, 3)
    world.faults.declare(Fault("rest_row_lock", match={"id": ids[1]}))
    results = client.collections_update("Invoice__c", [{"Id": i, "Status__c": "Paid"} for i in ids])
    assert [result.success for result in results] == [True, False, True]
    assert isinstance(results[1].error, Busy)


@pytest.mark.parametrize("fault", ["rest_500_after_commit", "rest_drop_after_commit", "rest_503_html"])
def test_a_write_whose_answer_was_lost_says_that_it_may_have_happened(
    world: SalesforceWorld, client: SalesforceClient, fault: str
) -> None:
    (record_id,) = mirror(client, 1)
    world.faults.declare(Fault(fault, match={"method": "PATCH"}))
    with pytest.raises((AnswerLost, Busy)) as error:
        client.update("Invoice__c", record_id, {"Status__c": "Paid"})
    assert error.value.may_have_happened


def test_the_twin_of_a_duplicate_is_named(client: SalesforceClient) -> None:
    (record_id,) = mirror(client, 1)
    (result,) = client.collections_create("Invoice__c", invoices(1))
    assert isinstance(result.error, Duplicate)
    assert result.error.existing_id == record_id


def test_single_records_are_upserted_updated_and_missed(client: SalesforceClient) -> None:
    made = client.upsert("Invoice__c", "KashFlow_Id__c", "7/a b", {"Name": "INV-7"})
    again = client.upsert("Invoice__c", "KashFlow_Id__c", "7/a b", {"Name": "INV-7b"})
    assert (made.created, again.created, made.id) == (True, False, again.id)
    with pytest.raises(NotFound):
        client.update("Invoice__c", "a00000000000999AAA", {"Name": "x"})
    with pytest.raises(NotAllowed):
        client.upsert("Invoice__c", "No_Such_Field__c", "7", {"Name": "x"})
    with pytest.raises(Refused):
        client.update("Invoice__c", str(made.id), {"Name": "x" * 100})


def test_a_hidden_field_is_a_matter_of_permissions(world: SalesforceWorld, client: SalesforceClient) -> None:
    hidden = {"entity": "Account", "field": "Phone"}
    names = {field["name"] for field in client.describe("Account")["fields"]}
    world.faults.declare(Fault("field_hidden", times=None, params=hidden))
    with pytest.raises(NotAllowed):
        client.query("SELECT Phone FROM Account")
    assert "Phone" in names


def test_a_description_is_the_same_when_asked_twice(client: SalesforceClient) -> None:
    assert client.describe("Invoice__c") == client.describe("Invoice__c")
    assert "Invoice__c" in {each["name"] for each in client.describe_global()["sobjects"]}


def test_retrieve_keeps_the_places_of_missing_records(client: SalesforceClient) -> None:
    (record_id,) = mirror(client, 1)
    missing = "a00000000000999AAA"
    rows = client.collections_retrieve("Invoice__c", [missing, record_id], ["Name"])
    assert rows[0] is None
    assert rows[1] is not None
    assert rows[1]["Name"] == "INV-0"


def test_records_are_deleted_by_id_and_one_that_is_gone_says_so(client: SalesforceClient) -> None:
    kept, first, second = mirror(client, 3)
    assert [result.success for result in client.collections_delete([first, second])] == [True, True]
    (again,) = client.collections_delete([first])
    assert isinstance(again.error, NotFound)
    assert [row["Id"] for row in client.query("SELECT Id FROM Invoice__c")] == [kept]


def test_deletions_and_updates_are_told_for_a_window(
    world: SalesforceWorld, client: SalesforceClient
) -> None:
    kept, gone = mirror(client, 2)
    client.composite([Subrequest("DELETE", f"sobjects/Invoice__c/{gone}", "gone")])
    start, end = world.clock.now() - timedelta(hours=1), world.clock.now() + timedelta(minutes=1)
    assert [record.id for record in client.deleted("Invoice__c", start, end).records] == [gone]
    assert kept in client.updated("Invoice__c", start, end).ids
    assert {row["Id"] for row in client.query_all("SELECT Id FROM Invoice__c")} == {kept, gone}


def test_a_composite_call_passes_ids_on(client: SalesforceClient) -> None:
    account, contact = client.composite(
        [
            Subrequest("POST", "sobjects/Account", "acc", {"Name": "Rowan Ltd"}),
            Subrequest("POST", "sobjects/Contact", "con", {"LastName": "Ash", "AccountId": "@{acc.id}"}),
        ],
        all_or_none=True,
    )
    assert (account.status, contact.status) == (201, 201)
    (row,) = client.query("SELECT Account.Name FROM Contact WHERE LastName = 'Ash'")
    assert row["Account"]["Name"] == "Rowan Ltd"


def test_each_reply_tells_the_usage_and_the_limits_agree(
    client: SalesforceClient, usage: list[LimitInfo]
) -> None:
    daily = client.limits()["DailyApiRequests"]
    client.query("SELECT Id FROM Account")
    assert daily.maximum == usage[-1].allowed
    assert usage[-1].used > usage[0].used


def test_a_wrong_secret_is_a_failed_login(world: SalesforceWorld, url: str) -> None:
    tokens = client_credentials(url, world.credentials.client_id, "wrong")
    with SalesforceClient(tokens) as client, pytest.raises(LoginFailed):
        client.query("SELECT Id FROM Account")


def test_the_token_names_the_integration_user(world: SalesforceWorld, url: str) -> None:
    app = world.credentials
    token = client_credentials(url, app.client_id, app.client_secret).current()
    assert token.org_id == world.org.id
    assert world.user(token.user_id) is not None


def test_a_spent_login_rate_is_a_not_now(world: SalesforceWorld, url: str) -> None:
    refused = {"error": "rate_limit_exceeded", "description": "login rate exceeded"}
    world.faults.declare(Fault("token_error", params=refused))
    app = world.credentials
    with pytest.raises(NotNow):
        client_credentials(url, app.client_id, app.client_secret).current()


def test_a_bulk_job_tells_each_rows_fate_by_its_key(world: SalesforceWorld, client: SalesforceClient) -> None:
    world.faults.declare(Fault("bulk_fail_rows", match={"index": 1}))
    world.faults.declare(Fault("bulk_unprocessed_rows", match={"index": 3}))
    job = client.bulk.create("Invoice__c", "upsert", "KashFlow_Id__c")
    client.bulk.upload(job, invoices(5))
    job = client.bulk.close(job)
    while not job.ended:
        job = client.bulk.poll(job)

    outcome = client.bulk.outcome(job, "KashFlow_Id__c")

    assert {key for key, result in outcome.results.items() if result.success} == {"0", "2"}
    assert isinstance(outcome.results["1"].error, Busy)
    assert sorted(outcome.unprocessed) == ["3", "4"]


def test_a_bulk_query_brings_every_page(client: SalesforceClient) -> None:
    mirror(client, 7)
    job = client.bulk.create_query("SELECT KashFlow_Id__c FROM Invoice__c")
    while not job.ended:
        job = client.bulk.poll(job)
    pages = list(client.bulk.query_results(job, page_rows=3))
    assert sorted(row["KashFlow_Id__c"] for page in pages for row in page) == list("0123456")
