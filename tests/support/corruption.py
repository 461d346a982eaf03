"""Spoils single records of both systems and links of the ledger in silence: no event, no date, no sign that anybody was there."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import delete

from ledger.tables import LinkRow
from sandbox.kashflow import sums
from tests.support.firm import Row
from tests.support.goods import standard_prices
from tests.support.month_end import PERIOD, MonthEnd
from tests.support.road import Road

Where = tuple[str, str]


@dataclass(frozen=True)
class Corruption:
    """One record that can be spoilt in one way."""

    kind: str
    entity: str
    record: str
    do: Callable[[], object]

    @property
    def where(self) -> Where:
        """As a tie-out names it."""
        return self.entity, self.record


def plant(month: MonthEnd, count: int, rng: random.Random) -> dict[Where, str]:
    """Spoil `count` records, each in one way, every way about as often; which ones, and how."""
    by_kind: dict[str, list[Corruption]] = {}
    for one in _possible(month.road):
        by_kind.setdefault(one.kind, []).append(one)
    for ones in by_kind.values():
        rng.shuffle(ones)
    planted: dict[Where, str] = {}
    while len(planted) < count:
        before = len(planted)
        for kind, ones in by_kind.items():
            chosen = next((one for one in ones if one.where not in planted), None)
            if chosen is not None and len(planted) < count:
                chosen.do()
                planted[chosen.where] = kind
        assert len(planted) > before, f"there are only {before} records to spoil"
    return planted


def overwrite(road: Road, record_id: str, **fields: Any) -> None:
    """Other values in a record of Salesforce, and neither an event nor a new SystemModstamp."""

    def work() -> None:
        store = road.sandbox.salesforce.store
        entity, row = store.entity_of(record_id), store.row(record_id)
        assert entity is not None
        assert row is not None
        store._tables.put(entity, record_id, {**row, **fields})

    road.sandbox.run(work)


def remove(road: Road, entity: str, record_id: str, *below: tuple[str, str]) -> None:
    """A record that is not there any more, nor what `below` names of it: an object, and its field for the record."""
    for child, field in below:
        for row in road.in_salesforce(child, **{field: record_id}):
            road.hide(child, row["Id"])
    road.hide(entity, record_id)


def copy(road: Road, entity: str, row: Row, key: str) -> None:
    """A second record like this one, under another key, which nobody made."""

    def work() -> None:
        store = road.sandbox.salesforce.store
        new = store.ids.new(store.schema.entity(entity).prefix)
        store._tables.put(entity, new, {**row, "Id": new, "KashFlow_Id__c": key})

    road.sandbox.run(work)


def unlink(road: Road, entity: str, kashflow_id: str, record_id: str = "", **fields: Any) -> None:
    """A row that is missing in the ledger, and other values in a record of Salesforce."""
    if record_id:
        overwrite(road, record_id, **fields)
    with road.ledger.writing() as connection:
        connection.execute(
            delete(LinkRow).where(LinkRow.entity == entity, LinkRow.kashflow_id == kashflow_id)
        )


def reprice(road: Road, number: int) -> None:
    """The first line of an invoice costs 10 more in KashFlow."""

    def work() -> None:
        row = road.sandbox.kashflow.invoices.register.get(number)
        first, *others = row["LineItems"]
        first = first | {"Rate": first["Rate"] + 10}
        row["LineItems"] = [first | {"VATAmount": sums.line_vat(first)}, *others]
        row |= sums.totals(row["LineItems"], row["PaymentLines"])

    road.sandbox.run(work)


def move(road: Road, code: str) -> None:
    """A customer of KashFlow lives somewhere else."""

    def work() -> None:
        row = road.sandbox.kashflow.customers.register.get(code)
        first, *others = row["Addresses"]
        row["Addresses"] = [first | {"Line1": "99 Silent Street"}, *others]

    road.sandbox.run(work)


def reprice_product(road: Road, kashflow_id: str) -> None:
    """A product costs 5 more in KashFlow."""

    def work() -> None:
        (row,) = [
            one for one in road.sandbox.kashflow.products.register.rows() if str(one["Id"]) == kashflow_id
        ]
        row["Price"] += 5

    road.sandbox.run(work)


def _possible(road: Road) -> Iterator[Corruption]:
    state = road.sandbox.run(road.sandbox.kashflow.state)
    for invoice in state["invoices"]:
        if invoice["IssuedDate"] in PERIOD:
            yield from _of_invoice(road, invoice)
            yield from _of_its_deals(road, invoice)
    for customer in state["customers"]:
        yield from _of_customer(road, customer)
    for product in state["products"]:
        yield from _of_product(road, product)
    for purchase in state["purchases"]:
        if purchase["IssuedDate"] in PERIOD:
            yield from _of_purchase(road, purchase)
    for supplier in state["suppliers"]:
        yield _of_supplier(road, supplier)
    yield from map(partial(_of_bank_account, road), road.in_salesforce("Bank_Account__c"))
    for movement in road.in_salesforce("Bank_Transaction__c"):
        yield from _of_movement(road, movement)


def _of_invoice(road: Road, invoice: Row) -> Iterator[Corruption]:
    key = str(invoice["Id"])
    one = partial(Corruption, entity="invoice", record=str(invoice["Number"]))
    (mirror,) = road.in_salesforce("Invoice__c", KashFlow_Id__c=key)
    main, last = mirror["Id"], road.in_salesforce("Invoice_Line__c", Invoice__c=mirror["Id"])[-1]
    line = last["Id"]
    yield one("amount of an object", do=partial(overwrite, road, main, Gross__c=Decimal("1.23")))
    yield one("status of an object", do=partial(overwrite, road, main, Status__c="Cancelled"))
    yield one("name of an object", do=partial(overwrite, road, main, Name="9999"))
    yield one("object without id", do=partial(overwrite, road, main, KashFlow_Id__c=None))
    yield one("missing line", do=partial(road.hide, "Invoice_Line__c", line))
    yield one("line without id", do=partial(overwrite, road, line, KashFlow_Id__c=None))
    yield one("amount of a line", do=partial(overwrite, road, line, Net__c=Decimal("7.77")))
    yield one("surplus line", do=partial(copy, road, "Invoice_Line__c", last, f"{key}-99"))
    below = (("Invoice_Line__c", "Invoice__c"), ("Payment__c", "Invoice__c"))
    yield one("missing object", do=partial(remove, road, "Invoice__c", main, *below))
    surplus = str(990_000 + invoice["Number"])
    yield Corruption("surplus object", "invoice", surplus, partial(copy, road, "Invoice__c", mirror, surplus))
    for payment in road.in_salesforce("Payment__c", Invoice__c=main)[:1]:
        paid = payment["Id"]
        yield one("missing payment", do=partial(road.hide, "Payment__c", paid))
        yield one("amount of a payment", do=partial(overwrite, road, paid, Amount__c=Decimal("3.21")))
        yield one("payment without id", do=partial(overwrite, road, paid, KashFlow_Id__c=None))
        yield one("surplus payment", do=partial(copy, road, "Payment__c", payment, f"{key}-98"))


def _of_its_deals(road: Road, invoice: Row) -> Iterator[Corruption]:
    """Of the Opportunity or the Order that shows it."""
    for entity, lines, parent in (
        ("Opportunity", "OpportunityLineItem", "OpportunityId"),
        ("Order", "OrderItem", "OrderId"),
    ):
        for deal in road.in_salesforce(entity, KashFlow_Invoice_Id__c=str(invoice["Id"])):
            yield from _of_deal(road, invoice, deal, road.in_salesforce(lines, **{parent: deal["Id"]})[0])


def _of_deal(road: Road, invoice: Row, deal: Row, line: Row) -> Iterator[Corruption]:
    record, key = deal["Id"], str(invoice["Id"])
    one = partial(Corruption, entity="invoice", record=str(invoice["Number"]))
    nowhere = {"KashFlow_Invoice_Number__c": None, "KashFlow_Invoice_Id__c": None}
    yield one(
        "amount that a deal shows", do=partial(overwrite, road, record, KashFlow_Gross__c=Decimal("1.00"))
    )
    yield one(
        "status that a deal shows", do=partial(overwrite, road, record, KashFlow_Invoice_Status__c="Overdue")
    )
    yield one("deal without number", do=partial(overwrite, road, record, KashFlow_Invoice_Number__c=None))
    yield one("deal with another's id", do=partial(overwrite, road, record, KashFlow_Invoice_Id__c="810001"))
    yield one("missing link", do=partial(unlink, road, "invoice", key))
    yield one("missing link and number", do=partial(unlink, road, "invoice", key, record, **nowhere))
    yield one("amount in KashFlow", do=partial(reprice, road, invoice["Number"]))
    if "TotalPrice" in line:
        total = line["TotalPrice"] - 50
        price = {"TotalPrice": total, "UnitPrice": total / line["Quantity"]}
        yield one("amount of a deal", do=partial(overwrite, road, line["Id"], **price))
    if "StageName" in deal:
        lost = {"StageName": "Closed Lost", "IsWon": False}
        yield one("stage of a deal", do=partial(overwrite, road, record, **lost))


def _of_customer(road: Road, customer: Row) -> Iterator[Corruption]:
    code, key = customer["Code"], str(customer["Id"])
    link = road.ledger.links_by_kashflow_id("customer", [key]).get(key)
    if link is None or not customer["Addresses"]:
        return
    account = link.salesforce_id
    one = partial(Corruption, entity="customer", record=code)
    yield one("name of an account", do=partial(overwrite, road, account, Name=f"Renamed {code}"))
    yield one("account without code", do=partial(overwrite, road, account, ExternalID__c=None))
    yield one("missing customer link", do=partial(unlink, road, "customer", key))
    yield one("address in KashFlow", do=partial(move, road, code))


def _of_product(road: Road, product: Row) -> Iterator[Corruption]:
    key = str(product["Id"])
    link = road.ledger.links_by_kashflow_id("product", [key]).get(key)
    if link is None:
        return
    product2 = link.salesforce_id
    one = partial(Corruption, entity="product", record=f"{product['NominalCode']}/{product['Code']}")
    for price in standard_prices(road, product2):
        spoilt = price["UnitPrice"] + 10
        yield one("price of a product", do=partial(overwrite, road, price["Id"], UnitPrice=spoilt))
    yield one("name of a product", do=partial(overwrite, road, product2, Name=f"Renamed {key}"))
    yield one("product without id", do=partial(overwrite, road, product2, KashFlow_Id__c=None))
    yield one("missing product link", do=partial(unlink, road, "product", key))
    yield one("price in KashFlow", do=partial(reprice_product, road, key))


def _of_purchase(road: Road, purchase: Row) -> Iterator[Corruption]:
    (mirror,) = road.in_salesforce("Purchase__c", KashFlow_Id__c=str(purchase["Id"]))
    main, line = mirror["Id"], road.in_salesforce("Purchase_Line__c", Purchase__c=mirror["Id"])[0]["Id"]
    one = partial(Corruption, entity="purchase", record=str(purchase["Number"]))
    yield one("amount of a purchase", do=partial(overwrite, road, main, VAT__c=Decimal("0.01")))
    yield one("status of a purchase", do=partial(overwrite, road, main, Status__c="Draft"))
    yield one("purchase without id", do=partial(overwrite, road, main, KashFlow_Id__c=None))
    yield one(
        "missing purchase", do=partial(remove, road, "Purchase__c", main, ("Purchase_Line__c", "Purchase__c"))
    )
    yield one("missing purchase line", do=partial(road.hide, "Purchase_Line__c", line))
    surplus = str(990_000 + purchase["Number"])
    yield Corruption(
        "surplus purchase", "purchase", surplus, partial(copy, road, "Purchase__c", mirror, surplus)
    )


def _of_supplier(road: Road, supplier: Row) -> Corruption:
    (mirror,) = road.in_salesforce("Supplier__c", KashFlow_Id__c=str(supplier["Id"]))
    do = partial(overwrite, road, mirror["Id"], Name="Somebody else")
    return Corruption("name of a supplier", "supplier", supplier["Code"], do)


def _of_bank_account(road: Road, account: Row) -> Corruption:
    do = partial(overwrite, road, account["Id"], Balance__c=Decimal("0.01"))
    return Corruption("balance of a bank account", "bank_account", account["KashFlow_Id__c"], do)


def _of_movement(road: Road, movement: Row) -> Iterator[Corruption]:
    key, main = movement["KashFlow_Id__c"], movement["Id"]
    one = partial(Corruption, entity="bank_transaction", record=key)
    yield one("amount of a movement", do=partial(overwrite, road, main, Amount__c=Decimal("0.02")))
    yield one("missing movement", do=partial(road.hide, "Bank_Transaction__c", main))
    yield one("party of a movement", do=partial(overwrite, road, main, Party__c="Nobody"))
    surplus = f"{key.partition('-')[0]}-99{key[-4:]}"
    yield Corruption(
        "surplus movement",
        "bank_transaction",
        surplus,
        partial(copy, road, "Bank_Transaction__c", movement, surplus),
    )
