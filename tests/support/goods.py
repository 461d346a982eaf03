"""A product that both systems have had for a while, and what each of them and the golden record say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ledger.links import Link
from mappings.golden.record import Golden, Value
from sandbox.kashflow.register import Key
from tests.support.road import Road


@dataclass
class Goods:
    """One product, as its Product2 and as its product in KashFlow."""

    road: Road
    product2_id: str
    kashflow_id: str

    @property
    def product2(self) -> Mapping[str, Any]:
        return self.road.record(self.product2_id)

    @property
    def product(self) -> Mapping[str, Any]:
        (row,) = [row for row in products(self.road) if str(row["Id"]) == self.kashflow_id]
        return row

    @property
    def prices(self) -> tuple[Decimal, Decimal]:
        """The standard price in Salesforce, and the price in KashFlow."""
        return standard_price(self.road, self.product2_id)["UnitPrice"], self.product["Price"]

    @property
    def link(self) -> Link:
        return self.road.ledger.links_by_kashflow_id("product", [self.kashflow_id])[self.kashflow_id]

    @property
    def golden(self) -> Golden:
        return Golden.from_plain(self.link.golden)

    def agreed(self, field: str) -> Value:
        """What the golden record says."""
        return self.golden.fields[field].value

    def edit_product2(self, **fields: Any) -> None:
        """A sales person edits the Product2."""
        self.road.change(self.product2_id, **fields)

    def reprice(self, price: str) -> None:
        """A sales person changes the standard price."""
        self.road.change(str(standard_price(self.road, self.product2_id)["Id"]), UnitPrice=price)

    def edit_product(self, **fields: Any) -> None:
        """A bookkeeper edits the product."""
        row = self.product
        key: Key = (int(row["NominalCode"]), str(row["Code"]))
        self.road.keep(lambda books: books.products.edit(key, **fields))


def products(road: Road, **wanted: Any) -> list[Mapping[str, Any]]:
    """KashFlow's products that have these values."""
    rows = road.sandbox.run(road.sandbox.kashflow.state)["products"]
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def add_product(road: Road, code: str, name: str, **fields: Any) -> Mapping[str, Any]:
    """A bookkeeper makes a product by hand."""
    body = {"NominalCode": 4000, "Code": code, "Name": name, **fields}
    return road.keep(lambda books: books.products.create(body))


def standard_price(road: Road, product2_id: str) -> Mapping[str, Any]:
    """The only standard price of this Product2."""
    (entry,) = standard_prices(road, product2_id)
    return entry


def standard_prices(road: Road, product2_id: str) -> list[Mapping[str, Any]]:
    book = road.sandbox.salesforce.org.standard_book_id
    return road.in_salesforce("PricebookEntry", Product2Id=product2_id, Pricebook2Id=book)


def on_the_shelf(road: Road, name: str = "Walnut shelf", price: str = "180.00", **fields: Any) -> Goods:
    """A product made in Salesforce and brought to KashFlow."""
    # The first look tells what was there before.
    road.look()
    entry = road.product(name, price, **{"ProductCode": "SHELF-W", **fields})
    product2_id = str(road.record(entry)["Product2Id"])
    road.settle_down()
    link = road.ledger.links_by_salesforce_id("product", "Product2", [product2_id])[product2_id]
    road.wait(24 * 3600)
    return Goods(road, product2_id, link.kashflow_id)
