"""What a change event says of a committed transaction (reference section 2)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from sandbox.salesforce.commits import Commit
from sandbox.salesforce.jsontext import json_text
from sandbox.salesforce.streaming import Limits
from sandbox.salesforce.streaming.capture import ChangeCapture
from tests.support.streaming import StreamingOrg

Payload = Mapping[str, Any]


class Captured:
    """An org whose every commit from now on is captured into `payloads`."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.org = StreamingOrg()
        self.payloads: list[Payload] = []
        self._capture = ChangeCapture(self.org, limits or Limits())
        self.org.store.on_commit(self._remember)

    def _remember(self, commit: Commit) -> None:
        self.payloads += [event.payload for event in self._capture.events(commit)]

    def headers(self) -> list[Mapping[str, Any]]:
        return [payload["ChangeEventHeader"] for payload in self.payloads]

    def last(self) -> tuple[Mapping[str, Any], dict[str, Any]]:
        """Header and fields of the newest event."""
        fields = dict(self.payloads[-1])
        return fields.pop("ChangeEventHeader"), fields


@pytest.fixture
def captured() -> Captured:
    return Captured()


def test_a_create_shows_what_is_filled_and_nests_compounds(captured: Captured) -> None:
    record_id = captured.org.create(
        "Contact",
        FirstName="Ada",
        LastName="Holt",
        MailingCity="Leeds",
        MailingStreet="2 Mill Rd",
        Email=None,
    )

    header, fields = captured.last()
    assert header["changeType"] == "CREATE"
    assert header["recordIds"] == [record_id]
    assert header["changedFields"] == []
    assert fields["Name"] == {"LastName": "Holt", "FirstName": "Ada"}
    assert fields["MailingAddress"] == {"Street": "2 Mill Rd", "City": "Leeds"}
    assert fields["CreatedDate"] == fields["LastModifiedDate"] == "2026-11-21T09:00:00.000Z"
    assert not {"Id", "IsDeleted", "SystemModstamp", "Email", "FirstName", "MailingCity"} & set(fields)


def test_the_header_says_who_when_and_in_which_transaction(captured: Captured) -> None:
    org = captured.org
    with org.store.transaction(org.org.integration_id, "com/salesforce/api/rest/66.0;client=Books") as tx:
        tx.create("Account", {"Name": "One"})
        tx.create("Product2", {"Name": "Two"})

    first, second = captured.headers()
    assert first["entityName"] == "Account"
    assert first["commitUser"] == org.org.integration_id
    assert first["changeOrigin"] == "com/salesforce/api/rest/66.0;client=Books"
    assert first["commitTimestamp"] == 1_795_251_600_000
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", first["transactionKey"])
    assert first["transactionKey"] == second["transactionKey"]
    assert (first["sequenceNumber"], second["sequenceNumber"]) == (1, 2)
    assert set(first) == {
        "entityName", "recordIds", "changeType", "changeOrigin", "transactionKey", "sequenceNumber",
        "commitTimestamp", "commitNumber", "commitUser", "changedFields",
    }  # fmt: skip


def test_a_commit_number_has_19_digits_that_a_float_would_lose(captured: Captured) -> None:
    captured.org.create("Account", Name="One")
    captured.org.create("Account", Name="Two")

    first, second = (header["commitNumber"] for header in captured.headers())
    assert len(str(first)) == 19
    assert int(float(first)) != first
    assert first < second


def test_an_update_is_a_patch_with_component_names_and_explicit_nulls(captured: Captured) -> None:
    account = captured.org.create("Account", Name="One", Phone="1", BillingStreet="Old", BillingCity="York")
    captured.org.clock.advance(60)

    captured.org.update(account, BillingStreet="New", Phone=None)

    header, fields = captured.last()
    assert header["changeType"] == "UPDATE"
    assert sorted(header["changedFields"]) == ["BillingAddress.Street", "LastModifiedDate", "Phone"]
    assert fields == {
        "BillingAddress": {"Street": "New"},
        "Phone": None,
        "LastModifiedDate": "2026-11-21T09:01:00.000Z",
    }


def test_the_modifier_is_named_when_it_is_another_user(captured: Captured) -> None:
    org = captured.org
    account = org.create("Account", Name="One")

    with org.store.transaction(org.org.integration_id) as tx:
        tx.update(account, {"Phone": "2"})

    header, fields = captured.last()
    assert fields["LastModifiedById"] == org.org.integration_id
    assert "LastModifiedById" in header["changedFields"]


def test_derived_flags_of_an_opportunity_are_not_in_its_events(captured: Captured) -> None:
    opportunity = captured.org.create(
        "Opportunity", Name="Deal", StageName="Prospecting", CloseDate="2026-12-01", Amount="1200.50"
    )
    captured.org.update(opportunity, StageName="Closed Won")

    header, fields = captured.last()
    assert fields["StageName"] == "Closed Won"
    assert "StageName" in header["changedFields"]
    assert not {"IsWon", "IsClosed", "HasOpportunityLineItem"} & set(fields)
    created = captured.payloads[0]
    assert created["CloseDate"] == "2026-12-01"
    assert json.loads(json_text(created), parse_float=Decimal)["Amount"] == Decimal("1200.5")


def test_a_delete_is_a_header_only_and_an_undelete_is_whole(captured: Captured) -> None:
    org = captured.org
    account = org.create("Account", Name="Comes and goes")
    with org.store.transaction(org.org.sales_id) as tx:
        tx.delete(account)
    deleted = captured.payloads[-1]
    with org.store.transaction(org.org.sales_id) as tx:
        tx.undelete(account)

    assert list(deleted) == ["ChangeEventHeader"]
    assert deleted["ChangeEventHeader"]["changeType"] == "DELETE"
    assert deleted["ChangeEventHeader"]["changedFields"] == []
    header, fields = captured.last()
    assert header["changeType"] == "UNDELETE"
    assert fields["Name"] == "Comes and goes"


def test_equal_changes_of_one_transaction_are_one_event_of_several_records(captured: Captured) -> None:
    org = captured.org
    first, second, third = (org.create("Account", Name=name) for name in "abc")

    with org.store.transaction(org.org.sales_id) as tx:
        tx.update(first, {"Phone": "9"})
        tx.update(second, {"Phone": "9"})
        tx.update(third, {"Phone": "8"})

    merged, alone = captured.headers()[-2:]
    assert merged["recordIds"] == [first, second]
    assert alone["recordIds"] == [third]
    assert (merged["sequenceNumber"], alone["sequenceNumber"]) == (1, 2)


def test_several_changes_of_one_record_in_a_transaction_are_one_event(captured: Captured) -> None:
    org = captured.org
    with org.store.transaction(org.org.sales_id) as tx:
        account = tx.create("Account", {"Name": "First name"})
        tx.update(account, {"Name": "Final name"})

    header, fields = captured.last()
    assert len(captured.payloads) == 1
    assert (header["changeType"], fields["Name"]) == ("CREATE", "Final name")


def test_what_came_and_went_within_a_transaction_leaves_no_event(captured: Captured) -> None:
    org = captured.org
    with org.store.transaction(org.org.sales_id) as tx:
        tx.delete(tx.create("Account", {"Name": "Ephemeral"}))

    assert captured.payloads == []


def test_merging_accounts_deletes_the_loser_and_updates_its_children(captured: Captured) -> None:
    org = captured.org
    winner, loser = org.create("Account", Name="Winner"), org.create("Account", Name="Loser")
    contact = org.create("Contact", LastName="Moves", AccountId=loser)
    with org.store.transaction(org.org.sales_id) as tx:
        tx.merge(winner, [loser], {"Phone": "5"})

    changes = {header["recordIds"][0]: header["changeType"] for header in captured.headers()[3:]}
    assert changes == {winner: "UPDATE", loser: "DELETE", contact: "UPDATE"}


def test_a_changed_long_text_comes_as_a_difference_with_the_hash_of_what_was(captured: Captured) -> None:
    before = "\n".join(f"line {number}" for number in range(200))
    account = captured.org.create("Account", Name="One", Description=before)

    captured.org.update(account, Description=before.replace("line 7\n", "line seven\n"))

    _, fields = captured.last()
    digest = hashlib.sha256(before.encode()).hexdigest()
    assert fields["Description"] == {"diff": f"--- \n+++ {digest}\n@@ -8,1 +8,1 @@\n-line 7\n+line seven"}
    assert captured.payloads[0]["Description"] == before


def test_a_field_that_security_hides_is_in_no_event(captured: Captured) -> None:
    org = captured.org
    account = org.create("Account", Name="One", Phone="secret")
    org.hidden_fields.add(("Account", "Phone"))

    org.update(account, Name="Two")
    with org.store.transaction(org.org.sales_id) as tx:
        tx.delete(account)
    with org.store.transaction(org.org.sales_id) as tx:
        tx.undelete(account)

    created, updated, _deleted, undeleted = captured.payloads
    assert created["Phone"] == "secret"
    assert set(updated) == {"ChangeEventHeader", "Name", "LastModifiedDate"}
    assert "Phone" not in undeleted


def test_beyond_the_change_limit_one_overflow_event_per_entity_takes_over() -> None:
    captured = Captured(Limits(changes_in_transaction=1))
    org = captured.org
    with org.store.transaction(org.org.sales_id) as tx:
        for name in ("kept", "over", "over too"):
            tx.create("Account", {"Name": name})
        tx.create("Contact", {"LastName": "over as well"})

    assert [(header["entityName"], header["changeType"]) for header in captured.headers()] == [
        ("Account", "CREATE"),
        ("Account", "GAP_OVERFLOW"),
        ("Contact", "GAP_OVERFLOW"),
    ]
    assert captured.headers()[1]["recordIds"] == ["000000000000000AAA"]


def test_an_event_that_would_be_too_large_becomes_a_gap_event() -> None:
    captured = Captured(Limits(event_bytes=1_000))

    account = captured.org.create("Account", Name="Large", Description="x" * 2_000)

    header, fields = captured.last()
    assert (header["changeType"], header["recordIds"], fields) == ("GAP_CREATE", [account], {})
