"""Adds up a document and says how it stands; reads and writes nothing (reference kashflow.md section 7)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from sandbox.kashflow.values import ZERO, Row, pennies

_PERCENT = Decimal(100)


def line_net(line: Row) -> Decimal:
    return pennies(line["Quantity"] * line["Rate"])


def line_vat(line: Row) -> Decimal:
    """The VAT of a line whose `VATAmount` was not supplied."""
    if line["VATExempt"]:
        return ZERO
    return pennies(line_net(line) * line["VATLevel"] / _PERCENT)


def totals(lines: Iterable[Row], payments: Iterable[Row]) -> Row:
    """The stored sums of a document, under the names that KashFlow prints them with."""
    lines = list(lines)
    net = sum((line_net(line) for line in lines), ZERO)
    vat = sum((line["VATAmount"] for line in lines), ZERO)
    paid = sum((payment["Amount"] for payment in payments), ZERO)
    return {"NetAmount": net, "VATAmount": vat, "GrossAmount": net + vat, "TotalPaidAmount": paid}


def due_amount(document: Row) -> Decimal:
    due: Decimal = document["GrossAmount"] - document["TotalPaidAmount"]
    return due


def status(document: Row, today: date) -> str:
    """Paid, Unpaid, Overdue, Overpaid or NA; a credit note stands like an invoice with the signs turned."""
    gross = document["GrossAmount"]
    if gross == 0:
        return "NA"
    due = due_amount(document) if gross > 0 else -due_amount(document)
    if due < 0:
        return "Overpaid"
    if due == 0:
        return "Paid"
    return "Overdue" if document["DueDate"] < today else "Unpaid"


def overdue_days(document: Row, today: date) -> int:
    return (today - document["DueDate"]).days if status(document, today) == "Overdue" else 0
