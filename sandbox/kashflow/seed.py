"""Plants what the account holds when the sandbox starts: the books of a small firm. The books are seed.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from sandbox.kashflow.books import Books
from sandbox.kashflow.documents import DocumentLedger
from sandbox.kashflow.office import Office
from sandbox.kashflow.values import Row, money

_DAYS_TO_PAY = 14


@cache
def read_seed() -> Mapping[str, Any]:
    """The firm's facts as they are written down; read once, because reading YAML takes longer than planting it."""
    text = files("sandbox.kashflow").joinpath("seed.yaml").read_text(encoding="utf-8")
    written: Mapping[str, Any] = yaml.safe_load(text)
    return written


def open_office(written: Mapping[str, Any]) -> Office:
    """The account's lists and settings."""
    currencies = [
        {"Id": number, "DisplaySymbolOnRight": False}
        | row
        | {"ExchangeRate": money(str(row["ExchangeRate"]))}
        for number, row in enumerate(written["currencies"], 1)
    ]
    return Office(
        company=written["company"],
        vat_rates=[str(rate) for rate in written["vat_rates"]],
        currencies=currencies,
        countries=[{"Id": number} | row for number, row in enumerate(written["countries"], 1)],
        methods=written["payment_methods"],
    )


def plant_lists(books: Books, written: Mapping[str, Any]) -> None:
    """Nominals and bank accounts, without which no document can be written."""
    for nominal in written["nominals"]:
        books.nominals.create(nominal)
    usual: Row = {"StartingDate": books.around.today() - timedelta(days=365)}
    for kind in ("Invoice", "Purchase"):
        usual[f"Default{kind}PaymentType"] = {"Id": next(iter(written["payment_methods"][kind.lower()]))}
    for account in written["bank_accounts"]:
        books.bank_accounts.create(account | usual)


def plant_business(books: Books, written: Mapping[str, Any]) -> None:
    """Customers, suppliers, products and some months of trade before today."""
    for product in written["products"]:
        books.products.create(product)
    for customer in written["customers"]:
        books.customers.create(customer)
    for supplier in written["suppliers"]:
        books.suppliers.create(supplier)
    for invoice in written["invoices"]:
        _plant_document(books, books.invoices, {"CustomerCode": invoice["customer"]}, invoice)
    for purchase in written["purchases"]:
        _plant_document(books, books.purchases, {"SupplierCode": purchase["supplier"]}, purchase)
    _plant_the_rest(books)


def _plant_document(books: Books, ledger: DocumentLedger, contact: Row, facts: Mapping[str, Any]) -> None:
    issued = books.around.today() - timedelta(days=facts["days_ago"])
    document = ledger.create(contact | {"IssuedDate": issued, "LineItems": facts["lines"]})
    amount = money(document["GrossAmount"] * Decimal(str(facts["paid"])))
    if amount:
        ledger.pay(
            document["Number"],
            amount,
            account_id=books.bank_accounts.register.rows()[0]["Id"],
            method=next(iter(books.office.methods[ledger.kind])),
            day=issued + timedelta(days=_DAYS_TO_PAY),
        )


def _plant_the_rest(books: Books) -> None:
    """A transfer, a bank charge, a quote and a project: one of each is enough."""
    today = books.around.today()
    current, reserve = (row["Id"] for row in books.bank_accounts.register.rows())
    books.bank_accounts.transfer(current, reserve, money(1000), today - timedelta(days=15), "To reserve")
    charge = {"Date": today - timedelta(days=7), "MoneyType": 2, "PaidOut": "6.50", "Comment": "Bank charges"}
    books.transactions.create(current, charge)
    line = {
        "NominalCode": 4001,
        "ProductCode": "CONS-DAY",
        "Description": "Consulting day",
        "Quantity": 3,
        "Rate": 500,
    }
    books.quotes.create(
        {"CustomerCode": "INVE01", "Category": {"Number": 1}, "LineItems": [line | {"VATLevel": 20}]}
    )
    books.projects.create({"Name": "Harbour refit", "CustomerCode": "INVE01", "Status": "Active"})
