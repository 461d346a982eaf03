"""The audit report's rows: one per line or payment that was entered, changed or deleted (reference section 2.6)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sandbox.kashflow.surroundings import Surroundings
from sandbox.kashflow.values import ZERO, Row

#: A kind and Ids, the last of which is printed as EntityId.
Subject = tuple[str | int, ...]

#: What the include-parameters of the report select, by the family of a row.
FAMILIES = (
    "salesinvoices",
    "salesinvoicepayments",
    "purchaseinvoices",
    "purchaseinvoicepayments",
    "banktransactions",
)


class AuditTrail:
    """Numbers account-wide, ascending, everything that is entered or changed.

    A subject is what a row belongs to: its kind and its Id, such as `("invoice", 810001)`.
    """

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._rows: list[Row] = []
        self._by_subject: dict[Subject, list[Row]] = defaultdict(list)

    def entered(self, subject: Subject, rows: Iterable[Row]) -> None:
        """Write the present rows of a document or bank transaction in place of its earlier ones."""
        self._write(subject, rows, {"Current": True, "IsDeleted": False})

    def deleted(self, subject: Subject, rows: Iterable[Row]) -> None:
        """Write that these rows were deleted; a deletion has a number and a time of its own."""
        self._write(subject, rows, {"Current": False, "IsDeleted": True})

    def rows(self) -> list[Row]:
        return list(self._rows)

    def history(self, number: int) -> list[Row]:
        """All rows of what this transaction number belongs to."""
        for rows in self._by_subject.values():
            if any(row["TransactionNumber"] == number for row in rows):
                return list(rows)
        return []

    def _write(self, subject: Subject, rows: Iterable[Row], state: Row) -> None:
        earlier = self._by_subject[subject]
        for row in earlier:
            row["Current"] = False
        changes = max((row["ChangeCount"] + 1 for row in earlier), default=0)
        for row in rows:
            number = {"TransactionNumber": len(self._rows) + 1, "CreatedDate": self._around.now()}
            written = number | row | {"EntityId": subject[-1], "ChangeCount": changes} | state
            self._rows.append(written)
            earlier.append(written)


def audit_row(family: str, transaction_type: str, document: Row, **more: object) -> Row:
    """One row as the report prints it, but for number, time and state. `EntityReferance` is spelled so there."""
    return {
        "Family": family,
        "TransactionType": transaction_type,
        "Reference": "",
        "Value": ZERO,
        "Narrative": "",
        "Vat": {"IsExempt": False, "Rate": ZERO, "Input": ZERO, "Output": ZERO},
        "Nominal": {"Code": 0, "Name": ""},
        "FullName": "Sandbox User",
        "EntityNumber": document.get("Number", 0),
        "EntityReferance": "",
        "BankAccountId": 0,
    } | more
