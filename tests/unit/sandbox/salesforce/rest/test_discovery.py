"""Describe, limits, tooling: what there is, and making more of it (reference salesforce.md sections 2.8, 3.8 to 3.10)."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.salesforce.world import WorldSettings
from tests.support.salesforce_org import TestOrg


def _fields(org: TestOrg, entity: str) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in org.call("GET", f"sobjects/{entity}/describe").body["fields"]}


def _custom_field(name: str, **metadata: Any) -> dict[str, Any]:
    return {"FullName": name, "Metadata": {"label": "Acme Ext Id", "type": "Text", "length": 64, **metadata}}


def test_describe_tells_what_must_be_sent(org: TestOrg) -> None:
    fields = _fields(org, "opportunity")

    required = {
        name
        for name, each in fields.items()
        if not each["nillable"] and not each["defaultedOnCreate"] and each["createable"]
    }
    assert required == {"Name", "StageName", "CloseDate"}
    assert fields["AccountId"]["referenceTo"] == ["Account"]
    assert fields["AccountId"]["relationshipName"] == "Account"
    assert (fields["Amount"]["precision"], fields["Amount"]["scale"]) == (18, 2)
    assert (fields["IsWon"]["createable"], fields["IsWon"]["type"]) == (False, "boolean")
    assert "Closed Won" in [each["value"] for each in fields["StageName"]["picklistValues"]]


def test_describe_tells_the_children(org: TestOrg) -> None:
    children = org.call("GET", "sobjects/Account/describe").body["childRelationships"]

    assert {"Contacts", "Opportunities", "Orders", "Invoices__r"} <= {
        each["relationshipName"] for each in children
    }


def test_an_unchanged_catalogue_need_not_be_sent_again(org: TestOrg) -> None:
    first = org.call("GET", "sobjects/Account/describe")
    since = {"if-modified-since": first.headers["Last-Modified"]}
    assert org.call("GET", "sobjects/Account/describe", headers=since).status == 304

    org.clock.advance(60)
    org.call("POST", "tooling/sobjects/CustomField", _custom_field("Account.Acme_Ext_Id__c"))

    assert org.call("GET", "sobjects/Account/describe", headers=since).status == 200
    assert org.call("GET", "sobjects", headers=since).status == 200


def test_the_list_of_objects_leaves_tooling_out(org: TestOrg) -> None:
    listed = {each["name"]: each for each in org.call("GET", "sobjects").body["sobjects"]}

    assert {"Account", "Payment__c", "Invoice_Paid__e"} <= set(listed)
    assert "CustomField" not in listed
    assert (listed["Account"]["keyPrefix"], listed["Payment__c"]["custom"]) == ("001", True)


def test_a_field_made_while_running_works_at_once(org: TestOrg) -> None:
    made = org.call(
        "POST",
        "tooling/sobjects/CustomField",
        _custom_field("Order.Acme_Ext_Id__c", externalId=True, unique=True),
    )
    again = org.call("POST", "tooling/sobjects/CustomField", _custom_field("Order.Acme_Ext_Id__c"))

    assert (made.status, made.body["success"], made.body["id"][:3]) == (201, True, "00N")
    assert (again.status, again.body[0]["errorCode"]) == (400, "DUPLICATE_DEVELOPER_NAME")
    assert _fields(org, "Order")["Acme_Ext_Id__c"]["externalId"] is True
    found = org.records("SELECT Acme_Ext_Id__c FROM Order")
    assert found == []


def test_an_org_may_hide_a_new_field_until_it_is_granted() -> None:
    org = TestOrg(settings=WorldSettings(hide_new_fields=True))
    org.call("POST", "tooling/sobjects/CustomField", _custom_field("Account.Secret__c"))
    assert "Secret__c" not in _fields(org, "Account")
    (permissions,) = org.records("SELECT Id FROM PermissionSet")

    grant = {
        "ParentId": permissions["Id"],
        "SobjectType": "Account",
        "Field": "Account.Secret__c",
        "PermissionsRead": True,
        "PermissionsEdit": True,
    }
    assert org.call("POST", "sobjects/FieldPermissions", grant).status == 201

    assert "Secret__c" in _fields(org, "Account")


@pytest.mark.parametrize(
    "body",
    [
        _custom_field("Account.NoSuffix"),
        _custom_field("Nope.X__c"),
        _custom_field("Account.X__c", type="Rainbow"),
        _custom_field("Account.X__c", type="Number"),
        _custom_field("Account.X__c", type="Number", precision=10**25, scale=2),
        _custom_field("Account.X__c", type="Number", precision=5, scale=6),
        _custom_field("Account.X__c", length=True),
        _custom_field("Account.X__c", type="Lookup", referenceTo="Nope"),
        _custom_field("Account.X__c", type="Picklist", valueSet={"valueSetDefinition": "A, B"}),
        {"FullName": "Account.X__c"},
    ],
)
def test_a_field_that_makes_no_sense_is_refused(org: TestOrg, body: dict[str, Any]) -> None:
    assert org.call("POST", "tooling/sobjects/CustomField", body).status == 400


def test_tooling_lists_its_own_objects(org: TestOrg) -> None:
    listed = org.call("GET", "tooling/sobjects").body["sobjects"]

    names = {each["name"] for each in listed}
    assert {"CustomField", "PlatformEventChannel", "PlatformEventChannelMember"} <= names
    assert "Account" not in names


def test_a_platform_event_is_described_without_what_only_records_have(org: TestOrg) -> None:
    fields = _fields(org, "Invoice_Paid__e")

    assert {"ReplayId", "CreatedDate", "CreatedById", "Invoice_Number__c"} <= set(fields)
    assert not {"Id", "IsDeleted", "OwnerId", "SystemModstamp"} & set(fields)
    assert org.call("GET", "sobjects/Invoice_Paid__e/updated").status == 404


def test_fields_can_be_queried_as_rows(org: TestOrg) -> None:
    soql = (
        "SELECT QualifiedApiName, DataType, Length FROM FieldDefinition "
        "WHERE EntityDefinition.QualifiedApiName = 'Account' AND QualifiedApiName LIKE 'ExternalID%'"
    )

    (record,) = org.call("GET", "tooling/query", params={"q": soql}).body["records"]

    assert (record["QualifiedApiName"], record["DataType"], record["Length"]) == (
        "ExternalID__c",
        "Text(64)",
        64,
    )


def test_a_channel_gets_a_member_and_loses_it(org: TestOrg) -> None:
    channel = {"FullName": "Books__chn", "Metadata": {"channelType": "data", "label": "Books"}}
    member = {
        "FullName": "Books_chn_Invoice_ChangeEvent",
        "Metadata": {"eventChannel": "Books__chn", "selectedEntity": "Invoice__ChangeEvent"},
    }

    made = org.call("POST", "tooling/sobjects/PlatformEventChannel", channel)
    joined = org.call("POST", "tooling/sobjects/PlatformEventChannelMember", member)

    assert (made.status, joined.status) == (201, 201)
    soql = "SELECT DeveloperName, EventChannel, SelectedEntity FROM PlatformEventChannelMember"
    *_, row = org.call("GET", "tooling/query", params={"q": soql}).body["records"]
    assert (row["EventChannel"], row["SelectedEntity"]) == (made.body["id"], "Invoice__ChangeEvent")
    assert org.call("POST", "tooling/sobjects/PlatformEventChannelMember", member).status == 400
    org.make("Invoice__c", Name="heard")
    removed = org.call("DELETE", f"tooling/sobjects/PlatformEventChannelMember/{joined.body['id']}")
    assert removed.status == 204


def test_the_standard_channel_lists_what_is_selected_for_it_and_gives_no_event_of_what_is_taken_off(
    org: TestOrg,
) -> None:
    soql = "SELECT Id, DeveloperName, EventChannel, SelectedEntity FROM PlatformEventChannelMember"
    listed = org.call("GET", "tooling/query", params={"q": soql}).body["records"]

    assert [(row["DeveloperName"], row["EventChannel"], row["SelectedEntity"]) for row in listed] == [
        (f"ChangeEvents_{entity}ChangeEvent", "ChangeEvents", f"{entity}ChangeEvent")
        for entity in ("Account", "Contact", "Opportunity", "PricebookEntry", "Product2")
    ]
    assert {f"{entity}ChangeEvent" for entity in org.world.events.selected_entities} == {
        row["SelectedEntity"] for row in listed
    }

    taken_off = next(row["Id"] for row in listed if row["SelectedEntity"] == "AccountChangeEvent")
    assert org.call("DELETE", f"tooling/sobjects/PlatformEventChannelMember/{taken_off}").status == 204
    org.make("Account", Name="unheard")

    log = org.world.events.log_of("/data/ChangeEvents")
    assert log is not None
    assert list(log.after(0, org.clock.now())) == []


def test_what_is_selected_already_cannot_be_selected_again_under_another_name(org: TestOrg) -> None:
    member = {
        "FullName": "Another_Name",
        "Metadata": {"eventChannel": "ChangeEvents", "selectedEntity": "AccountChangeEvent"},
    }

    again = org.call("POST", "tooling/sobjects/PlatformEventChannelMember", member)

    assert (again.status, again.body[0]["errorCode"]) == (400, "DUPLICATE_DEVELOPER_NAME")


def _enriched_member(*names: object) -> dict[str, Any]:
    enriched = [{"name": name} for name in names]
    metadata = {
        "eventChannel": "Books__chn",
        "selectedEntity": "AccountChangeEvent",
        "enrichedFields": enriched,
    }
    return {"FullName": "Books_chn_AccountChangeEvent", "Metadata": metadata}


def test_an_enriched_member_tells_its_fields_with_every_change(org: TestOrg) -> None:
    account = org.make("Account", Name="One", AccountNumber="A1", Site="North")
    org.world.events.add_channel("Books__chn")

    joined = org.call(
        "POST", "tooling/sobjects/PlatformEventChannelMember", _enriched_member("accountnumber", "Site")
    )
    org.declare("field_hidden", times=None, entity="Account", field="Site")
    org.call("PATCH", f"sobjects/Account/{account}", {"Phone": "1"})

    assert joined.status == 201
    log = org.world.events.log_of("/data/Books__chn")
    assert log is not None
    (told,) = log.after(0, org.clock.now())
    assert told.event.payload["AccountNumber"] == "A1"
    assert "Site" not in told.event.payload


@pytest.mark.parametrize(
    ("names", "reason"), [(("Nope",), "Nope"), ((None,), "None"), (("Name",) * 11, "10")]
)
def test_fields_that_cannot_enrich_are_named(org: TestOrg, names: tuple[object, ...], reason: str) -> None:
    org.world.events.add_channel("Books__chn")

    refused = org.call("POST", "tooling/sobjects/PlatformEventChannelMember", _enriched_member(*names))

    assert refused.status == 400
    assert reason in refused.body[0]["message"]


def test_limits_show_what_is_left_and_what_a_fault_says(org: TestOrg) -> None:
    org.world.usage.spend()
    shown = org.call("GET", "limits").body
    assert shown["DailyApiRequests"] == {"Max": 100_000, "Remaining": 99_999}

    org.declare("limits", times=None, DailyApiRequests={"Max": 5, "Remaining": 0})

    assert org.call("GET", "limits").body["DailyApiRequests"] == {"Max": 5, "Remaining": 0}


@pytest.mark.parametrize(
    ("version", "status"), [("37.0", 200), ("68.0", 200), ("36.0", 410), ("99.0", 404), ("66.1", 404)]
)
def test_versions_from_37_on_are_served(org: TestOrg, version: str, status: int) -> None:
    assert org.call("GET", "", version=version).status == status


def test_the_rolling_day_forgets_old_requests(org: TestOrg) -> None:
    usage = org.world.usage
    for _ in range(3):
        usage.spend()
        org.clock.advance(12 * 3600)

    assert usage.used() == 1
