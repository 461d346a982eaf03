"""Spoils single records of both systems and links of the ledger in silence: no event, no date, no sign that anybody was there."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import delete

from ledger.tables import LinkRow
from sandbox.kashflow import sums
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


def copy(road: Road, record_id: str, **fields: Any) -> None:
    """A second record like this one but for `fields`, which nobody made."""

    def work() -> None:
        store = road.sandbox.salesforce.store
        entity, row = store.entity_of(record_id), store.row(record_id)
        assert entity is not None
        assert row is not None
        new = store.ids.new(store.schema.entity(entity).prefix)
        store._tables.put(entity, new, {**row, "Id": new, **fields})

    road.sandbox.run(work)


def unlink(road: Road, entity: str, kashflow_id: str) -> None:
    """A row that is missing in the ledger."""
    with road.ledger.writing() as connection:
        connection.execute(
            delete(LinkRow).where(LinkRow.entity == entity, LinkRow.kashflow_id == kashflow_id)
        )


def _possible(road: Road) -> Iterator[Corruption]:
    yield from _of_invoices(road)
    yield from _of_customers(road)
    yield from _of_purchases(road)
    yield from _of_the_bank(road)


def _of_invoices(road: Road) -> Iterator[Corruption]:
    state = road.sandbox.run(road.sandbox.kashflow.state)
    for invoice in state["invoices"]:
        if invoice["IssuedDate"] not in PERIOD:
            continue
        key, number = str(invoice["Id"]), str(invoice["Number"])

        def one(kind: str, do: Callable[[], object], number: str = number) -> Corruption:
            return Corruption(kind, "invoice", number, do)

        (mirror,) = road.in_salesforce("Invoice__c", KashFlow_Id__c=key)
        main, lines = mirror["Id"], road.in_salesforce("Invoice_Line__c", Invoice__c=mirror["Id"])
        yield one("amount of an object", lambda main=main: overwrite(road, main, Gross__c=Decimal("1.23")))
        yield one("status of an object", lambda main=main: overwrite(road, main, Status__c="Cancelled"))
        yield one("missing line", lambda line=lines[-1]["Id"]: road.hide("Invoice_Line__c", line))
        yield one(
            "amount of a line", lambda line=lines[0]["Id"]: overwrite(road, line, Net__c=Decimal("7.77"))
        )
        yield one(
            "surplus line",
            lambda line=lines[0]["Id"], key=key: copy(road, line, KashFlow_Id__c=f"{key}-99"),
        )
        yield one(
            "missing object",
            lambda main=main: remove(
                road, "Invoice__c", main, ("Invoice_Line__c", "Invoice__c"), ("Payment__c", "Invoice__c")
            ),
        )
        for payment in road.in_salesforce("Payment__c", Invoice__c=main)[:1]:
            paid = payment["Id"]
            yield one("missing payment", lambda paid=paid: road.hide("Payment__c", paid))
            yield one(
                "amount of a payment", lambda paid=paid: overwrite(road, paid, Amount__c=Decimal("3.21"))
            )
            yield one(
                "surplus payment", lambda paid=paid, key=key: copy(road, paid, KashFlow_Id__c=f"{key}-98")
            )
        for entity in ("Opportunity", "Order"):
            for deal in road.in_salesforce(entity, KashFlow_Invoice_Id__c=key):
                yield from _of_deal(road, deal, invoice, one)


def _of_deal(
    road: Road, deal: Mapping[str, Any], invoice: Mapping[str, Any], one: Callable[..., Corruption]
) -> Iterator[Corruption]:
    record, key, number = deal["Id"], str(invoice["Id"]), invoice["Number"]
    yield one("amount of a deal's field", lambda: overwrite(road, record, KashFlow_Gross__c=Decimal("1.00")))
    yield one("status of a deal", lambda: overwrite(road, record, KashFlow_Invoice_Status__c="Overdue"))
    yield one("deal without number", lambda: overwrite(road, record, KashFlow_Invoice_Number__c=None))
    yield one("deal with another's id", lambda: overwrite(road, record, KashFlow_Invoice_Id__c="810001"))
    yield one("missing link", lambda: unlink(road, "invoice", key))
    yield one(
        "nothing knows of it",
        lambda: (
            unlink(road, "invoice", key),
            overwrite(road, record, KashFlow_Invoice_Number__c=None, KashFlow_Invoice_Id__c=None),
        ),
    )
    yield one("amount in KashFlow", lambda: _reprice(road, number))
    child = {"Opportunity": ("OpportunityLineItem", "OpportunityId"), "Order": ("OrderItem", "OrderId")}
    (name, field) = child["Opportunity" if record.startswith("006") else "Order"]
    (line, *_) = road.in_salesforce(name, **{field: record})
    if name == "OpportunityLineItem":
        total = line["TotalPrice"] - 50
        yield one(
            "amount of a deal",
            lambda: overwrite(road, line["Id"], TotalPrice=total, UnitPrice=total / line["Quantity"]),
        )


def _reprice(road: Road, number: int) -> None:
    def work() -> None:
        row = road.sandbox.kashflow.invoices.register.get(number)
        (line, *others) = row["LineItems"]
        line = line | {"Rate": line["Rate"] + 10}
        line = line | {"VATAmount": sums.line_vat(line)}
        row["LineItems"] = [line, *others]
        row |= sums.totals(row["LineItems"], row["PaymentLines"])

    road.sandbox.run(work)


def _of_customers(road: Road) -> Iterator[Corruption]:
    for row in road.sandbox.run(road.sandbox.kashflow.state)["customers"]:
        link = road.ledger.links_by_kashflow_id("customer", [str(row["Id"])]).get(str(row["Id"]))
        if link is None or not row["Addresses"]:
            continue
        account, code, key = link.salesforce_id, row["Code"], str(row["Id"])

        def one(kind: str, do: Callable[[], object], code: str = code) -> Corruption:
            return Corruption(kind, "customer", code, do)

        yield one(
            "name of an account",
            lambda account=account, code=code: overwrite(road, account, Name=f"Renamed {code}"),
        )
        yield one(
            "account without code", lambda account=account: overwrite(road, account, ExternalID__c=None)
        )
        yield one("missing customer link", lambda key=key: unlink(road, "customer", key))
        yield one("address in KashFlow", lambda code=code: _move(road, code))


def _move(road: Road, code: str) -> None:
    def work() -> None:
        row = road.sandbox.kashflow.customers.register.get(code)
        row["Addresses"] = [{**row["Addresses"][0], "Line1": "99 Silent Street"}, *row["Addresses"][1:]]

    road.sandbox.run(work)


def _of_purchases(road: Road) -> Iterator[Corruption]:
    state = road.sandbox.run(road.sandbox.kashflow.state)
    for row in state["purchases"]:
        if row["IssuedDate"] not in PERIOD:
            continue
        number, key = str(row["Number"]), str(row["Id"])
        (mirror,) = road.in_salesforce("Purchase__c", KashFlow_Id__c=key)
        main, lines = mirror["Id"], road.in_salesforce("Purchase_Line__c", Purchase__c=mirror["Id"])

        def one(kind: str, do: Callable[[], object], number: str = number) -> Corruption:
            return Corruption(kind, "purchase", number, do)

        yield one("amount of a purchase", lambda main=main: overwrite(road, main, VAT__c=Decimal("0.01")))
        yield one("status of a purchase", lambda main=main: overwrite(road, main, Status__c="Draft"))
        yield one(
            "missing purchase",
            lambda main=main: remove(road, "Purchase__c", main, ("Purchase_Line__c", "Purchase__c")),
        )
        yield one("missing purchase line", lambda line=lines[0]["Id"]: road.hide("Purchase_Line__c", line))
        surplus = str(990_000 + row["Number"])
        yield Corruption(
            "surplus purchase",
            "purchase",
            surplus,
            lambda main=main, surplus=surplus: copy(road, main, KashFlow_Id__c=surplus),
        )
    for row in state["suppliers"]:
        (mirror,) = road.in_salesforce("Supplier__c", KashFlow_Id__c=str(row["Id"]))
        yield Corruption(
            "name of a supplier",
            "supplier",
            row["Code"],
            lambda main=mirror["Id"]: overwrite(road, main, Name="Somebody else"),
        )


def _of_the_bank(road: Road) -> Iterator[Corruption]:
    for row in road.in_salesforce("Bank_Account__c"):
        yield Corruption(
            "balance of a bank account",
            "bank_account",
            row["KashFlow_Id__c"],
            lambda main=row["Id"]: overwrite(road, main, Balance__c=Decimal("0.01")),
        )
    for row in road.in_salesforce("Bank_Transaction__c"):
        key, main = row["KashFlow_Id__c"], row["Id"]

        def one(kind: str, do: Callable[[], object], key: str = key) -> Corruption:
            return Corruption(kind, "bank_transaction", key, do)

        yield one("amount of a movement", lambda main=main: overwrite(road, main, Amount__c=Decimal("0.02")))
        yield one("missing movement", lambda main=main: road.hide("Bank_Transaction__c", main))
        yield one("party of a movement", lambda main=main: overwrite(road, main, Party__c="Nobody"))
