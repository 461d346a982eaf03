"""Each object of KashFlow that can be listed and then read one by one, under the name that flows use for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from connectors.kashflow.client import KashFlowClient
from connectors.kashflow.reading import Page, Row


def _id(row: Mapping[str, Any]) -> str:
    """`Id` never changes, codes and numbers may (reference kashflow.md section 0, fact 5)."""
    return str(row.get("Id") or "")


@dataclass(frozen=True)
class Records:
    """One object. Every call of `pages` and `read` may raise any ConnectorError."""

    name: str
    #: The list, page by page; the day is where a list begins that is read by window.
    pages: Callable[[KashFlowClient, date], Iterator[Page]]
    #: The address of a record, by its row; a person may change it.
    key: Callable[[Mapping[str, Any]], str]
    #: The record at an address.
    read: Callable[[KashFlowClient, str], Row]
    #: What tells a record from all others for good; blank where the row does not say.
    identity: Callable[[Mapping[str, Any]], str] = _id
    #: Replaces the record at an address as a whole, and may give it another address; None for what we never rewrite.
    replace: Callable[[KashFlowClient, str, Mapping[str, object]], Row] | None = None
    #: The list shows only what is dated within the window: what it leaves out may well be there.
    windowed: bool = False


def _product(client: KashFlowClient, key: str) -> Row:
    nominal, _, code = key.partition("/")
    return client.products.get(int(nominal), code)


def _replaced_product(client: KashFlowClient, key: str, body: Mapping[str, object]) -> Row:
    nominal, _, code = key.partition("/")
    return client.products.update(int(nominal), code, body)


def _transaction(client: KashFlowClient, key: str) -> Row:
    account, _, transaction = key.partition("-")
    return client.bank_transactions.get(int(account), int(transaction))


def _transaction_key(row: Mapping[str, Any]) -> str:
    return f"{row['AccountId']}-{row['Id']}"


RECORDS: Mapping[str, Records] = {
    one.name: one
    for one in (
        Records(
            "Invoice",
            lambda client, _: client.invoices.pages(),
            lambda row: str(row["Number"]),
            lambda client, key: client.invoices.get(int(key)),
        ),
        Records(
            "Customer",
            lambda client, _: client.customers.pages(),
            lambda row: str(row["Code"]),
            lambda client, key: client.customers.get(key),
            replace=lambda client, key, body: client.customers.update(key, body),
        ),
        Records(
            "Supplier",
            lambda client, _: client.suppliers.pages(),
            lambda row: str(row["Code"]),
            lambda client, key: client.suppliers.get(key),
        ),
        Records(
            "Product",
            lambda client, _: client.products.pages(),
            lambda row: f"{row['NominalCode']}/{row['Code']}",
            _product,
            replace=_replaced_product,
        ),
        Records(
            "Project",
            lambda client, _: client.projects.pages(),
            lambda row: str(row["Number"]),
            lambda client, key: client.projects.get(int(key)),
        ),
        Records(
            "Purchase",
            lambda client, _: client.purchases.pages(),
            lambda row: str(row["Number"]),
            lambda client, key: client.purchases.get(int(key)),
        ),
        Records(
            "BankAccount",
            # The only list that leaves out what is archived, unless it is asked for (section 3.9).
            lambda client, _: client.bank_accounts.pages(includeArchivedAccounts=True),
            _id,
            lambda client, key: client.bank_accounts.get(int(key)),
        ),
        Records(
            "BankTransaction",
            lambda client, since: client.bank_transactions.pages(since),
            _transaction_key,
            _transaction,
            identity=lambda row: _transaction_key(row) if row.get("Id") else "",
            windowed=True,
        ),
    )
}
