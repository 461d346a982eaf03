"""Bank accounts and their transactions over REST (reference kashflow.md section 3.9)."""

from __future__ import annotations

from datetime import date
from itertools import accumulate

from sandbox.kashflow.endpoint import NO_CONTENT, Call, Reply
from sandbox.kashflow.paging import Column, Listing, Paging, array_of, column, page_of
from sandbox.kashflow.query import mentions
from sandbox.kashflow.routes.table import Rest, location, record_calls
from sandbox.kashflow.values import Row

_ACCOUNTS = Paging([column(0, "AccountName"), column(1, "Code")], size=1000, most=1000)
_TRANSACTIONS = Paging(
    [
        column(1, "Date"),
        column(2, "PaidIn"),
        column(3, "PaidOut"),
        column(4, "TransactionType"),
        column(5, "Comment"),
        Column(6, "Name", lambda row: row["CustomerName"] or row["SupplierName"]),
    ],
    size=10,
    by=("sortcolumn", "sortby"),
    order=("order", "sort", "sortorder"),
)


def all_accounts(call: Call) -> Reply:
    return array_of(call, _accounts(call))


def list_accounts(call: Call) -> Reply:
    return page_of(call, _ACCOUNTS, Listing(_accounts(call), lambda row: row))


def _accounts(call: Call) -> list[Row]:
    accounts = call.world.bank_accounts
    with_archived = call.query.flag("includearchivedaccounts") or False
    rows = accounts.register.readable()
    return [accounts.summary(row) for row in rows if with_archived or not row["IsArchived"]]


def list_transactions(call: Call) -> Reply:
    """A page of what moved, each row with the balance after it, MetaData with those before and after all."""
    account = call.world.bank_accounts.register.read(call.keys["key"])
    rows = call.world.transactions.of_account(account["Id"])
    moved = (row["PaidIn"] - row["PaidOut"] for row in rows)
    balances = list(accumulate(moved, initial=account["StartingAmount"]))
    balance_after = {row["Id"]: balance for row, balance in zip(rows, balances[1:], strict=True)}
    first, last = call.query.day("startdate"), call.query.day("enddate")
    ends = {
        "OpeningBalance": balances[sum(_before(row, first) for row in rows)],
        "ClosingBalance": balances[sum(last is None or row["Date"] <= last for row in rows)],
    }
    wanted = [row for row in rows if _wanted(call, row)]
    show = call.world.transactions.listed
    return page_of(
        call, _TRANSACTIONS, Listing(wanted, lambda row: show(row, balance_after[row["Id"]]), ends)
    )


def _before(row: Row, day: date | None) -> bool:
    return day is not None and row["Date"] < day


def _wanted(call: Call, row: Row) -> bool:
    query = call.query
    reconciled = query.flag("reconciled")
    return (
        query.covers(row["Date"], "startdate", "enddate")
        and (reconciled is None or row["Reconciled"] == reconciled)
        and not (query.flag("includebulk") is False and row["EntityName"].endswith("batchpayment"))
        and mentions(query.text("searchtext"), row["Comment"], row["CustomerName"], row["SupplierName"])
    )


def create_transaction(call: Call) -> Reply:
    account_id = _account_id(call)
    row = call.world.transactions.create(account_id, call.body())
    where = location(call, f"/bankaccounts/{account_id}/transactions", row["Id"])
    return Reply(call.world.transactions.detail(row), 201, {"Location": where})


def read_transaction(call: Call) -> Reply:
    transactions = call.world.transactions
    return Reply(transactions.detail(transactions.get(_account_id(call), call.keys["transaction"])))


def replace_transaction(call: Call) -> Reply:
    """201, as documented, although nothing is created."""
    transactions = call.world.transactions
    row = transactions.replace(_account_id(call), call.keys["transaction"], call.body())
    return Reply(transactions.detail(row), 201)


def delete_transaction(call: Call) -> Reply:
    call.world.transactions.delete(_account_id(call), call.keys["transaction"])
    return NO_CONTENT


def _account_id(call: Call) -> int:
    return int(call.world.bank_accounts.register.read(call.keys["key"])["Id"])


_ALL = "/bankaccounts/{key}/transactions"
_ONE = "/bankaccounts/{key}/transactions/{transaction}"
ROUTES = [
    Rest("GET", "/bankaccounts", all_accounts),
    Rest("GET", "/bankaccounts/list", list_accounts),
    Rest("GET", "/bankaccounts/suggestedcode", lambda call: Reply(call.world.bank_accounts.suggested_code())),
    *record_calls("/bankaccounts", lambda world: world.bank_accounts),
    Rest("GET", _ALL, list_transactions),
    Rest("POST", _ALL, create_transaction),
    Rest("GET", _ONE, read_transaction),
    Rest("PUT", _ONE, replace_transaction),
    Rest("DELETE", _ONE, delete_transaction),
]
