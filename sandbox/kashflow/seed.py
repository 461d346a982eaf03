"""Plants what the account holds when the sandbox starts: the books of a small firm. The books are seed.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

from sandbox.kashflow.documents import DocumentLedger
from sandbox.kashflow.office import Office
from sandbox.kashflow.values import Row, money

if TYPE_CHECKING:
    from sandbox.kashflow.world import KashFlowWorld

_DAYS_TO_PAY = 14


@cache
def read_seed() -> Mapping[str, Any]:
    """The books as they are written down; read once, because reading YAML takes longer than planting it."""
    text = files("sandbox.kashflow").joinpath("seed.yaml").read_text(encoding="utf-8")
    books: Mapping[str, Any] = yaml.safe_load(text)
    return books


def open_office(books: Mapping[str, Any]) -> Office:
    """The account's lists and settings."""
    currencies = [
        {"Id": number, "DisplaySymbolOnRight": False}
        | row
        | {"ExchangeRate": money(str(row["ExchangeRate"]))}
        for number, row in enumerate(books["currencies"], 1)
    ]
    return Office(
        company=books["company"],
        vat_rates=[str(rate) for rate in books["vat_rates"]],
        currencies=currencies,
        countries=[{"Id": number} | row for number, row in enumerate(books["countries"], 1)],
        methods=books["payment_methods"],
    )


def plant_lists(world: KashFlowWorld, books: Mapping[str, Any]) -> None:
    """Nominals and bank accounts, without which no document can be written."""
    for nominal in books["nominals"]:
        world.nominals.create(nominal)
    usual: Row = {"StartingDate": world.around.today() - timedelta(days=365)}
    for kind in ("Invoice", "Purchase"):
        usual[f"Default{kind}PaymentType"] = {"Id": next(iter(books["payment_methods"][kind.lower()]))}
    for account in books["bank_accounts"]:
        world.bank_accounts.create(account | usual)


def plant_business(world: KashFlowWorld, books: Mapping[str, Any]) -> None:
    """Customers, suppliers, products and some months of trade before today."""
    for product in books["products"]:
        world.products.create(product)
    for customer in books["customers"]:
        world.customers.create(customer)
    for supplier in books["suppliers"]:
        world.suppliers.create(supplier)
    for invoice in books["invoices"]:
        _plant_document(world, world.invoices, {"CustomerCode": invoice["customer"]}, invoice)
    for purchase in books["purchases"]:
        _plant_document(world, world.purchases, {"SupplierCode": purchase["supplier"]}, purchase)
    _plant_the_rest(world)


def _plant_document(
    world: KashFlowWorld, ledger: DocumentLedger, contact: Row, facts: Mapping[str, Any]
) -> None:
    issued = world.around.today() - timedelta(days=facts["days_ago"])
    document = ledger.create(contact | {"IssuedDate": issued, "LineItems": facts["lines"]})
    amount = money(document["GrossAmount"] * Decimal(str(facts["paid"])))
    if amount:
        ledger.pay(
            document["Number"],
            amount,
            account_id=world.bank_accounts.register.rows()[0]["Id"],
            method=next(iter(world.office.methods[ledger.kind])),
            day=issued + timedelta(days=_DAYS_TO_PAY),
        )


def _plant_the_rest(world: KashFlowWorld) -> None:
    """A transfer, a bank charge, a quote and a project: one of each is enough."""
    today = world.around.today()
    current, reserve = (row["Id"] for row in world.bank_accounts.register.rows())
    world.bank_accounts.transfer(current, reserve, money(1000), today - timedelta(days=15), "To reserve")
    charge = {"Date": today - timedelta(days=7), "MoneyType": 2, "PaidOut": "6.50", "Comment": "Bank charges"}
    world.transactions.create(current, charge)
    line = {
        "NominalCode": 4001,
        "ProductCode": "CONS-DAY",
        "Description": "Consulting day",
        "Quantity": 3,
        "Rate": 500,
    }
    world.quotes.create(
        {"CustomerCode": "INVE01", "Category": {"Number": 1}, "LineItems": [line | {"VATLevel": 20}]}
    )
    world.projects.create({"Name": "Harbour refit", "CustomerCode": "INVE01", "Status": "Active"})
