"""Products both ways: what is edited on one side reaches the other, and what we write ourselves comes back as no news."""

from __future__ import annotations

from decimal import Decimal

from tests.support.goods import add_product, on_the_shelf, products, standard_price
from tests.support.road import Road


def test_a_product_made_in_salesforce_becomes_one_product_in_kashflow_whose_id_it_shows(
    on_either_ledger: Road,
) -> None:
    road = on_either_ledger

    goods = on_the_shelf(road, Description="Two brackets")

    (product,) = products(road, Code="SHELF-W")
    assert [
        product[name] for name in ("NominalCode", "Name", "Description", "Price", "VATRate", "InUse")
    ] == [
        4000,
        "Walnut shelf",
        "Two brackets",
        Decimal(180),
        Decimal(20),
        True,
    ]
    assert goods.product2["KashFlow_Id__c"] == str(product["Id"])
    assert goods.product2["KashFlow_Nominal_Code__c"] == "4000"


def test_a_product_made_in_kashflow_becomes_one_product_with_its_standard_price(
    on_either_ledger: Road,
) -> None:
    road = on_either_ledger
    road.look()
    add_product(road, "LAMP-1", "Lamp", Price="35.00", VATRate=20, Description="Brass")

    road.settle_down()

    (lamp,) = road.in_salesforce("Product2", ProductCode="LAMP-1")
    assert [lamp[name] for name in ("Name", "Description", "VAT_Rate__c", "IsActive")] == [
        "Lamp",
        "Brass",
        Decimal(20),
        True,
    ]
    price = standard_price(road, lamp["Id"])
    assert (price["UnitPrice"], price["IsActive"]) == (Decimal(35), True)
    trade = road.create("Pricebook2", Name="Trade", IsActive=True)
    road.create("PricebookEntry", Pricebook2Id=trade, Product2Id=lamp["Id"], UnitPrice=30, IsActive=True)
    assert len(products(road, Code="LAMP-1")) == 1
