"""Purchases and expenses: their header fields, list row and detail (reference kashflow.md section 3.8)."""

from __future__ import annotations

from typing import Any

from sandbox.kashflow import contacts
from sandbox.kashflow.documents import DocumentLedger
from sandbox.kashflow.forms import Form, amounts, days, flags, part, parts, texts, wholes
from sandbox.kashflow.lines import LINE_FIELDS
from sandbox.kashflow.payments import PAYMENT
from sandbox.kashflow.problems import Problem, invalid
from sandbox.kashflow.register import Key
from sandbox.kashflow.values import ZERO, Row

_STOCK = Form(texts("Name", "ApplicableOn"), amounts("QuantityInStock", "Received"), days("StockReceivedOn"))
_TYPES = {"": "Purchase", "purchase": "Purchase", "expense": "Expense"}


class Purchases(DocumentLedger):
    kind = "purchase"
    resource = "purchases"
    direction = -1
    audit_families = ("purchaseinvoices", "purchaseinvoicepayments")
    audit_letters = ("PI", "PC", "PP")
    form = Form(
        wholes("Number", "ProjectNumber"),
        texts("SupplierCode", "SupplierReference", "AdditionalFieldValue", "Type"),
        days("IssuedDate", "DueDate"),
        flags("IsCISReverseCharge"),
        part("Currency", contacts.CURRENCY),
        parts("LineItems", Form(LINE_FIELDS, amounts("ImportDuty"), part("StockInfo", _STOCK))),
        parts("PaymentLines", PAYMENT),
    )

    def born(self, contact: Row, row: Row) -> Row:
        link = f"/v2/documents/purchase/{self.around.guid()}"
        return {"Permalink": link, "FileCount": 0, "IsEmailSent": False}

    def create(self, body: Any) -> Row:
        return super().create(self._accepted(body))

    def replace(self, key: Key, body: Any) -> Row:
        return super().replace(key, self._accepted(body, key))

    def summary(self, row: Row) -> Row:
        shown = {name: value for name, value in self.shown(row).items() if name != "CreatedDate"}
        return shown | {"ProjectName": "", "LineItems": None, "PaymentLines": None}

    def view(self, row: Row) -> Row:
        """The detail; it has no SupplierId any more (section 3.8)."""
        return super().view(row) | {
            "ProjectName": "",
            "TradeBorderType": self.contact(row)["TradeBorderType"],
            "CISRCNetAmount": ZERO,
            "CISRCVatAmount": ZERO,
            "IsWhtDeductionToBeApplied": False,
            "StockManagementApplicable": False,
        }

    def _accepted(self, body: Any, key: Key = "") -> Row:
        row = self.form.read(body)
        if not row["LineItems"]:
            raise invalid("LineItems: a purchase needs at least one.")
        if row["Type"].lower() not in _TYPES:
            raise invalid(f"Type: {row['Type']!r} is neither Purchase nor Expense.")
        row["Type"] = _TYPES[row["Type"].lower()]
        if self.office.refuses_repeated_receipts:
            self._refuse_repeated(row, key)
        return row

    def _refuse_repeated(self, row: Row, key: Key) -> None:
        """`PreventDupeReceipts`: one supplier reference, one purchase."""
        reference = row["SupplierReference"].strip().lower()
        supplier = self.people.named(row["SupplierCode"])
        itself = self.register.find(key)
        for other in self.of_contact(supplier):
            if reference and other is not itself and other["SupplierReference"].lower() == reference:
                raise Problem(
                    400, "DuplicateReference", f"SupplierReference: purchase {other['Number']} has it."
                )
