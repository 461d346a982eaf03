"""Orders: draft, activated, locked."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.salesforce.errors import ApiError
from tests.support.salesforce_org import TestOrg


@pytest.fixture
def order(org: TestOrg) -> str:
    account = org.make("Account", Name="Acme")
    book = org.world.org.standard_book_id
    return org.make("Order", AccountId=account, EffectiveDate="2026-11-01", Status="Draft", Pricebook2Id=book)


def _change(org: TestOrg, record_id: str, **fields: Any) -> None:
    with org.world.store.transaction(org.world.org.sales_id) as tx:
        tx.update(record_id, fields)


def _item(org: TestOrg, order: str) -> str:
    return org.make("OrderItem", OrderId=order, PricebookEntryId=org.priced(), Quantity=3, UnitPrice="19.99")


def test_items_make_the_total_and_numbers_count_up(org: TestOrg, order: str) -> None:
    item = _item(org, order)

    assert org.row(order)["TotalAmount"] == org.row(item)["TotalPrice"] == Decimal("59.97")
    assert org.row(order)["OrderNumber"] == "00000100"
    assert org.row(order)["StatusCode"] == "Draft"


def test_an_order_is_born_as_a_draft(org: TestOrg) -> None:
    account = org.make("Account", Name="Acme")

    with pytest.raises(ApiError, match="FAILED_ACTIVATION"):
        org.make("Order", AccountId=account, EffectiveDate="2026-11-01", Status="Activated")


def test_an_empty_order_cannot_be_activated(org: TestOrg, order: str) -> None:
    with pytest.raises(ApiError, match="at least one product"):
        _change(org, order, Status="Activated")


def test_an_activated_order_is_locked_but_takes_custom_fields(org: TestOrg, order: str) -> None:
    item = _item(org, order)
    _change(org, order, Status="Activated")

    _change(org, order, KashFlow_Invoice_Number__c="1042")

    assert org.row(order)["KashFlow_Invoice_Number__c"] == "1042"
    assert org.row(order)["ActivatedDate"] is not None
    with pytest.raises(ApiError, match="FIELD_INTEGRITY_EXCEPTION"):
        _change(org, order, EffectiveDate="2026-12-01")
    with pytest.raises(ApiError, match="INSUFFICIENT_ACCESS_OR_READONLY"):
        _item(org, order)
    with (
        pytest.raises(ApiError, match="INSUFFICIENT_ACCESS_OR_READONLY"),
        org.world.store.transaction("x") as tx,
    ):
        tx.delete(item)
