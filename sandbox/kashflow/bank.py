"""Bank accounts and their transactions (reference kashflow.md section 3.9); no reconciliation and no feeds."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from sandbox.kashflow.forms import Form, amounts, bare_days, days, flags, part, texts, wholes
from sandbox.kashflow.ledger import Ledger
from sandbox.kashflow.office import Office
from sandbox.kashflow.problems import invalid, period_locked
from sandbox.kashflow.register import Key, Register
from sandbox.kashflow.surroundings import Surroundings
from sandbox.kashflow.transactions import Transactions
from sandbox.kashflow.values import Row

_METHOD = Form(wholes("Id"))
_FORM = Form(
    texts("AccountName", "Note"),
    wholes("Code", "Period", "IconId"),
    flags(
        "IsDefaultAccount",
        "IsArchived",
        "TransactionLockEnabled",
        "ShowPaidInFirst",
        "IncludeOnDashBoard",
        "OverrideTransactionLock",
    ),
    bare_days("TransactionLockDate", "ReconcileDate"),
    days("StartingDate"),
    amounts("StartingAmount"),
    part("DefaultInvoicePaymentType", _METHOD),
    part("DefaultPurchasePaymentType", _METHOD),
)
_DETAIL_ONLY = frozenset(
    [
        "StartingDate",
        "StartingAmount",
        "ShowPaidInFirst",
        "IncludeOnDashBoard",
        "Note",
        "OverrideTransactionLock",
    ]
)
#: Bank feed fields of an account without a feed (section 2.1, "Nulls").
_NO_FEED = {
    "FeedAccountNumber": "",
    "FeedSiteName": "",
    "FeedAccountName": "",
    "FeedAccountHolder": "",
    "FeedSource": "",
    "LastTransactionImportDate": None,
    "BankFeedsAccountId": 0,
}


class BankAccounts(Ledger):
    resource = "bankaccounts"

    def __init__(self, around: Surroundings, office: Office, transactions: Transactions) -> None:
        self.transactions = transactions
        self._around = around
        self._office = office
        self.register = Register(
            "bank account", lambda row: row["Id"], around, first_id=55160, resource=self.resource
        )

    def key(self, row: Row) -> Key:
        return int(row["Id"])

    def create(self, body: Any) -> Row:
        row = self._checked(_FORM.read(body))
        row["StartingDate"] = row["StartingDate"] or self._around.today()
        return self.register.add(row | {"Code": row["Code"] or self.suggested_code()})

    def replace(self, key: Key, body: Any) -> Row:
        old = self.register.get(key)
        return self.register.put({"Id": old["Id"]} | self._checked(_FORM.read(body)))

    def delete(self, key: Key) -> None:
        row = self.register.get(key)
        if self.transactions.of_account(row["Id"]):
            raise invalid(f"Bank account {row['Id']} has transactions and cannot be deleted.")
        self.register.remove(row)

    def view(self, row: Row) -> Row:
        balance = row["StartingAmount"] + self.transactions.balance(row["Id"])
        order = [other["Id"] for other in self.register.rows()].index(row["Id"]) + 1
        empty = not self.transactions.of_account(row["Id"])
        return (
            row
            | self._methods(row)
            | _NO_FEED
            | {"BankBalance": balance, "IsBankEmpty": empty, "Order": order}
        )

    def summary(self, row: Row) -> Row:
        """The list row; its `Order` counts from 0, unlike the detail's (section 3.9)."""
        view = self.view(row)
        kept = {name: value for name, value in view.items() if name not in _DETAIL_ONLY}
        return kept | {"Order": view["Order"] - 1}

    def suggested_code(self) -> int:
        taken = {row["Code"] for row in self.register.rows()}
        return next(code for code in count(1200) if code not in taken)

    def open_account(self, account_id: int, day: date) -> Row:
        """The account a payment goes through. Raises Problem 400 when there is none or the day is locked in it."""
        row = self.register.by_id(account_id)
        if row is None:
            raise invalid(f"AccountId: there is no bank account {account_id}.")
        locked = row["TransactionLockDate"] if row["TransactionLockEnabled"] else None
        if locked is not None and not row["OverrideTransactionLock"] and day.isoformat() <= locked:
            raise period_locked(f"A transaction of {day} in bank account {account_id}")
        return row

    def transfer(self, from_id: int, to_id: int, amount: Decimal, day: date, comment: str = "") -> int:
        """Move money between two accounts; the Id of the transaction that both then show."""
        self.open_account(from_id, day)
        self.open_account(to_id, day)
        return self.transactions.add_transfer(from_id, to_id, amount, day, comment)

    def _checked(self, row: Row) -> Row:
        row["AccountName"] = row["AccountName"].strip()
        if not row["AccountName"]:
            raise invalid("AccountName: a bank account needs one.")
        for kind, field in _METHOD_FIELDS.items():
            if row[field]["Id"]:
                self._office.check_method(kind, row[field]["Id"])
        return row

    def _methods(self, row: Row) -> Row:
        return {
            field: row[field] | {"Name": self._office.methods[kind].get(row[field]["Id"], "")}
            for kind, field in _METHOD_FIELDS.items()
        }


_METHOD_FIELDS = {"invoice": "DefaultInvoicePaymentType", "purchase": "DefaultPurchasePaymentType"}
