"""Composite, Graph, Batch and Tree (reference salesforce.md sections 3.4 and 3.5)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.salesforce_org import TestOrg

BASE = "/services/data/v66.0"


def _sub(reference: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
    return {"method": method, "url": f"{BASE}/{path}", "referenceId": reference} | (
        {"body": body} if body else {}
    )


def _account_with_contact(contact: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        _sub("acc", "PATCH", "sobjects/Account/ExternalID__c/A1", {"Name": "Acme"}),
        _sub("con", "POST", "sobjects/Contact", {"AccountId": "@{acc.id}", **contact}),
        _sub("read", "GET", "query?q=SELECT+Id,+Name+FROM+Contact+WHERE+AccountId='@{acc.id}'"),
        _sub(
            "task",
            "PATCH",
            "sobjects/Contact/@{read.records[0].Id}",
            {"Title": "For @{read.records[0].Name}"},
        ),
    ]


def test_later_requests_use_what_earlier_ones_answered(org: TestOrg) -> None:
    body = {"allOrNone": True, "compositeRequest": _account_with_contact({"LastName": "Nair"})}

    reply = org.call("POST", "composite", body)

    answers = reply.body["compositeResponse"]
    assert [(each["referenceId"], each["httpStatusCode"]) for each in answers] == [
        ("acc", 201),
        ("con", 201),
        ("read", 200),
        ("task", 204),
    ]
    assert org.row(answers[1]["body"]["id"])["Title"] == "For Nair"


def test_all_or_none_undoes_and_halts_the_others(org: TestOrg) -> None:
    body = {"allOrNone": True, "compositeRequest": _account_with_contact({})}

    answers = org.call("POST", "composite", body).body["compositeResponse"]

    codes = [each["body"][0]["errorCode"] for each in answers]
    assert codes == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING", "PROCESSING_HALTED", "PROCESSING_HALTED"]
    assert org.world.store.rows("Account") == []


def test_without_all_or_none_each_stands_for_itself(org: TestOrg) -> None:
    answers = org.call("POST", "composite", {"compositeRequest": _account_with_contact({})}).body[
        "compositeResponse"
    ]

    assert [each["httpStatusCode"] for each in answers] == [201, 400, 200, 400]
    assert len(org.world.store.rows("Account")) == 1


@pytest.mark.parametrize(
    ("requests", "code"),
    [
        ([], "MISSING_ARGUMENT"),
        ([_sub("a-b", "GET", "limits")], "JSON_PARSER_ERROR"),
        ([_sub("a", "GET", "limits"), _sub("a", "GET", "limits")], "JSON_PARSER_ERROR"),
        ([_sub(f"r{number}", "GET", "limits") for number in range(26)], "EXCEEDED_MAX_COMPOSITE_REQUESTS"),
        ([_sub(f"r{number}", "GET", "query?q=x") for number in range(6)], "LIMIT_EXCEEDED"),
        ([{"referenceId": "a"}], "JSON_PARSER_ERROR"),
    ],
)
def test_a_malformed_request_fails_as_a_whole(org: TestOrg, requests: list[Any], code: str) -> None:
    reply = org.call("POST", "composite", {"compositeRequest": requests})

    assert (reply.status, reply.body[0]["errorCode"]) == (400, code)


def test_a_subrequest_may_not_bring_its_own_login(org: TestOrg) -> None:
    request = _sub("a", "GET", "limits") | {"httpHeaders": {"Authorization": "Bearer x"}}

    (answer,) = org.call("POST", "composite", {"compositeRequest": [request]}).body["compositeResponse"]

    assert (answer["httpStatusCode"], answer["body"][0]["errorCode"]) == (400, "INVALID_HEADER")


@pytest.mark.parametrize("headers", [5, ["Accept"], "x"])
def test_headers_of_a_subrequest_are_an_object(org: TestOrg, headers: object) -> None:
    request = _sub("a", "GET", "limits") | {"httpHeaders": headers}

    reply = org.call("POST", "composite", {"compositeRequest": [request]})

    assert (reply.status, reply.body[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")


def test_each_graph_is_all_or_nothing_by_itself(org: TestOrg) -> None:
    graphs = [
        {"graphId": "good", "compositeRequest": [_sub("a", "POST", "sobjects/Account", {"Name": "Kept"})]},
        {
            "graphId": "bad",
            "compositeRequest": [
                _sub("a", "POST", "sobjects/Account", {"Name": "Undone"}),
                _sub("b", "POST", "sobjects/Account", {"Phone": "1"}),
            ],
        },
    ]

    answers = org.call("POST", "composite/graph", {"graphs": graphs}).body["graphs"]

    assert [(each["graphId"], each["isSuccessful"]) for each in answers] == [("good", True), ("bad", False)]
    assert [row["Name"] for row in org.world.store.rows("Account")] == ["Kept"]


def test_a_batch_goes_on_or_halts_after_a_failure(org: TestOrg) -> None:
    requests = [
        {"method": "POST", "url": "v66.0/sobjects/Account", "richInput": {"Name": "One"}},
        {"method": "GET", "url": "v66.0/sobjects/Account/001000000000001"},
        {"method": "GET", "url": "v66.0/limits"},
    ]

    on = org.call("POST", "composite/batch", {"batchRequests": requests}).body
    halted = org.call("POST", "composite/batch", {"batchRequests": requests, "haltOnError": True}).body

    assert (on["hasErrors"], [each["statusCode"] for each in on["results"]]) == (True, [201, 404, 200])
    assert [each["statusCode"] for each in halted["results"]] == [201, 404, 412]


def _tree(*contacts: dict[str, Any]) -> dict[str, Any]:
    children = [
        {"attributes": {"type": "Contact", "referenceId": f"c{number}"}, **contact}
        for number, contact in enumerate(contacts)
    ]
    top = {
        "attributes": {"type": "Account", "referenceId": "top"},
        "Name": "Acme",
        "Contacts": {"records": children},
    }
    return {"records": [top]}


def test_a_tree_is_planted_with_its_branches(org: TestOrg) -> None:
    reply = org.call("POST", "composite/tree/Account", _tree({"LastName": "Nair"}, {"LastName": "Obi"}))

    assert (reply.status, reply.body["hasErrors"]) == (201, False)
    top, first, _ = reply.body["results"]
    assert org.row(first["id"])["AccountId"] == top["id"]


def test_a_tree_with_one_bad_leaf_is_not_planted(org: TestOrg) -> None:
    reply = org.call("POST", "composite/tree/Account", _tree({"LastName": "Nair"}, {"FirstName": "x"}))

    assert (reply.status, reply.body["hasErrors"]) == (400, True)
    (failed,) = reply.body["results"]
    assert (failed["referenceId"], failed["errors"][0]["statusCode"]) == ("c1", "REQUIRED_FIELD_MISSING")
    assert org.world.store.rows("Account") == []
