"""The payment lines of a document: what a written list of them does to the stored ones and to the bank.

There is no payments resource; lines come and go with their document (reference kashflow.md section 3.3).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from typing import Any

from sandbox.kashflow.bank import BankAccounts
from sandbox.kashflow.forms import Form, amounts, days, flags, texts, wholes
from sandbox.kashflow.office import Office
from sandbox.kashflow.problems import invalid
from sandbox.kashflow.surroundings import Surroundings
from sandbox.kashflow.values import Row

PAYMENT = Form(
    wholes("Id", "Method", "AccountId", "BulkId", "BFSTransactionId", "PaymentProcessor"),
    days("Date"),
    amounts("Amount"),
    texts("Note", "Reference"),
    flags("IsExternalRefund"),
)

#: What a client may change of a line that stands; the rest of an echoed line is ours.
_WRITABLE = tuple(PAYMENT.read({}))


@dataclass(frozen=True)
class PaymentPlan:
    """A checked change of a document's payment lines that can no longer fail."""

    lines: list[Row]
    withdrawn: list[Row]


class Payments:
    """Payment lines of invoices (`direction` 1: money in) or of purchases (-1)."""

    def __init__(
        self, kind: str, direction: int, around: Surroundings, office: Office, bank: BankAccounts
    ) -> None:
        self._kind = kind
        self._direction = direction
        self._around = around
        self._office = office
        self._bank = bank
        self._ids = count(900_001 if direction > 0 else 950_001)

    def plan(self, stored: Iterable[Row], written: list[Row]) -> PaymentPlan:
        """What the written lines come to: an unknown Id, account or method raises Problem 400.

        A line with the Id of a stored one changes it, one without an Id is new, and a stored line that is
        not written any more is withdrawn.
        """
        standing = {line["Id"]: line for line in stored}
        lines = [self._checked(line, standing.pop(line["Id"], None)) for line in written]
        for gone in standing.values():
            _refuse_bulk(gone)
            self._bank.open_account(gone["AccountId"], gone["Date"])
        return PaymentPlan(lines, list(standing.values()))

    def carry_out(self, plan: PaymentPlan, document: Row, contact: Row) -> list[Row]:
        """Book the plan in the bank; the lines as they are to be stored."""
        for line in plan.withdrawn:
            self._bank.transactions.withdraw(line["BankTransactionId"])
        return [self._booked(line, document, contact) for line in plan.lines]

    def new_line(self, **fields: Any) -> Row:
        """A line that the server itself adds, with an Id."""
        line = PAYMENT.read({}) | {"Id": next(self._ids), "Date": self._around.today()} | fields
        return line | self._computed(line)

    def facts(self, document: Row, contact: Row, line: Row, entity: str = "") -> Row:
        """What a bank transaction tells about the payment it belongs to."""
        prefix = "Customer" if self._direction > 0 else "Supplier"
        return {
            "EntityName": entity or self._kind,
            "ResourceNumber": document["Number"],
            "PaymentId": line["Id"],
            "Comment": line["Note"],
            f"{prefix}Code": contact["Code"],
            f"{prefix}Name": contact["Name"],
        }

    def _checked(self, line: Row, standing: Row | None) -> Row:
        if line["Id"] and standing is None:
            raise invalid(
                f"PaymentLines: this {self._kind} has no payment {line['Id']}, or it is there twice."
            )
        line["Date"] = line["Date"] or self._around.today()
        if standing is not None and all(line[name] == standing[name] for name in _WRITABLE):
            return standing
        if standing is not None:
            _refuse_bulk(standing)
            self._bank.open_account(standing["AccountId"], standing["Date"])
        if line["Amount"] == 0:
            raise invalid("PaymentLines: Amount: a payment of nothing.")
        self._bank.open_account(line["AccountId"], line["Date"])
        self._office.check_method(self._kind, line["Method"])
        return (standing or {}) | line

    def _booked(self, line: Row, document: Row, contact: Row) -> Row:
        if line.get("BulkPaymentNumber"):
            return line
        line = line | {"Id": line["Id"] or next(self._ids)}
        kept = line.get("BankTransactionId", 0)
        if kept:
            # The account may have changed: a transaction is filed under its account.
            self._bank.transactions.withdraw(kept)
        booked = self._bank.transactions.book(
            line["AccountId"],
            line["Date"],
            self._direction * line["Amount"],
            self.facts(document, contact, line),
            kept,
        )
        return self._computed(line) | line | {"BankTransactionId": booked}

    def _computed(self, line: Row) -> Row:
        return {
            "BankTransactionId": 0,
            "BulkPaymentNumber": 0,
            "Permalink": f"/v2/documents/{self._kind}/payment/{self._around.guid()}",
            "PaymentProcessorEnumValue": line["PaymentProcessor"],
            "VATReturnId": 0,
            "IsPaymentCreditNote": False,
        }


def _refuse_bulk(line: Row) -> None:
    if line["BulkPaymentNumber"]:
        raise invalid(
            f"PaymentLines: payment {line['Id']} belongs to bulk payment {line['BulkPaymentNumber']}: change that."
        )
