"""Opportunities: stage, lines, amount, primary contact."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.salesforce.errors import ApiError
from tests.support.salesforce_org import TestOrg


def _change(org: TestOrg, record_id: str, **fields: Any) -> None:
    with org.world.store.transaction(org.world.org.sales_id) as tx:
        tx.update(record_id, fields)


def _line(org: TestOrg, deal: str, entry: str, **fields: Any) -> str:
    return org.make("OpportunityLineItem", OpportunityId=deal, PricebookEntryId=entry, **fields)


def test_won_and_closed_follow_the_stage(org: TestOrg) -> None:
    deal = org.deal(Amount="200")
    assert (org.row(deal)["IsWon"], org.row(deal)["Probability"]) == (False, Decimal(10))

    _change(org, deal, StageName="Closed Won")

    row = org.row(deal)
    assert (row["IsWon"], row["IsClosed"], row["Probability"], row["ExpectedRevenue"]) == (
        True,
        True,
        100,
        200,
    )


def test_a_stated_probability_outlives_the_stage(org: TestOrg) -> None:
    deal = org.deal()

    _change(org, deal, StageName="Qualification", Probability=33)

    assert org.row(deal)["Probability"] == 33


def test_nobody_writes_won_directly(org: TestOrg) -> None:
    with pytest.raises(ApiError, match="INVALID_FIELD_FOR_INSERT_UPDATE"):
        org.deal(IsWon=True)


def test_lines_make_the_amount_and_writing_it_changes_nothing(org: TestOrg) -> None:
    deal, entry = org.deal(Amount="5"), org.priced()
    _line(org, deal, entry, Quantity=3, UnitPrice="9.99")
    _line(org, deal, entry, Quantity=2, TotalPrice="15.00", Discount=0)

    _change(org, deal, Amount="1000000", NextStep="Call")

    row = org.row(deal)
    assert (row["Amount"], row["HasOpportunityLineItem"], row["NextStep"]) == (Decimal("44.97"), True, "Call")


def test_deleting_the_last_line_keeps_the_amount(org: TestOrg) -> None:
    deal = org.deal()
    line = _line(org, deal, org.priced(), Quantity=2, UnitPrice="10")

    with org.world.store.transaction("x") as tx:
        tx.delete(line)

    assert (org.row(deal)["Amount"], org.row(deal)["HasOpportunityLineItem"]) == (Decimal("20.00"), False)


def test_a_line_knows_its_product_and_its_prices(org: TestOrg) -> None:
    deal, entry = org.deal("Refit"), org.priced("Desk", "100")

    row = org.row(_line(org, deal, entry, Quantity=4, TotalPrice="360", Discount=10))

    assert (row["UnitPrice"], row["TotalPrice"], row["ListPrice"]) == (
        Decimal(100),
        Decimal(360),
        Decimal(100),
    )
    assert (row["ProductCode"], row["Name"]) == ("DESK", "Refit Desk")
    assert org.row(deal)["Pricebook2Id"] == org.world.org.standard_book_id


def test_a_line_finds_its_price_by_product(org: TestOrg) -> None:
    deal, entry = org.deal(), org.priced()
    product = org.row(entry)["Product2Id"]

    line = org.make("OpportunityLineItem", OpportunityId=deal, Product2Id=product, Quantity=1, UnitPrice=1)

    assert org.row(line)["PricebookEntryId"] == entry


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Quantity": 1}, "REQUIRED_FIELD_MISSING"),
        ({"UnitPrice": 1}, "REQUIRED_FIELD_MISSING"),
        ({"Quantity": 1, "UnitPrice": 1, "TotalPrice": 1}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"Quantity": 1, "UnitPrice": 1, "ListPrice": 1}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
    ],
)
def test_a_line_needs_a_quantity_and_exactly_one_price(
    org: TestOrg, fields: dict[str, Any], code: str
) -> None:
    deal, entry = org.deal(), org.priced()

    with pytest.raises(ApiError) as refused:
        _line(org, deal, entry, **fields)

    assert refused.value.code == code


def test_lines_of_another_price_book_are_refused(org: TestOrg) -> None:
    book = org.make("Pricebook2", Name="Trade", IsActive=True)
    deal, entry = org.deal(Pricebook2Id=book), org.priced()

    with pytest.raises(ApiError, match="FIELD_INTEGRITY_EXCEPTION"):
        _line(org, deal, entry, Quantity=1, UnitPrice=1)


def test_there_is_one_primary_contact_and_the_last_one_said_wins(org: TestOrg) -> None:
    first, second = org.make("Contact", LastName="One"), org.make("Contact", LastName="Two")
    deal = org.deal(ContactId=first)

    org.make("OpportunityContactRole", OpportunityId=deal, ContactId=second, IsPrimary=True)

    roles = org.records("SELECT ContactId, IsPrimary FROM OpportunityContactRole")
    assert [(role["ContactId"], role["IsPrimary"]) for role in roles] == [(first, False), (second, True)]
    assert org.row(deal)["ContactId"] == second


def test_a_custom_price_needs_a_standard_price_first(org: TestOrg) -> None:
    book = org.make("Pricebook2", Name="Trade", IsActive=True)
    product = org.make("Product2", Name="Desk")

    with pytest.raises(ApiError, match="STANDARD_PRICE_NOT_DEFINED"):
        org.make("PricebookEntry", Product2Id=product, Pricebook2Id=book, UnitPrice=1)


def test_a_product_has_one_price_in_a_book(org: TestOrg) -> None:
    entry = org.row(org.priced())

    with pytest.raises(ApiError, match="DUPLICATE_VALUE"):
        org.make(
            "PricebookEntry", Product2Id=entry["Product2Id"], Pricebook2Id=entry["Pricebook2Id"], UnitPrice=2
        )
