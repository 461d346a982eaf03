"""Single records over REST (reference salesforce.md section 3.2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.salesforce_org import TestOrg

ACCOUNT = "sobjects/Account"


def _error(body: Any) -> tuple[str, str]:
    (error,) = body
    return error["errorCode"], error["message"]


def test_a_record_is_made_read_changed_and_deleted(org: TestOrg) -> None:
    made = org.call("POST", ACCOUNT, {"Name": "Acme", "BillingCity": "Leeds"})
    place = f"{ACCOUNT}/{made.body['id']}"
    changed = org.call("PATCH", place, {"BillingCity": "York"})
    read = org.call("GET", place, params={"fields": "Name,BillingCity"})
    deleted = org.call("DELETE", place)
    gone = org.call("GET", place)

    assert (made.status, made.body["success"], made.body["errors"]) == (201, True, [])
    assert (changed.status, changed.body) == (204, None)
    url = f"/services/data/v66.0/{place}"
    assert read.body == {"attributes": {"type": "Account", "url": url}, "Name": "Acme", "BillingCity": "York"}
    assert (deleted.status, deleted.body) == (204, None)
    assert (gone.status, _error(gone.body)[0]) == (404, "ENTITY_IS_DELETED")


def test_errors_are_an_array_that_names_the_fields(org: TestOrg) -> None:
    reply = org.call("POST", "sobjects/Opportunity", {"Name": "x"})

    assert reply.status == 400
    assert reply.body == [
        {
            "message": "Required fields are missing: [StageName, CloseDate]",
            "errorCode": "REQUIRED_FIELD_MISSING",
            "fields": ["StageName", "CloseDate"],
        }
    ]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "sobjects/Nope", 404, "NOT_FOUND"),
        ("GET", "sobjects/Account/001000000000001", 404, "NOT_FOUND"),
        ("GET", "sobjects/Account/what", 404, "NOT_FOUND"),
        ("GET", "sobjects/Account/Nope__c/1", 404, "NOT_FOUND"),
        ("GET", "sobjects/Account/ExternalID__c/none", 404, "NOT_FOUND"),
        ("PUT", "sobjects/Account", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "nothing/here", 404, "NOT_FOUND"),
        ("POST", "sobjects/OpportunityStage", 400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"),
        ("GET", "sobjects/CustomField/00N000000000001", 404, "NOT_FOUND"),
    ],
)
def test_what_is_not_there_is_said_to_be_not_there(
    org: TestOrg, method: str, path: str, status: int, code: str
) -> None:
    reply = org.call(method, path, {} if method == "POST" else None)

    assert (reply.status, _error(reply.body)[0]) == (status, code)


@pytest.mark.parametrize("body", [b"{", b"[]", b"", b'{"Name": "x"', b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(org: TestOrg, body: bytes) -> None:
    reply = org.call("POST", ACCOUNT, body)

    assert (reply.status, _error(reply.body)[0]) == (400, "JSON_PARSER_ERROR")


def test_an_upsert_makes_then_changes_and_decodes_its_key(org: TestOrg) -> None:
    first = org.call("PATCH", f"{ACCOUNT}/ExternalID__c/A%2F1%20b", {"Name": "Acme"})
    second = org.call("PATCH", f"{ACCOUNT}/externalid__C/a%2F1%20b", {"Name": "Acme Ltd"})

    assert (first.status, first.body["created"]) == (201, True)
    assert (second.status, second.body) == (
        200,
        {"id": first.body["id"], "success": True, "errors": [], "created": False},
    )
    assert org.row(first.body["id"])["ExternalID__c"] == "A/1 b"


def test_a_number_can_be_an_external_id(org: TestOrg) -> None:
    metadata = {
        "label": "Number",
        "type": "Number",
        "precision": 8,
        "scale": 0,
        "externalId": True,
        "unique": True,
    }
    org.call("POST", "tooling/sobjects/CustomField", {"FullName": "Account.Nr__c", "Metadata": metadata})

    first = org.call("PATCH", f"{ACCOUNT}/Nr__c/42", {"Name": "Acme"})
    second = org.call("PATCH", f"{ACCOUNT}/Nr__c/42", {"Name": "Acme Ltd"})

    assert (first.status, second.status) == (201, 200)


def test_before_v46_an_updating_upsert_has_no_body(org: TestOrg) -> None:
    org.make("Account", Name="Acme", ExternalID__c="A")

    reply = org.call("PATCH", f"{ACCOUNT}/ExternalID__c/A", {"Name": "x"}, version="45.0")

    assert (reply.status, reply.body) == (204, None)


def test_update_only_never_makes_a_record(org: TestOrg) -> None:
    reply = org.call("PATCH", f"{ACCOUNT}/ExternalID__c/A", {"Name": "x"}, params={"updateOnly": "true"})

    assert (reply.status, org.world.store.rows("Account")) == (404, [])


@pytest.mark.parametrize("key", ["ExternalID__c", "Id", "id"])
def test_the_key_of_an_upsert_does_not_belong_in_its_body(org: TestOrg, key: str) -> None:
    reply = org.call("PATCH", f"{ACCOUNT}/ExternalID__c/A", {"Name": "x", key: "A"})

    assert _error(reply.body) == (
        "INVALID_FIELD",
        f"The {key} field should not be specified in the sobject data.",
    )


def test_several_matches_are_a_choice_and_nothing_is_written(org: TestOrg) -> None:
    metadata = {"label": "Loose", "type": "Text", "length": 20, "externalId": True}
    org.call("POST", "tooling/sobjects/CustomField", {"FullName": "Account.Loose__c", "Metadata": metadata})
    ids = [org.make("Account", Name=name, Loose__c="L") for name in ("One", "Two")]

    reply = org.call("PATCH", f"{ACCOUNT}/Loose__c/L", {"Name": "Three"})

    assert (reply.status, reply.body) == (
        300,
        [f"/services/data/v66.0/sobjects/Account/{each}" for each in ids],
    )
    assert [row["Name"] for row in org.world.store.rows("Account")] == ["One", "Two"]


def test_a_change_since_the_given_time_fails_the_precondition(org: TestOrg) -> None:
    account = org.make("Account", Name="Acme")
    before = {"if-unmodified-since": "Sat, 21 Nov 2026 09:29:59 GMT"}
    after = {"if-unmodified-since": "Sat, 21 Nov 2026 09:30:00 GMT"}

    assert org.call("PATCH", f"{ACCOUNT}/{account}", {"Name": "x"}, headers=before).status == 412
    assert org.call("PATCH", f"{ACCOUNT}/{account}", {"Name": "y"}, headers=after).status == 204


def test_updated_and_deleted_records_are_listed_by_window(org: TestOrg) -> None:
    kept, gone = org.make("Account", Name="Kept"), org.make("Account", Name="Gone")
    org.call("DELETE", f"{ACCOUNT}/{gone}")
    window = {"start": "2026-11-21T09:00:00+00:00", "end": "2026-11-21T10:00:00Z"}

    updated, deleted = (
        org.call("GET", f"{ACCOUNT}/{which}", params=window).body for which in ("updated", "deleted")
    )

    assert updated == {"ids": [kept], "latestDateCovered": "2026-11-21T10:00:00.000+0000"}
    assert [each["id"] for each in deleted["deletedRecords"]] == [gone]


@pytest.mark.parametrize(
    "window",
    [
        {},
        {"start": "2026-11-21", "end": "x"},
        {"start": "2026-01-01T00:00:00Z", "end": "2026-11-01T00:00:00Z"},
    ],
)
def test_a_bad_window_is_refused(org: TestOrg, window: dict[str, str]) -> None:
    assert _error(org.call("GET", f"{ACCOUNT}/updated", params=window).body)[0] == "INVALID_REPLICATION_DATE"


def test_the_client_named_in_the_header_is_the_origin_of_the_change(org: TestOrg) -> None:
    origins: list[str] = []
    org.world.store.on_commit(lambda commit: origins.append(commit.origin))

    org.call("POST", ACCOUNT, {"Name": "x"}, headers={"sforce-call-options": "client=AcmeBooks"})
    record = {"attributes": {"type": "Account"}, "Name": "y"}
    org.call(
        "POST",
        "composite/sobjects",
        {"records": [record]},
        headers={"sforce-call-options": "client=AcmeBooks"},
    )

    assert origins == ["com/salesforce/api/rest/66.0;client=AcmeBooks", "com/salesforce/api/rest/66.0"]


@pytest.mark.parametrize(
    ("fault", "params", "code"),
    [
        ("rest_row_lock", {}, "UNABLE_TO_LOCK_ROW"),
        (
            "rest_validation_rule",
            {"message": "Needs a city", "field": "BillingCity"},
            "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        ),
        ("rest_duplicates_detected", {"id": "001000000000001AAA"}, "DUPLICATES_DETECTED"),
    ],
)
def test_a_declared_fault_refuses_one_record_and_then_no_more(
    org: TestOrg, fault: str, params: dict[str, Any], code: str
) -> None:
    org.declare(fault, match={"entity": "Account"}, **params)

    refused = org.call("POST", ACCOUNT, {"Name": "x"})

    assert (refused.status, _error(refused.body)[0]) == (400, code)
    assert org.call("POST", ACCOUNT, {"Name": "x"}).status == 201


def test_an_alert_rule_lets_a_duplicate_pass_when_asked(org: TestOrg) -> None:
    org.declare("rest_duplicates_detected", times=None)
    headers = {"sforce-duplicate-rule-header": "allowSave=true; includeRecordDetails=false"}

    refused = org.call("POST", ACCOUNT, {"Name": "x"})

    assert refused.body[0]["duplicateResult"]["matchResults"][0]["size"] == 1
    assert org.call("POST", ACCOUNT, {"Name": "x"}, headers=headers).status == 201


def test_a_platform_event_is_published_and_kept_nowhere(org: TestOrg) -> None:
    reply = org.call("POST", "sobjects/Invoice_Paid__e", {"Invoice_Number__c": "1042", "Amount__c": 12.5})

    assert reply.status == 201
    (notice,) = reply.body["errors"]
    assert notice["statusCode"] == "OPERATION_ENQUEUED"
    assert org.world.store.rows("Invoice_Paid__e") == []
    assert org.world.events.log_of("/event/Invoice_Paid__e") is not None


def test_an_event_with_an_unknown_field_is_refused(org: TestOrg) -> None:
    assert _error(org.call("POST", "sobjects/Invoice_Paid__e", {"Nope__c": 1}).body)[0] == "INVALID_FIELD"
