"""Digests change when a record does, and with nothing else."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mappings.digest import kashflow_digest, kashflow_row_digest, salesforce_digest
from tests.support.mappings import packaged

DEAL: dict[str, Any] = {
    "attributes": {"type": "Opportunity", "url": "/services/data/v66.0/sobjects/Opportunity/006"},
    "Id": "006",
    "Amount": Decimal("1200.00"),
    "Account": {"attributes": {"type": "Account"}, "Name": "Larkfield"},
    "OpportunityLineItems": {"totalSize": 1, "done": True, "records": [{"Quantity": 2}]},
}
INVOICE: dict[str, Any] = {
    "Id": 1,
    "Status": "Unpaid",
    "GrossAmount": Decimal("12.0"),
    "LineItems": [{"Rate": 10}],
}


@pytest.mark.parametrize(
    "same",
    [
        {"SystemModstamp": "2026-03-10T09:30:00.000+0000", "CreatedDate": "2026-03-10T09:30:00.000+0000"},
        {"Amount": Decimal(1200)},
        {"Description": None},
        {"attributes": {"type": "Opportunity", "url": "elsewhere"}},
        {"OpportunityLineItems": {"totalSize": 1, "done": True, "records": [{"Quantity": Decimal("2.0")}]}},
    ],
)
def test_the_same_deal_told_otherwise_has_the_same_digest(same: dict[str, Any]) -> None:
    assert salesforce_digest({**DEAL, **same}) == salesforce_digest(DEAL)


@pytest.mark.parametrize(
    "changed",
    [
        {"Amount": Decimal("1200.01")},
        {"Amount": None},
        {"Amount": "1200"},
        {"Account": {"Name": "Larkfield Ltd"}},
        {"OpportunityLineItems": {"records": [{"Quantity": 3}]}},
        {"OpportunityLineItems": None},
    ],
)
def test_a_change_of_the_deal_its_account_or_its_lines_changes_the_digest(changed: dict[str, Any]) -> None:
    assert salesforce_digest({**DEAL, **changed}) != salesforce_digest(DEAL)


def test_what_our_own_write_back_writes_is_no_change() -> None:
    ours = packaged().flow("opportunity_to_invoice").written_back
    shown = {**DEAL, "KashFlow_Invoice_Number__c": "1042", "KashFlow_Gross__c": 1440}

    assert salesforce_digest(shown, ours) == salesforce_digest(DEAL, ours)
    assert salesforce_digest({**shown, "Amount": 1}, ours) != salesforce_digest(DEAL, ours)


def test_null_to_value_and_back_to_null_are_two_changes() -> None:
    empty, filled = salesforce_digest({**DEAL, "Amount": None}), salesforce_digest(DEAL)

    assert empty != filled
    assert salesforce_digest({**DEAL, "Amount": None}) == empty


def test_what_moves_by_itself_is_no_change_of_an_invoice() -> None:
    assert kashflow_digest("Invoice", {**INVOICE, "OverdueDays": 3, "EmailCount": 1}) == kashflow_digest(
        "Invoice", INVOICE
    )
    assert kashflow_digest("Invoice", {**INVOICE, "Status": "Overdue"}) != kashflow_digest("Invoice", INVOICE)


def test_what_is_volatile_of_a_customer_counts_for_an_invoice() -> None:
    paid = {"TotalPaidAmount": 12}

    assert kashflow_digest("Customer", {"Id": 1} | paid) == kashflow_digest("Customer", {"Id": 1})
    assert kashflow_digest("Invoice", INVOICE | paid) != kashflow_digest("Invoice", INVOICE)


@pytest.mark.parametrize("lines", [None, [], [{"Rate": 99}]])
def test_the_lines_of_a_list_row_say_nothing_and_those_of_a_record_do(lines: object) -> None:
    other = {**INVOICE, "LineItems": lines}

    assert kashflow_row_digest("Invoice", other) == kashflow_row_digest("Invoice", INVOICE)
    assert kashflow_digest("Invoice", other) != kashflow_digest("Invoice", INVOICE)
