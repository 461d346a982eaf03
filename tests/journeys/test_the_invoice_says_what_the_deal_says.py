"""What stands on the invoice: lines, prices to the penny, VAT by country and product, dates and address."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from ledger.endings import State
from tests.support.road import Road


def _money(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


def _pence(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_discounts_and_thirds_of_pennies_still_add_up_to_the_amount_of_the_deal(on_the_road: Road) -> None:
    road = on_the_road
    deal = road.deal(road.account("Larkfield Ceramics Ltd"), None)
    bracket = road.product("Steel bracket", "4.50", ProductCode="BRKT-S")
    day = road.product("Consulting day", "500.00", ProductCode="CONS-DAY")
    road.line(deal, bracket, 3, "3.33", Discount="10")
    road.line(deal, day, "0.33", "499.99")
    road.line(deal, bracket, 7, "0.01", Discount="33.33")

    road.win(deal)
    road.catch_up()

    (invoice,) = road.invoices(deal)
    assert invoice["NetAmount"] == road.record(deal)["Amount"] == Decimal("174.04")
    assert invoice["GrossAmount"] == invoice["NetAmount"] + invoice["VATAmount"]
    assert [_pence(line["Quantity"] * line["Rate"]) for line in invoice["LineItems"]] == _money(
        "8.99", "165.00", "0.05"
    )
    assert "3 × 3.33 less discount" in invoice["LineItems"][0]["Description"]  # noqa: RUF001 - a sign of the invoice
    assert "KashFlow's gross" not in road.story(deal)[-1][1]


def test_a_deal_without_products_is_one_line_with_its_name(on_the_road: Road) -> None:
    road = on_the_road
    deal = road.deal(road.account("Larkfield Ceramics Ltd"), "1200.00", Name="Office refit")

    road.win(deal)
    road.catch_up()

    (line,) = road.invoices(deal)[0]["LineItems"]
    assert (line["Description"], line["Quantity"], line["Rate"], line["NominalCode"]) == (
        "Office refit",
        Decimal(1),
        Decimal("1200.00"),
        4000,
    )


@pytest.mark.parametrize(
    ("country", "vat"),
    [
        ("United Kingdom", "240.00"),
        ("Scotland", "240.00"),
        ("Isle of Man", "240.00"),
        ("Germany", "0.00"),
        ("Greece", "0.00"),
        ("United States", "0.00"),
        (None, "240.00"),
    ],
)
def test_the_customers_country_decides_about_vat(on_the_road: Road, country: Any, vat: str) -> None:
    road = on_the_road
    deal = road.deal(road.account("Larkfield Ceramics Ltd", country), "1200.00")

    road.win(deal)
    road.catch_up()

    (invoice,) = road.invoices(deal)
    assert invoice["VATAmount"] == Decimal(vat)


def test_a_product_has_its_own_rate_of_vat(on_the_road: Road) -> None:
    road = on_the_road
    deal = road.deal(road.account("Larkfield Ceramics Ltd"), None)
    road.line(deal, road.product("Wood pellet heater", "640.00", VAT_Rate__c=5), 1, "640.00")
    road.line(deal, road.product("Fitter's handbook", "18.00", VAT_Rate__c=0), 2, "18.00")
    road.line(deal, road.product("Steel bracket", "4.50"), 10, "4.50")

    road.win(deal)
    road.catch_up()

    (invoice,) = road.invoices(deal)
    assert [line["VATAmount"] for line in invoice["LineItems"]] == _money("32.00", "0.00", "9.00")
    assert invoice["VATAmount"] == Decimal("41.00")


def test_a_rate_that_kashflow_does_not_know_ends_dead_in_plain_words_and_harms_nobody(
    on_the_road: Road,
) -> None:
    road = on_the_road
    bad = road.deal(road.account("Odd Rates Ltd"), None)
    road.line(bad, road.product("Odd thing", "100.00", ProductCode="ODD", VAT_Rate__c="12.5"), 1, "100.00")
    good = [road.deal(road.account(f"Firm number {number}")) for number in range(3)]

    road.win(bad, *good)
    road.catch_up()

    dead = road.last(bad)
    assert (dead.state, dead.reason_stage, dead.reason_code) == (State.DEAD, "understand", "mapping")
    assert "VAT rate 12.5 % of product ODD is not set up in KashFlow; it has 0, 5, 20" in str(
        dead.reason_text
    )
    assert road.customers("Odd Rates Ltd") == [], "no customer is left behind"
    assert [len(road.invoices(deal)) for deal in good] == [1, 1, 1]


def test_the_dead_letter_of_a_rate_ends_when_the_rate_was_mended(on_the_road: Road) -> None:
    road = on_the_road
    deal = road.deal(road.account("Odd Rates Ltd"), None)
    entry = road.product("Odd thing", "100.00", VAT_Rate__c="12.5")
    road.line(deal, entry, 1, "100.00")
    road.win(deal)
    road.catch_up()
    dead = road.last(deal)

    road.change(road.record(entry)["Product2Id"], VAT_Rate__c=20)
    road.change(deal, Name="Odd things, cleared")
    road.catch_up()

    assert len(road.invoices(deal)) == 1
    states = {one.id: (one.state, one.reason_text) for one in road.deliveries(deal)}
    assert states[dead.id] == (State.SUPERSEDED, "a later delivery of the same record succeeded")


def test_dates_and_address_come_from_the_deal_and_its_account_and_terms_from_the_mapping(
    on_the_road: Road,
) -> None:
    road = on_the_road
    account = road.account(
        "Larkfield Ceramics Ltd",
        BillingStreet="4 Kiln Lane\nHanley",
        BillingCity="Stoke",
        BillingPostalCode="ST1 5PJ",
    )
    deal = road.deal(account, CloseDate="2026-03-31")

    road.win(deal)
    road.catch_up()

    (invoice,) = road.invoices(deal)
    assert (invoice["IssuedDate"], invoice["DueDate"]) == (date(2026, 3, 31), date(2026, 4, 30))
    assert [invoice["Address"][part] for part in ("Line1", "Line2", "Line3", "PostCode")] == [
        "4 Kiln Lane",
        "Hanley",
        "Stoke",
        "ST1 5PJ",
    ]
    assert invoice["CustomerReference"] == f"SF-{deal}"
