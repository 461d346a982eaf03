"""Products both ways: what is edited on one side reaches the other, and what we write ourselves comes back as no news."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ledger.endings import State
from tests.support.goods import Goods, add_product, on_the_shelf, products, standard_price, standard_prices
from tests.support.pairs import answer, reviews
from tests.support.road import Road


def test_a_product_made_in_salesforce_becomes_one_product_in_kashflow_whose_id_it_shows(
    on_either_ledger: Road,
) -> None:
    road = on_either_ledger

    goods = on_the_shelf(road, Description="Two brackets", VAT_Rate__c=5)

    (product,) = products(road, Code="SHELF-W")
    assert [
        product[name] for name in ("NominalCode", "Name", "Description", "Price", "VATRate", "InUse")
    ] == [
        4000,
        "Walnut shelf",
        "Two brackets",
        Decimal(180),
        Decimal(5),
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


def test_a_price_that_is_changed_in_salesforce_reaches_kashflow_and_its_echo_ends_unchanged(
    on_the_road: Road,
) -> None:
    road = on_the_road
    goods = on_the_shelf(road)
    before = road.written()

    goods.reprice("195.50")
    road.settle_down()

    assert goods.prices == (Decimal("195.5"), Decimal("195.5"))
    assert road.written() == before + 1
    echo = road.last(goods.kashflow_id, "salesforce.product")
    assert (echo.state, echo.reason_code) == (State.UNCHANGED, "same_values")


def test_a_price_that_is_changed_in_kashflow_reaches_the_standard_price_and_no_other(
    on_the_road: Road,
) -> None:
    road = on_the_road
    goods = on_the_shelf(road)
    trade = road.create("Pricebook2", Name="Trade", IsActive=True)
    special = road.create(
        "PricebookEntry", Pricebook2Id=trade, Product2Id=goods.product2_id, UnitPrice=150, IsActive=True
    )
    road.settle_down()
    before = road.written()

    goods.edit_product(Price="172.25")
    road.settle_down()

    assert goods.prices == (Decimal("172.25"), Decimal("172.25"))
    assert road.record(special)["UnitPrice"] == 150
    assert road.written() == before + 1
    echo = road.last(goods.product2_id, "kashflow.product")
    assert (echo.state, echo.reason_code) == (State.UNCHANGED, "same_values")


def test_a_price_of_another_price_book_is_nothing_to_kashflow(on_the_road: Road) -> None:
    road = on_the_road
    goods = on_the_shelf(road)
    trade = road.create("Pricebook2", Name="Trade", IsActive=True)
    before = road.written()

    road.create(
        "PricebookEntry", Pricebook2Id=trade, Product2Id=goods.product2_id, UnitPrice=150, IsActive=True
    )
    road.settle_down()

    assert goods.product["Price"] == 180
    assert road.written() == before


def test_different_fields_that_are_edited_on_both_sides_at_once_all_arrive(on_either_ledger: Road) -> None:
    road = on_either_ledger
    goods = on_the_shelf(road, Description="Two brackets")

    goods.reprice("195.50")
    goods.edit_product2(Name="Walnut shelf, oiled")
    goods.edit_product(Description="Two brackets, four screws", VATRate=0)
    road.settle_down()

    assert goods.prices == (Decimal("195.5"), Decimal("195.5"))
    assert (goods.product["Name"], goods.product2["Name"]) == ("Walnut shelf, oiled",) * 2
    assert (goods.product["Description"], goods.product2["Description"]) == ("Two brackets, four screws",) * 2
    assert (goods.product["VATRate"], goods.product2["VAT_Rate__c"]) == (0, 0)
    assert reviews(road) == []


def test_one_field_that_is_edited_on_both_sides_at_once_is_asked_about_and_the_others_go_on(
    on_either_ledger: Road,
) -> None:
    road = on_either_ledger
    goods = on_the_shelf(road)

    goods.reprice("195.50")
    goods.edit_product(Price="172.25", Description="Oiled")
    road.settle_down()

    assert goods.prices == (Decimal("195.5"), Decimal("172.25"))
    assert goods.product2["Description"] == "Oiled"
    (question,) = reviews(road)
    assert (question.kind, question.detail["field"]) == ("conflict", "price")
    answer(road, question, "kashflow")
    road.settle_down()
    assert goods.prices == (Decimal("172.25"), Decimal("172.25"))


def test_the_golden_record_says_whose_the_price_is_and_by_which_delivery(on_the_road: Road) -> None:
    road = on_the_road
    goods = on_the_shelf(road)

    goods.edit_product(Price="172.25")
    road.settle_down()

    price, name = goods.golden.fields["price"], goods.golden.fields["name"]
    assert (price.value, price.side) == ("172.25", "kashflow")
    assert price.delivery == road.last(goods.kashflow_id, "salesforce.product").id
    assert (name.value, name.side) == ("Walnut shelf", "salesforce")


def test_a_standard_price_in_another_currency_is_not_mistaken_for_ours(on_either_ledger: Road) -> None:
    road = on_either_ledger
    road.allow_several_currencies()
    road.look()
    book = road.sandbox.salesforce.org.standard_book_id
    lamp = road.create("Product2", Name="Lamp", ProductCode="LAMP-1", IsActive=True)
    entry = {"Pricebook2Id": book, "Product2Id": lamp, "IsActive": True}
    euros = road.create("PricebookEntry", UnitPrice="44.00", CurrencyIsoCode="EUR", **entry)
    road.settle_down()
    assert [row["Price"] for row in products(road, Code="LAMP-1")] == [0]

    road.keep(lambda books: books.products.edit((4000, "LAMP-1"), Price="37.00"))
    road.settle_down()

    prices = {row["CurrencyIsoCode"]: row["UnitPrice"] for row in standard_prices(road, lamp)}
    assert prices == {"EUR": Decimal(44), "GBP": Decimal(37)}
    road.change(euros, UnitPrice="45.00")
    road.sweep()
    road.settle_down()
    assert [row["Price"] for row in products(road, Code="LAMP-1")] == [Decimal(37)]


def _stock_shown(goods: Goods) -> object:
    return goods.product2["KashFlow_Stock__c"]


def test_stock_shows_where_it_is_managed_and_kashflow_keeps_its_own_count(on_the_road: Road) -> None:
    road = on_the_road
    goods = on_the_shelf(road)
    assert _stock_shown(goods) is None

    goods.edit_product(ManageStockLevel=True, QuantityInStock=12)
    road.settle_down()
    assert _stock_shown(goods) == 12

    goods.edit_product2(KashFlow_Stock__c=500, Name="Walnut shelf, oiled")
    road.settle_down()
    assert _stock_shown(goods) == 12
    assert (goods.product["QuantityInStock"], goods.product["Name"]) == (12, "Walnut shelf, oiled")


def test_a_code_that_is_renamed_in_kashflow_is_followed(on_either_ledger: Road) -> None:
    road = on_either_ledger
    goods = on_the_shelf(road)

    goods.edit_product(Code="WSHELF", NominalCode=4001)
    road.settle_down()

    assert [goods.product2[name] for name in ("ProductCode", "KashFlow_Nominal_Code__c")] == [
        "WSHELF",
        "4001",
    ]
    assert goods.link.kashflow_key == "4001/WSHELF"
    goods.reprice("195.50")
    road.settle_down()
    assert goods.product["Price"] == Decimal("195.5")
    assert len(products(road, Name="Walnut shelf")) == 1


def test_what_we_do_not_map_stays_as_it_is_in_kashflow(on_the_road: Road) -> None:
    road = on_the_road
    goods = on_the_shelf(road)
    goods.edit_product(WholeSalePrice="90.00", StockWarningQuantity=3, AutoFillLineItem=True)
    road.settle_down()

    goods.reprice("195.50")
    road.settle_down()

    kept = [goods.product[name] for name in ("WholeSalePrice", "StockWarningQuantity", "AutoFillLineItem")]
    assert kept == [Decimal(90), 3, True]
    assert goods.product["Price"] == Decimal("195.5")


def test_a_price_of_which_no_event_tells_is_found_by_the_sweep(on_the_road: Road) -> None:
    road = on_the_road
    road.sweep()
    goods = on_the_shelf(road)
    road.sandbox.run(lambda: road.sandbox.salesforce.events.remove_member("ChangeEvents", "PricebookEntry"))

    goods.reprice("195.50")
    road.settle_down()
    assert goods.product["Price"] == 180
    road.sweep()
    road.settle_down()

    assert goods.product["Price"] == Decimal("195.5")


def test_an_organisation_without_our_fields_is_kept_in_step_all_the_same(on_the_road: Road) -> None:
    road = on_the_road
    for field in ("KashFlow_Id__c", "KashFlow_Nominal_Code__c", "KashFlow_Stock__c", "VAT_Rate__c"):
        road.fault("salesforce", "field_hidden", times=None, entity="Product2", field=field)
    goods = on_the_shelf(road)
    add_product(road, "LAMP-1", "Lamp", Price="35.00")

    goods.edit_product(Price="172.25")
    road.settle_down()

    assert goods.prices == (Decimal("172.25"), Decimal("172.25"))
    (lamp,) = road.in_salesforce("Product2", ProductCode="LAMP-1")
    assert standard_price(road, lamp["Id"])["UnitPrice"] == 35


def test_a_price_that_salesforce_has_to_round_is_not_rounded_in_kashflow(on_the_road: Road) -> None:
    road = on_the_road
    goods = on_the_shelf(road)
    before = road.written()

    goods.edit_product(Price="172.255")
    road.settle_down()

    assert goods.prices == (Decimal("172.26"), Decimal("172.255"))
    assert road.written() == before + 1
    assert goods.agreed("price") == "172.255"


@pytest.mark.parametrize("trouble", ["drop_after_commit", "drop_before_commit", "sql_timeout_after_commit"])
def test_trouble_with_a_put_leaves_both_sides_equal(on_the_road: Road, trouble: str) -> None:
    road = on_the_road
    goods = on_the_shelf(road)
    road.fault("kashflow", trouble, match={"method": "PUT"})

    goods.reprice("195.50")
    road.settle_down()

    assert goods.prices == (Decimal("195.5"), Decimal("195.5"))
    assert goods.agreed("price") == "195.5"


def test_a_product_that_is_edited_in_kashflow_between_our_look_and_our_put_loses_nothing(
    on_the_road: Road,
) -> None:
    road = on_the_road
    goods = on_the_shelf(road)
    goods.reprice("195.50")
    road.hear()
    road.work_on("kashflow.product")  # the price is passed on
    road.fault("kashflow", "sql_timeout", match={"method": "PUT"})
    road.work_on("kashflow.product")

    goods.edit_product(Description="Oiled", ManageStockLevel=True, QuantityInStock=7)
    road.settle_down()

    assert goods.prices == (Decimal("195.5"), Decimal("195.5"))
    assert (goods.product["Description"], goods.product["QuantityInStock"]) == ("Oiled", 7)
    assert (goods.product2["Description"], goods.product2["KashFlow_Stock__c"]) == ("Oiled", 7)


def test_a_price_that_is_taken_away_in_kashflow_stays_in_the_price_book(on_the_road: Road) -> None:
    road = on_the_road
    goods = on_the_shelf(road)

    goods.edit_product(Price="0", Description="On request")
    road.settle_down()

    assert road.last(goods.kashflow_id, "salesforce.product").state is not State.DEAD
    assert goods.product2["Description"] == "On request"
    assert goods.prices == (Decimal(180), Decimal(0))
    goods.reprice("200.00")
    road.settle_down()
    assert goods.prices == (Decimal(200), Decimal(200))
