"""A change event is read whole or refused with its reason."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.salesforce.streaming.change_event import ChangeType, MalformedChange, flat_name, read_change

HEADER: dict[str, Any] = {
    "entityName": "Account",
    "recordIds": ["001T1000001nI4jIAE"],
    "changeType": "UPDATE",
    "changeOrigin": "com/salesforce/api/rest/66.0;client=AcmeBooks",
    "transactionKey": "000001d3-3d55-688b-98ea-39d0a21240f4",
    "sequenceNumber": 1,
    "commitTimestamp": 1654900954123,
    "commitNumber": 7222782894212345678,
    "commitUser": "005T1000000HjlbIAC",
    "changedFields": ["BillingAddress.Street", "LastModifiedDate"],
}


def payload(body: dict[str, Any] | None = None, **header: Any) -> dict[str, Any]:
    return {"ChangeEventHeader": HEADER | header, **(body or {})}


def test_a_change_is_read_with_its_times_numbers_and_origin() -> None:
    change = read_change(payload({"Name": "Acme"}))

    assert change.entity == "Account"
    assert change.record_ids == ("001T1000001nI4jIAE",)
    assert change.change_type is ChangeType.UPDATE
    assert change.commit_timestamp == datetime(2022, 6, 10, 22, 42, 34, 123000, tzinfo=UTC)
    assert change.commit_number == 7222782894212345678
    assert change.transaction_key == "000001d3-3d55-688b-98ea-39d0a21240f4"
    assert change.sequence_number == 1
    assert change.commit_user == "005T1000000HjlbIAC"
    assert change.change_origin == "com/salesforce/api/rest/66.0;client=AcmeBooks"
    assert change.fields == {"Name": "Acme"}


def test_compound_fields_become_the_fields_of_the_rest_api() -> None:
    change = read_change(
        payload(
            {
                "BillingAddress": {"Street": "1 New St", "PostalCode": None},
                "Name": {"FirstName": "Ada", "LastName": "Byron"},
                "Site__c": {"Latitude": 1, "Longitude": 2},
                "Phone": None,
            }
        )
    )

    assert change.fields == {
        "BillingStreet": "1 New St",
        "BillingPostalCode": None,
        "FirstName": "Ada",
        "LastName": "Byron",
        "Site__Latitude__s": 1,
        "Site__Longitude__s": 2,
        "Phone": None,
    }
    assert change.changed_fields == ("BillingStreet", "LastModifiedDate")


@pytest.mark.parametrize(
    ("path", "flat"),
    [
        ("Amount", "Amount"),
        ("BillingAddress.Street", "BillingStreet"),
        ("ShippingAddress.CountryCode", "ShippingCountryCode"),
        ("MailingAddress.City", "MailingCity"),
        ("Address.City", "City"),
        ("Name.LastName", "LastName"),
        ("Depot__c.Street", "Depot__Street__s"),
    ],
)
def test_a_path_is_the_name_of_one_field(path: str, flat: str) -> None:
    assert flat_name(path) == flat


def test_a_difference_to_an_old_text_is_no_value() -> None:
    change = read_change(
        payload({"Description": {"diff": "--- \n+++ abc\n@@ -1,1 +1,1 @@\n-a\n+b"}, "Fax": "1"})
    )

    assert change.fields == {"Fax": "1"}
    assert change.diffed_fields == ("Description",)


@pytest.mark.parametrize("kind", ["GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE"])
def test_a_gap_names_records_to_read_again(kind: str) -> None:
    change = read_change(payload(changeType=kind, recordIds=["001A", "001B"], changedFields=[]))

    assert change.is_gap
    assert not change.is_overflow
    assert change.record_ids == ("001A", "001B")


def test_an_overflow_means_the_whole_entity() -> None:
    change = read_change(payload(changeType="GAP_OVERFLOW", recordIds=["000000000000000AAA"]))

    assert change.is_overflow
    assert not change.is_gap


@pytest.mark.parametrize("kind", ["CREATE", "UPDATE", "DELETE", "UNDELETE", "SNAPSHOT"])
def test_an_ordinary_change_is_neither(kind: str) -> None:
    change = read_change(payload(changeType=kind))

    assert not change.is_gap
    assert not change.is_overflow


def test_a_wildcard_stands_for_all_records() -> None:
    assert read_change(payload(recordIds=["001*"])).has_wildcard
    assert not read_change(payload()).has_wildcard


def test_what_only_helps_people_may_be_missing() -> None:
    header = {
        name: value
        for name, value in HEADER.items()
        if name not in ("changeOrigin", "commitNumber", "changedFields")
    }

    change = read_change({"ChangeEventHeader": header})

    assert (change.change_origin, change.commit_number, change.changed_fields) == ("", None, ())


WRONG: dict[str, list[Any]] = {
    "entityName": [None, "", 5, ["Account"]],
    "recordIds": [None, [], "001", [5], [""], {}],
    "changeType": [None, "", "EXPLODE", 1],
    "transactionKey": [None, "", 7],
    "commitUser": [None, 7],
    "commitTimestamp": [None, "1654900954000", 10**30, True, {}],
    "sequenceNumber": [None, "1", False],
    "commitNumber": ["x", []],
    "changedFields": ["Name", [None]],
    "changeOrigin": [5],
}


@pytest.mark.parametrize(
    ("field", "wrong"), [(field, wrong) for field, values in WRONG.items() for wrong in values]
)
def test_a_malformed_header_is_refused_by_the_name_of_the_field(field: str, wrong: Any) -> None:
    with pytest.raises(MalformedChange, match=field) as caught:
        read_change({"ChangeEventHeader": HEADER | {field: wrong}})

    assert caught.value.field == field


@pytest.mark.parametrize("header", [None, "text", [], 5])
def test_a_payload_without_a_header_is_no_change(header: object) -> None:
    with pytest.raises(MalformedChange, match="ChangeEventHeader must be an object"):
        read_change({"ChangeEventHeader": header, "Name": "Acme"})


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@given(
    header=st.dictionaries(st.sampled_from(sorted(HEADER)), anything),
    body=st.dictionaries(st.text(max_size=8), anything),
)
def test_nothing_worse_than_a_malformed_change_comes_of_any_payload(
    header: dict[str, Any], body: dict[str, Any]
) -> None:
    with suppress(MalformedChange):
        read_change({**body, "ChangeEventHeader": HEADER | header})
