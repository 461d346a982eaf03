"""sObject Collections (reference salesforce.md section 3.3)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.salesforce_org import TestOrg


def _account(**fields: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Account"}, **fields}


def _codes(results: list[dict[str, Any]]) -> list[str | None]:
    return [each["errors"][0]["statusCode"] if each["errors"] else None for each in results]


def test_three_bad_rows_of_two_hundred_harm_nobody(org: TestOrg) -> None:
    records = [_account(Name=f"A{number}") for number in range(200)]
    for bad in (0, 77, 199):
        records[bad] = _account(Phone="1")

    reply = org.call("POST", "composite/sobjects", {"allOrNone": False, "records": records})

    assert reply.status == 200
    assert [index for index, each in enumerate(reply.body) if not each["success"]] == [0, 77, 199]
    assert reply.body[77]["errors"] == [
        {
            "statusCode": "REQUIRED_FIELD_MISSING",
            "message": "Required fields are missing: [Name]",
            "fields": ["Name"],
        }
    ]
    assert len(org.world.store.rows("Account")) == 197


def test_a_record_that_spoils_the_call_is_named_by_nobody(org: TestOrg) -> None:
    good, bad = org.make("Account", Name="Acme"), org.make("Account", Name="Ash")
    org.declare("rest_collections_refused", times=None, match={"id": bad})
    records = [_account(id=good, Name="Acme Ltd"), _account(id=bad, Name="Ash Ltd")]

    together = org.call("PATCH", "composite/sobjects", {"records": records})
    alone = org.call("PATCH", "composite/sobjects", {"records": records[:1]})

    assert (together.status, together.body[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")
    assert (alone.status, alone.body[0]["success"]) == (200, True)


def test_all_or_none_undoes_the_healthy_ones(org: TestOrg) -> None:
    body = {"allOrNone": True, "records": [_account(Name="fine"), _account()]}

    results = org.call("POST", "composite/sobjects", body).body

    assert _codes(results) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]
    assert org.world.store.rows("Account") == []


def test_updates_need_ids_of_the_right_object(org: TestOrg) -> None:
    account, contact = org.make("Account", Name="Acme"), org.make("Contact", LastName="Nair")
    records = [
        _account(id=account, Name="Acme Ltd"),
        _account(Id=contact, Name="x"),
        _account(Name="y"),
        _account(id="12"),
    ]

    results = org.call("PATCH", "composite/sobjects", {"records": records}).body

    assert _codes(results) == [None, "INVALID_ID_FIELD", "MISSING_ARGUMENT", "MALFORMED_ID"]
    assert (results[0]["id"], org.row(account)["Name"]) == (account, "Acme Ltd")


def test_an_upsert_says_what_it_made_and_refuses_a_key_twice(org: TestOrg) -> None:
    org.make("Account", Name="Acme", ExternalID__c="A")
    records = [
        _account(Name=name, ExternalID__c=key)
        for name, key in (("a", "A"), ("b", "B"), ("c", "C"), ("c2", "C"))
    ]

    results = org.call(
        "PATCH", "composite/sobjects/Account/ExternalID__c", {"records": [*records, _account(Name="d")]}
    ).body

    assert [each.get("created") for each in results] == [False, True, None, None, None]
    assert _codes(results) == [None, None, "DUPLICATE_VALUE", "DUPLICATE_VALUE", "MISSING_ARGUMENT"]


def test_a_delete_names_its_ids_in_the_url(org: TestOrg) -> None:
    account = org.make("Account", Name="Acme")

    results = org.call(
        "DELETE", "composite/sobjects", params={"ids": f"{account},{account}", "allOrNone": "false"}
    ).body

    assert _codes(results) == [None, "ENTITY_IS_DELETED"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_cannot_be_retrieved_comes_as_null(org: TestOrg, method: str) -> None:
    account, gone = org.make("Account", Name="Acme"), org.make("Account", Name="Gone")
    org.call("DELETE", f"sobjects/Account/{gone}")
    ids = [account, gone, "001000000000001"]

    if method == "GET":
        found = org.call(
            "GET", "composite/sobjects/Account", params={"ids": ",".join(ids), "fields": "Name"}
        ).body
    else:
        found = org.call("POST", "composite/sobjects/Account", {"ids": ids, "fields": ["Name"]}).body

    assert [each and each["Name"] for each in found] == ["Acme", None, None]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"records": [_account(Name="x")] * 201}, "EXCEEDED_ID_LIMIT"),
        ({"records": []}, "MISSING_ARGUMENT"),
        ({}, "MISSING_ARGUMENT"),
    ],
)
def test_a_malformed_call_is_refused_as_a_whole(org: TestOrg, body: dict[str, Any], code: str) -> None:
    reply = org.call("POST", "composite/sobjects", body)

    assert (reply.status, reply.body[0]["errorCode"]) == (400, code)


def test_a_record_without_a_type_fails_alone(org: TestOrg) -> None:
    results = org.call(
        "POST", "composite/sobjects", {"records": [{"Name": "x"}, "text", _account(Name="y")]}
    ).body

    assert _codes(results) == ["INVALID_TYPE", "INVALID_TYPE", None]


def test_declared_faults_hit_single_records_of_a_call(org: TestOrg) -> None:
    org.declare("rest_collections_partial", match={"index": 1})
    org.declare("rest_row_lock", match={"entity": "Contact"})
    contact = {"attributes": {"type": "Contact"}, "LastName": "Nair"}

    results = org.call(
        "POST", "composite/sobjects", {"records": [_account(Name="a"), _account(Name="b"), contact]}
    ).body

    assert _codes(results) == [None, "UNKNOWN_EXCEPTION", "UNABLE_TO_LOCK_ROW"]


def test_platform_events_are_published_many_at_once_and_each_for_itself(org: TestOrg) -> None:
    paid = {"attributes": {"type": "Invoice_Paid__e"}}
    records = [paid | {"Invoice_Number__c": "1"}, paid | {"Nope__c": 1}, paid | {"Invoice_Number__c": "2"}]

    reply = org.call("POST", "composite/sobjects", {"records": records})

    assert [each["success"] for each in reply.body] == [True, False, True]
    log = org.world.events.log_of("/event/Invoice_Paid__e")
    assert log is not None
    told = [logged.event.payload["Invoice_Number__c"] for logged in log.after(0, org.clock.now())]
    assert told == ["1", "2"]


@pytest.mark.parametrize("body", [{"ids": 5, "fields": ["Id"]}, {"ids": [{}], "fields": ["Id"]}, {"ids": []}])
def test_what_is_to_be_retrieved_is_named_in_lists_of_texts(org: TestOrg, body: dict[str, Any]) -> None:
    reply = org.call("POST", "composite/sobjects/Account", body)

    assert (reply.status, reply.body[0]["errorCode"]) == (400, "MISSING_ARGUMENT")


def test_attributes_that_are_no_object_name_no_type(org: TestOrg) -> None:
    reply = org.call("POST", "composite/sobjects", {"records": [{"attributes": "Account", "Name": "x"}]})

    assert _codes(reply.body) == ["INVALID_TYPE"]
