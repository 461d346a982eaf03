"""Queries to their last page."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connectors.errors import Busy, Refused, Unreadable
from connectors.salesforce.rest import SalesforceClient
from tests.support.salesforce_wire import Answer, Heard, ScriptedSalesforce

NEXT = "/services/data/v66.0/query/01g000000000001-2"
SOQL = "SELECT Id FROM Account WHERE Name = 'R & D + Söhne'"


def page(*names: str, following: str | None = None) -> Answer:
    rows = [{"attributes": {"type": "Account"}, "Name": name} for name in names]
    body = {"totalSize": 3, "done": following is None, "records": rows}
    return Answer(body=body | ({"nextRecordsUrl": following} if following else {}))


def test_all_pages_come_in_order(salesforce: ScriptedSalesforce, client: SalesforceClient) -> None:
    salesforce.will_answer(page("Ash", "Birch", following=NEXT), page("Cedar"))

    assert [row["Name"] for row in client.query(SOQL)] == ["Ash", "Birch", "Cedar"]

    first, second = salesforce.heard
    assert first.path == "/services/data/v66.0/query/"
    assert first.params == {"q": SOQL}
    assert second.path == NEXT


def test_pages_are_fetched_only_when_they_are_wanted(
    salesforce: ScriptedSalesforce, client: SalesforceClient
) -> None:
    salesforce.will_answer(page("Ash", following=NEXT), page("Birch"))
    pages = client.query_pages(SOQL)
    assert [row["Name"] for row in next(pages)] == ["Ash"]
    assert len(salesforce.heard) == 1


def test_deleted_records_are_asked_for_at_query_all(
    salesforce: ScriptedSalesforce, client: SalesforceClient
) -> None:
    salesforce.will_answer(page("Ash"))
    client.query_all(SOQL)
    assert salesforce.heard[0].path == "/services/data/v66.0/queryAll/"


def test_amounts_come_as_exact_decimals(salesforce: ScriptedSalesforce, client: SalesforceClient) -> None:
    body = b'{"done":true,"records":[{"Amount":1234567890123456.78,"Quantity":3}]}'
    salesforce.will_answer(Answer(body=body))
    (row,) = client.query(SOQL)
    assert row == {"Amount": Decimal("1234567890123456.78"), "Quantity": 3}


def test_children_on_a_second_page_are_not_left_behind(
    salesforce: ScriptedSalesforce, client: SalesforceClient
) -> None:
    lines = {"done": False, "totalSize": 2, "nextRecordsUrl": NEXT, "records": [{"Name": "line 1"}]}
    deal = {"Name": "Deal", "OpportunityLineItems": lines, "Account": {"Name": "Rowan"}, "Contacts": None}
    salesforce.will_answer(Answer(body={"done": True, "records": [deal]}), page("line 2"))

    (row,) = client.query(SOQL)

    assert [line["Name"] for line in row["OpportunityLineItems"]["records"]] == ["line 1", "line 2"]
    assert row["OpportunityLineItems"]["done"] is True


def test_a_query_too_long_for_an_address_travels_inside_a_composite_call(
    salesforce: ScriptedSalesforce, client: SalesforceClient
) -> None:
    ids = ",".join(f"'{number:018}'" for number in range(800))
    soql = f"SELECT Id FROM Account WHERE Id IN ({ids})"  # noqa: S608 - SOQL over ids that the test made

    def reply(heard: Heard) -> Answer:
        (request,) = heard.json["compositeRequest"]
        assert Heard("GET", request["url"], {}, b"").params == {"q": soql}
        body = {"done": True, "records": [{"Name": "Ash"}]}
        return Answer(
            body={"compositeResponse": [{"body": body, "httpStatusCode": 200, "referenceId": "query"}]}
        )

    salesforce.answers_by(reply)
    assert client.query(soql) == [{"Name": "Ash"}]
    assert salesforce.heard[0].path == "/services/data/v66.0/composite"


def test_an_error_inside_the_composite_call_is_the_querys_error(
    salesforce: ScriptedSalesforce, client: SalesforceClient
) -> None:
    errors = [{"errorCode": "MALFORMED_QUERY", "message": "unexpected token"}]
    entry = {"body": errors, "httpStatusCode": 400, "referenceId": "query"}
    salesforce.will_answer(Answer(body={"compositeResponse": [entry]}))
    with pytest.raises(Refused, match="unexpected token"):
        client.query("SELECT Id" + " " * 20_000)


def test_a_query_above_the_limit_of_soql_is_refused_before_it_is_sent(
    salesforce: ScriptedSalesforce, client: SalesforceClient
) -> None:
    with pytest.raises(Refused, match="ask for fewer ids"):
        client.query("x" * 100_001)
    assert salesforce.heard == []


def test_a_locator_that_the_server_forgot_is_a_not_now(
    salesforce: ScriptedSalesforce, client: SalesforceClient
) -> None:
    gone = [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}]
    salesforce.will_answer(page("Ash", following=NEXT), Answer(400, gone))
    with pytest.raises(Busy) as error:
        client.query(SOQL)
    assert error.value.code == "INVALID_QUERY_LOCATOR"


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"done": True},
        {"done": True, "records": [1]},
        {"done": False, "records": []},
        {"done": False, "records": [], "nextRecordsUrl": "https://elsewhere.example.com/"},
    ],
)
def test_a_page_that_is_none_is_unreadable(
    salesforce: ScriptedSalesforce, client: SalesforceClient, body: object
) -> None:
    salesforce.will_answer(Answer(body=body))
    with pytest.raises(Unreadable):
        client.query(SOQL)


def test_pages_that_lead_in_a_circle_are_left(
    salesforce: ScriptedSalesforce, client: SalesforceClient
) -> None:
    salesforce.answers_by(lambda _: page("Ash", following=NEXT))
    with pytest.raises(Unreadable):
        client.query(SOQL)
    assert len(salesforce.heard) == 2
