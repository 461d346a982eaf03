"""Product mappings: what either side says of a product, and what a PUT to KashFlow leaves as it is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from canonical.product import Product
from tests.support.mappings import CONTEXT, packaged

IN_KASHFLOW: dict[str, Any] = {
    "Id": 4400001,
    "NominalCode": 4000,
    "Code": "SHELF-W",
    "Name": "Walnut shelf",
    "Description": "",
    "Price": Decimal("180.00"),
    "WholeSalePrice": Decimal("90.00"),
    "VATRate": Decimal(20),
    "InUse": True,
    "ManageStockLevel": False,
    "QuantityInStock": 7,
}
IN_SALESFORCE: dict[str, Any] = {
    "Id": "01t000000000001AAA",
    "Name": "Walnut shelf",
    "ProductCode": "SHELF-W",
    "IsActive": True,
    "Description": None,
    "Family": "Goods",
    "PricebookEntries": [{"Id": "01u000000000001AAA", "UnitPrice": Decimal("180.0")}],
}


def _read(name: str, record: dict[str, Any]) -> Product:
    product = packaged().mapping(name).read(record, CONTEXT)
    assert isinstance(product, Product)
    return product


def test_both_sides_of_one_product_say_the_same() -> None:
    ours, theirs = _read("salesforce/product", IN_SALESFORCE), _read("kashflow/product", IN_KASHFLOW)

    assert (ours.name, ours.code, ours.price, ours.is_active) == (
        "Walnut shelf",
        "SHELF-W",
        Decimal(180),
        True,
    )
    assert (theirs.name, theirs.code, theirs.price, theirs.is_active) == (
        ours.name,
        ours.code,
        ours.price,
        True,
    )
    assert (theirs.external_ids, ours.external_ids) == (
        {"kashflow": "4400001"},
        {"salesforce": "01t000000000001AAA"},
    )


def test_a_price_of_0_is_none_and_stock_counts_only_where_it_is_managed() -> None:
    assert _read("kashflow/product", {**IN_KASHFLOW, "Price": Decimal(0)}).price is None
    assert _read("kashflow/product", IN_KASHFLOW).stock is None
    assert _read("kashflow/product", {**IN_KASHFLOW, "ManageStockLevel": True}).stock == 7
    assert (
        _read("kashflow/product", {**IN_KASHFLOW, "ManageStockLevel": True, "QuantityInStock": 0}).stock == 0
    )


@pytest.mark.parametrize("prices", [[], None])
def test_a_product2_without_a_standard_price_has_none(prices: list[Any] | None) -> None:
    assert _read("salesforce/product", {**IN_SALESFORCE, "PricebookEntries": prices}).price is None


def test_a_put_leaves_nominal_code_and_stock_as_they_are() -> None:
    mapping = packaged().mapping("kashflow/product")
    other = Product(
        name="Shelf", code="OTHER", nominal_code="4001", price=Decimal("195.50"), stock=Decimal(99)
    )

    body = mapping.overlay(mapping.write(other, CONTEXT), IN_KASHFLOW)

    assert body == {**IN_KASHFLOW, "Name": "Shelf", "Price": Decimal("195.50")}


def test_a_new_product_without_a_nominal_is_booked_to_the_usual_one() -> None:
    made = packaged().mapping("kashflow/product").write(Product(name="Shelf", code="S"), CONTEXT)

    assert (made["NominalCode"], made["Code"]) == (4000, "S")
    assert not {"Price", "VATRate", "QuantityInStock"} & made.keys()
