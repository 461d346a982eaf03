"""Two hundred records a call, each with its own answer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.errors import Busy, Duplicate, NotNow, QuotaSpent, Refused, Unreadable
from connectors.salesforce.collections import RowResult
from connectors.salesforce.ids import to_18
from connectors.salesforce.rest import SalesforceClient
from tests.support.salesforce_wire import Answer, Heard, ScriptedSalesforce


def record_id(number: int) -> str:
    return to_18(f"001{number:012}")


def failed(code: str, message: str = "why", *fields: str) -> dict[str, Any]:
    return {"success": False, "errors": [{"statusCode": code, "message": message, "fields": list(fields)}]}


def done(number: int, **more: object) -> dict[str, Any]:
    return {"id": record_id(number), "success": True, "errors": [], **more}


def test_results_come_in_the_order_of_the_records(
    salesforce: ScriptedSalesforce, client: SalesforceClient
) -> None:
    twin = "duplicate value found: Ext__c duplicates value on record with id: " + record_id(9)
    salesforce.will_answer(
        Answer(
            body=[
                done(1, created=True),
                done(2, created=False),
                failed("REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", "Name"),
                failed("UNABLE_TO_LOCK_ROW"),
                failed("DUPLICATE_VALUE", twin),
            ]
        )
    )

    made, changed, missing, locked, duplicate = client.collections_upsert(
        "Account", "Ext__c", [{"Ext__c": f"A{n}"} for n in range(5)]
    )

    assert made == RowResult(record_id(1), success=True, created=True)
    assert changed == RowResult(record_id(2), success=True, created=False)
    assert isinstance(missing.error, Refused)
    assert missing.error.fields == ("Name",)
    assert isinstance(locked.error, Busy)
    assert not locked.error.may_have_happened
    assert isinstance(duplicate.error, Duplicate)
    assert duplicate.error.existing_id == record_id(9)


def test_an_upsert_names_type_and_key_in_address_and_record(
    salesforce: ScriptedSalesforce, client: SalesforceClient
) -> None:
    salesforce.will_answer(Answer(body=[done(1, created=True)]))
    client.collections_upsert("Account", "Ext__c", [{"Ext__c": "A1", "AnnualRevenue": Decimal("10.10")}])
    (call,) = salesforce.heard
    assert (call.method, call.path) == ("PATCH", "/services/data/v66.0/composite/sobjects/Account/Ext__c")
    assert b'"AnnualRevenue":10.10' in call.body
    assert call.json == {
        "allOrNone": False,
        "records": [{"attributes": {"type": "Account"}, "Ext__c": "A1", "AnnualRevenue": Decimal("10.10")}],
    }


def test_an_update_takes_records_as_a_query_gives_them(
    salesforce: ScriptedSalesforce, client: SalesforceClient
) -> None:
    salesforce.will_answer(Answer(body=[done(1)]))
    queried = {"attributes": {"type": "Account", "url": "/x"}, "Id": record_id(1), "Name": "Rowan"}
    client.collections_update("Account", [queried], all_or_none=True)
    (call,) = salesforce.heard
    record = {"attributes": {"type": "Account"}, "id": record_id(1), "Name": "Rowan"}
    assert call.json == {"allOrNone": True, "records": [record]}


def test_a_create_says_that_it_created(salesforce: ScriptedSalesforce, client: SalesforceClient) -> None:
    salesforce.will_answer(Answer(body=[done(1)]))
    (result,) = client.collections_create("Account", [{"Name": "Rowan"}])
    assert result.created
    assert salesforce.heard[0].method == "POST"


def answer_each(heard: Heard) -> Answer:
    return Answer(body=[done(int(row["Ext__c"]), created=False) for row in heard.json["records"]])


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(count=st.integers(min_value=0, max_value=650))
def test_any_number_of_records_goes_in_calls_of_200_and_comes_back_in_order(
    salesforce: ScriptedSalesforce, client: SalesforceClient, count: int
) -> None:
    salesforce.heard.clear()
    salesforce.answers_by(answer_each)
    results = client.collections_upsert("Account", "Ext__c", [{"Ext__c": str(n)} for n in range(count)])
    assert [result.id for result in results] == [record_id(n) for n in range(count)]
    sizes = [len(call.json["records"]) for call in salesforce.heard]
    assert sum(sizes) == count
    assert all(size == 200 for size in sizes[:-1])


def test_answers_already_given_survive_a_later_call_that_fails(
    salesforce: ScriptedSalesforce, client: SalesforceClient
) -> None:
    def reply(heard: Heard) -> Answer:
        if len(salesforce.heard) == 1:
            return answer_each(heard)
        return Answer(
            403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
        )

    salesforce.answers_by(reply)
    results = client.collections_upsert("Account", "Ext__c", [{"Ext__c": str(n)} for n in range(450)])

    assert [result.success for result in results] == [True] * 200 + [False] * 250
    assert all(isinstance(result.error, QuotaSpent) for result in results[200:])
    assert len(salesforce.heard) == 2, "nothing more is sent once the limit is reached"


def test_a_call_that_fails_before_any_answer_raises(
    salesforce: ScriptedSalesforce, client: SalesforceClient
) -> None:
    salesforce.will_answer(Answer(503, b"<html>"))
    with pytest.raises(NotNow) as error:
        client.collections_update("Account", [{"Id": record_id(1)}])
    assert error.value.may_have_happened


def test_victims_of_all_or_none_have_no_id_and_may_be_sent_again(
    salesforce: ScriptedSalesforce, client: SalesforceClient
) -> None:
    victim = {"id": record_id(1), **failed("ALL_OR_NONE_OPERATION_ROLLED_BACK")}
    salesforce.will_answer(Answer(body=[victim, failed("STRING_TOO_LONG")]))
    results = client.collections_create("Account", [{"Name": "a"}, {"Name": "b"}], all_or_none=True)
    assert results[0].id is None
    assert isinstance(results[0].error, Busy)
    assert isinstance(results[1].error, Refused)


@pytest.mark.parametrize(
    "row", [None, 7, {}, {"success": True}, {"success": True, "id": "x"}, {"success": "yes"}]
)
def test_a_row_that_says_nothing_leaves_its_neighbours_alone(
    salesforce: ScriptedSalesforce, client: SalesforceClient, row: object
) -> None:
    salesforce.will_answer(Answer(body=[done(1), row, done(3)]))
    first, unclear, third = client.collections_update("Account", [{"Id": record_id(n)} for n in (1, 2, 3)])
    assert first.success
    assert third.success
    assert isinstance(unclear.error, Unreadable)
    assert unclear.error.may_have_happened


@pytest.mark.parametrize("body", [[], {}, [done(1)], {"hasErrors": False}])
def test_an_answer_of_another_length_tells_nothing_about_anybody(
    salesforce: ScriptedSalesforce, client: SalesforceClient, body: object
) -> None:
    salesforce.will_answer(Answer(body=body))
    with pytest.raises(Unreadable) as error:
        client.collections_update("Account", [{"Id": record_id(1)}, {"Id": record_id(2)}])
    assert error.value.may_have_happened


def test_retrieve_keeps_the_place_of_what_is_gone(
    salesforce: ScriptedSalesforce, client: SalesforceClient
) -> None:
    salesforce.will_answer(Answer(body=[{"Id": record_id(1)}, None]))
    assert client.collections_retrieve("Account", [record_id(1), record_id(2)], ["Id"]) == [
        {"Id": record_id(1)},
        None,
    ]
    assert salesforce.heard[0].json == {"ids": [record_id(1), record_id(2)], "fields": ["Id"]}


class TestMistakesOfTheCaller:
    def test_an_update_without_an_id(self, client: SalesforceClient) -> None:
        with pytest.raises(ValueError, match="record 1 of an update has no id"):
            client.collections_update("Account", [{"Id": record_id(1)}, {"Name": "x"}])

    @pytest.mark.parametrize("record", [{}, {"Ext__c": None}, {"Ext__c": "A1", "Id": record_id(1)}])
    def test_an_upsert_without_its_key_or_with_an_id(
        self, client: SalesforceClient, record: dict[str, Any]
    ) -> None:
        with pytest.raises(ValueError, match="record 0 of an upsert must have Ext__c and no id"):
            client.collections_upsert("Account", "Ext__c", [record])

    def test_all_or_none_for_more_than_one_call_can_hold(self, client: SalesforceClient) -> None:
        with pytest.raises(ValueError, match="one call of 200"):
            client.collections_create("Account", [{"Name": "x"}] * 201, all_or_none=True)

    def test_a_float_is_never_sent(self, client: SalesforceClient) -> None:
        with pytest.raises(TypeError, match=r"records\[0\]\.Amount is 0\.1 \(float\)"):
            client.collections_update("Opportunity", [{"Id": record_id(1), "Amount": 0.1}])
