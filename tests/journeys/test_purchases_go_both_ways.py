"""Purchases and their suppliers: what the bookkeeper enters shows in Salesforce, what is approved there is entered once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ledger.endings import State
from producers.salesforce_sweep import SweepRules
from tests.support.firm import Row
from tests.support.road import Road

#: No change event tells of these objects here.
OFTEN = SweepRules(swept_only=frozenset({"Purchase__c"}), swept_only_seconds=1)
BATTENS = {"Description": "Battens", "Quantity": 2, "Rate": "75.00", "VATLevel": 20, "NominalCode": 5000}
NAILS = {"Description": "Nails", "Quantity": 1, "Rate": "10.00", "VATLevel": 20, "NominalCode": 5000}


@pytest.fixture
def watched(on_the_road: Road) -> Road:
    """A road whose poll and whose sweep have looked once: what comes now is news."""
    on_the_road.look()
    on_the_road.sweep(OFTEN)
    on_the_road.rest()
    return on_the_road


def _bought(road: Road, *lines: Row, supplier: str = "TIMB01") -> Row:
    """The bookkeeper enters a purchase."""
    body = {"SupplierCode": supplier, "SupplierReference": "T-778", "LineItems": list(lines)}
    return road.keep(lambda books: books.purchases.create(body))


def _see(road: Road) -> None:
    road.look()
    road.rest()


def _approve(road: Road, supplier: str, **fields: Any) -> str:
    """Somebody enters a purchase of two lines in Salesforce, and approves it."""
    purchase = road.create(
        "Purchase__c", Name="Site fence", Supplier__c=supplier, Status__c="Draft", **fields
    )
    for name, rate in (("Posts", "40.00"), ("Wire", "12.50")):
        line = {"Quantity__c": 2, "Rate__c": rate, "VAT_Rate__c": 20, "Nominal_Code__c": "5000"}
        road.create("Purchase_Line__c", Purchase__c=purchase, Name=name, **line)
    road.change(purchase, Status__c="Approved")
    road.wait(2)
    road.sweep(OFTEN)
    return purchase


def _entered(road: Road, purchase: str) -> list[Row]:
    rows = road.sandbox.run(road.sandbox.kashflow.state)["purchases"]
    return [row for row in rows if f"SF-{purchase}" in row["SupplierReference"]]


@pytest.mark.both_ledgers
def test_a_purchase_shows_with_its_lines_and_brings_its_supplier(watched: Road) -> None:
    road = watched

    bought = _bought(road, BATTENS, NAILS)
    _see(road)

    (record,) = road.in_salesforce("Purchase__c")
    (supplier,) = road.in_salesforce("Supplier__c")
    assert (record["Name"], record["Supplier_Reference__c"]) == (str(bought["Number"]), "T-778")
    assert (record["Net__c"], record["Gross__c"]) == (Decimal("160.00"), Decimal("192.00"))
    assert (supplier["Name"], supplier["Code__c"], record["Supplier__c"]) == (
        "Timber Co",
        "TIMB01",
        supplier["Id"],
    )
    lines = road.in_salesforce("Purchase_Line__c", Purchase__c=record["Id"])
    assert [(line["KashFlow_Id__c"], line["Name"]) for line in lines] == [
        (f"{bought['Id']}-1", "Battens"),
        (f"{bought['Id']}-2", "Nails"),
    ]


def test_a_line_that_the_bookkeeper_takes_away_goes_away(watched: Road) -> None:
    road = watched
    bought = _bought(road, BATTENS, NAILS)
    _see(road)

    road.keep(lambda books: books.purchases.edit(bought["Number"], LineItems=[NAILS]))
    _see(road)

    (line,) = road.in_salesforce("Purchase_Line__c")
    assert (line["KashFlow_Id__c"], line["Name"], line["Net__c"]) == (
        f"{bought['Id']}-1",
        "Nails",
        Decimal("10.00"),
    )


@pytest.mark.both_ledgers
def test_an_approved_purchase_is_entered_once_and_gets_its_number(watched: Road) -> None:
    road = watched
    _bought(road, BATTENS)
    _see(road)
    (supplier,) = road.in_salesforce("Supplier__c", Code__c="TIMB01")

    purchase = _approve(road, supplier["Id"], Supplier_Reference__c="T-901")
    road.rest()
    _see(road)

    (entered,) = _entered(road, purchase)
    assert entered["SupplierReference"] == f"T-901 SF-{purchase}"
    assert (entered["NetAmount"], entered["GrossAmount"]) == (Decimal("105.00"), Decimal("126.00"))
    shown = road.record(purchase)
    assert (shown["Name"], shown["KashFlow_Id__c"]) == (str(entered["Number"]), str(entered["Id"]))
    assert (shown["Status__c"], shown["Supplier_Reference__c"]) == ("Unpaid", "T-901")
    assert len(road.in_salesforce("Purchase__c")) == 2
    assert len(road.in_salesforce("Purchase_Line__c", Purchase__c=purchase)) == 2


@pytest.mark.both_ledgers
def test_a_supplier_that_kashflow_lacks_is_made_first(watched: Road) -> None:
    road = watched
    supplier = road.create("Supplier__c", Name="Fence & Gate Ltd")

    purchase = _approve(road, supplier)
    road.rest()
    _see(road)

    (entered,) = _entered(road, purchase)
    assert entered["SupplierName"] == "Fence & Gate Ltd"
    assert road.record(supplier)["Code__c"] == entered["SupplierCode"]
    assert len(road.in_salesforce("Supplier__c")) == 1
    assert len(road.kashflow.suppliers.list(searchtext="Fence").rows) == 1


def test_a_supplier_of_the_same_name_is_found(watched: Road) -> None:
    road = watched
    supplier = road.create("Supplier__c", Name="timber co.")

    purchase = _approve(road, supplier)
    road.rest()

    (entered,) = _entered(road, purchase)
    assert entered["SupplierCode"] == "TIMB01"


@pytest.mark.parametrize("fault", ["drop_after_commit", "http_500_after_commit", "drop_before_commit"])
def test_a_lost_answer_enters_no_purchase_twice(watched: Road, fault: str) -> None:
    road = watched
    supplier = road.create("Supplier__c", Name="Timber Co", Code__c="TIMB01")
    road.fault("kashflow", fault, match={"method": "POST", "resource": "purchases"})

    purchase = _approve(road, supplier)
    road.rest()

    assert len(_entered(road, purchase)) == 1
    assert road.last(purchase, "kashflow.purchase").state is State.DELIVERED
