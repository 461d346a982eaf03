"""What moved in the bank accounts, account by account within a window of days (reference kashflow.md section 3.9)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from connectors.kashflow.address import record_path
from connectors.kashflow.paging import pages
from connectors.kashflow.reading import Page, Row, read_row
from connectors.kashflow.resources import BankAccounts
from connectors.kashflow.wire import Wire


class BankTransactions:
    """Keyed by account and transaction: both halves of a transfer have the same `Id`.

    Every row says in `AccountId` which account was asked. Every method may raise any ConnectorError.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._accounts = BankAccounts(wire)

    def pages(self, since: date) -> Iterator[Page]:
        """All accounts' transactions from `since` on, archived accounts' too; `total` counts those shown so far."""
        before: int | None = 0
        for account in self._accounts.list(includeArchivedAccounts=True).rows:
            total: int | None = None
            for page in pages(self._wire, _path(account["Id"]), _asked(since)):
                total = page.total
                counted = None if before is None or total is None else before + total
                yield replace(page, rows=[_of(account["Id"], row) for row in page.rows], total=counted)
            before = None if before is None or total is None else before + total

    def get(self, account_id: int, transaction_id: int) -> Row:
        """One transaction, without its running balance."""
        path = record_path("bankaccounts", account_id, "transactions", transaction_id)
        return _of(account_id, read_row(self._wire.read(path), of=path))


def _path(account_id: int) -> str:
    return record_path("bankaccounts", account_id, "transactions")


def _asked(since: date) -> dict[str, str | int | bool]:
    # By date, and with room: the usual page has ten rows (section 2.3).
    return {"page": 1, "perpage": 100, "sortcolumn": 1, "order": "Asc", "startdate": since.isoformat()}


def _of(account_id: int, row: Row) -> Row:
    return {**row, "AccountId": account_id}
