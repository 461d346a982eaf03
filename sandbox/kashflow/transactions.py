"""What moved in the bank accounts: entered by hand, transferred, or the money side of payments (reference section 3.9)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from sandbox.kashflow.audit import AuditTrail, audit_row
from sandbox.kashflow.forms import Form, amounts, days, flags, texts, wholes
from sandbox.kashflow.problems import invalid, not_found
from sandbox.kashflow.surroundings import Surroundings
from sandbox.kashflow.values import ZERO, Row, whole_number

_FORM = Form(
    days("Date"),
    wholes("MoneyType", "ProjectNumber", "TransactionType", "ReconciledId", "BFSTransactionId"),
    texts("Comment", "CustomerCode", "SupplierCode"),
    flags("VATAble", "Reconciled", "Disallowed"),
    amounts("VATAmount", "VATRate", "PaidIn", "PaidOut"),
)
#: `MoneyType` of what the sandbox books itself; the values are not published.
MONEY_IN, MONEY_OUT = 1, 2
#: `TransactionType` as far as it is known: section 3.9, quirks.
ORDINARY, DOCUMENT_PAYMENT, OTHER_HALF_OF_TRANSFER = 0, 1, 6

#: `EntityName` of what is not the payment of a document; the audit report shows the others with their document.
BY_HAND = "banktransaction"

_LABELS = {ORDINARY: "Transaction", DOCUMENT_PAYMENT: "Payment", OTHER_HALF_OF_TRANSFER: "Transfer"}
_LIST_ONLY = frozenset(
    [
        "VATPaid",
        "EditLink",
        "LineProjectsCount",
        "ProjectUrl",
        "Balance",
        "EntityName",
        "CustomerSupplierName",
    ]
)


class Transactions:
    """Transactions by account and Id, since both halves of a transfer have the same Id."""

    def __init__(self, around: Surroundings, audit: AuditTrail) -> None:
        self._around = around
        self._audit = audit
        self._ids = count(7_100_001)
        self._rows: dict[tuple[int, int], Row] = {}

    def of_account(self, account_id: int) -> list[Row]:
        """The account's transactions by date, then Id."""
        rows = [row for row in self._rows.values() if row["AccountId"] == account_id]
        return sorted(rows, key=lambda row: (row["Date"], row["Id"]))

    def all(self) -> list[Row]:
        return list(self._rows.values())

    def balance(self, account_id: int) -> Decimal:
        return sum((row["PaidIn"] - row["PaidOut"] for row in self.of_account(account_id)), ZERO)

    def get(self, account_id: int, transaction_id: str | int) -> Row:
        """Raises Problem 404."""
        number = whole_number(str(transaction_id)) or 0
        if (account_id, number) not in self._rows:
            raise not_found("bank transaction", transaction_id)
        return self._rows[account_id, number]

    def create(self, account_id: int, body: Any) -> Row:
        """What a client entered. Raises Problem 400 when Date or MoneyType is missing."""
        given = _FORM.read(body)
        if given["Date"] is None or not given["MoneyType"]:
            raise invalid("Date, MoneyType: a bank transaction needs both.")
        return self._put(next(self._ids), account_id, given)

    def replace(self, account_id: int, transaction_id: str | int, body: Any) -> Row:
        old = self._by_hand(account_id, transaction_id)
        given = _FORM.read(body)
        return self._put(old["Id"], account_id, given | {"Date": given["Date"] or old["Date"]})

    def delete(self, account_id: int, transaction_id: str | int) -> None:
        """Remove it; of a transfer both halves go."""
        self.withdraw(self._by_hand(account_id, transaction_id)["Id"])

    def add_transfer(self, from_id: int, to_id: int, amount: Decimal, day: date, comment: str) -> int:
        transaction_id = next(self._ids)
        out = {"Date": day, "MoneyType": MONEY_OUT, "Comment": comment, "PaidOut": amount}
        back = {"Date": day, "MoneyType": MONEY_IN, "Comment": comment, "PaidIn": amount}
        self._put(transaction_id, from_id, _FORM.read({}) | out)
        self._put(transaction_id, to_id, _FORM.read({}) | back | {"TransactionType": OTHER_HALF_OF_TRANSFER})
        return transaction_id

    def book(
        self, account_id: int, day: date, amount: Decimal, facts: Mapping[str, Any], kept_id: int = 0
    ) -> int:
        """Book the money of a payment, in when the amount is positive; its Id, which is `kept_id` if that is given.

        `facts` tell what it belongs to: EntityName, ResourceNumber, PaymentId, codes and names.
        """
        incoming = amount > 0
        moved = {
            "Date": day,
            "MoneyType": MONEY_IN if incoming else MONEY_OUT,
            "PaidIn" if incoming else "PaidOut": abs(amount),
            "TransactionType": DOCUMENT_PAYMENT,
        }
        return int(
            self._put(kept_id or next(self._ids), account_id, _FORM.read({}) | moved | dict(facts))["Id"]
        )

    def withdraw(self, transaction_id: int) -> None:
        """Remove a transaction from every account that shows it."""
        for key in [key for key in self._rows if key[1] == transaction_id]:
            row = self._rows.pop(key)
            if row["EntityName"] == BY_HAND:
                self._audit.deleted(("banktransaction", *key), [_audited(row)])

    def detail(self, row: Row) -> Row:
        """The transaction alone: without its running balance and what links it (section 3.9)."""
        return {name: value for name, value in self.listed(row, ZERO).items() if name not in _LIST_ONLY}

    def listed(self, row: Row, balance: Decimal) -> Row:
        """The list row, with the account's balance after it."""
        name = row["CustomerName"] or row["SupplierName"]
        return row | {
            "Type": _LABELS.get(row["TransactionType"], "Transaction"),
            "VATPaid": row["VATAmount"],
            "CustomerSupplierName": name,
            "Balance": balance,
            "EditLink": "",
            "ProjectUrl": "",
            "ProjectName": "",
            "LineProjectsCount": 0,
            "VATReturnId": 0,
            "TransactionNumber": row["Id"],
            "IsSystemGeneratedTransaction": row["EntityName"] != BY_HAND,
            "DisableDisallowed": False,
        }

    def _by_hand(self, account_id: int, transaction_id: str | int) -> Row:
        row = self.get(account_id, transaction_id)
        if row["EntityName"] != BY_HAND:
            raise invalid(
                f"Bank transaction {row['Id']} is the payment of {row['EntityName']} {row['ResourceNumber']}: "
                "change it there."
            )
        return row

    def _put(self, transaction_id: int, account_id: int, fields: Row) -> Row:
        own = {"Id": transaction_id, "AccountId": account_id}
        links = {
            "CustomerName": "",
            "SupplierName": "",
            "EntityName": BY_HAND,
            "ResourceNumber": 0,
            "PaymentId": 0,
        }
        self._rows[account_id, transaction_id] = row = own | links | fields
        if row["EntityName"] == BY_HAND:
            self._audit.entered(("banktransaction", account_id, transaction_id), [_audited(row)])
        return row


def _audited(row: Row) -> Row:
    incoming = row["PaidIn"] > 0
    return audit_row(
        "banktransactions",
        "BR" if incoming else "BP",
        row,
        Value=row["PaidIn"] if incoming else row["PaidOut"],
        Date=row["Date"],
        Narrative=row["Comment"],
        BankAccountId=row["AccountId"],
    )
