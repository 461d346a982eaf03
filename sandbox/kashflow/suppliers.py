"""Suppliers: their fields, summary and detail (reference kashflow.md section 3.7)."""

from __future__ import annotations

from decimal import Decimal

from sandbox.kashflow import contacts
from sandbox.kashflow.contact_ledger import ContactLedger
from sandbox.kashflow.forms import Form, amounts, flags, part, texts, wholes
from sandbox.kashflow.sums import due_amount
from sandbox.kashflow.values import NEVER, ZERO, Row

#: List rows lack these (section 3.7).
_DETAIL_ONLY = frozenset({"Address", "BankAccount", "PaymentTerms", "CreatedDate", "LastUpdatedDate"})


class Suppliers(ContactLedger):
    noun = "Supplier"
    resource = "suppliers"
    form = Form(
        contacts.SHARED_FIELDS,
        texts("VatNumber"),
        wholes("PaymentMethod", "DefaultPdfTheme"),
        amounts("DefaultVatRate"),
        flags(
            "IsVatRateEnabled",
            "VatExempt",
            "CreateSupplierCodeIfDuplicate",
            "CreateSupplierNameIfEmptyOrNull",
        ),
        part("Address", contacts.ADDRESS),
        part("BankAccount", Form(texts("Name", "Number", "SortCode"))),
    )

    def born(self) -> Row:
        return {
            "SourceName": "",
            "UsesDefaultPdftTheme": True,
            "DoesSupplierHasTransactionsInVATReturn": False,
        }

    def summary(self, row: Row) -> Row:
        kept = {name: value for name, value in row.items() if name not in _DETAIL_ONLY}
        return kept | {"TotalPaidAmount": self.paid(row), "OutstandingBalance": self.owed(row)}

    def view(self, row: Row) -> Row:
        purchases = self.documents_of(row)
        dates = [purchase["IssuedDate"] for purchase in purchases]
        return row | {
            "Address": contacts.address_view(row["Address"], self.office),
            "TotalPaidAmount": self.paid(row),
            "OutstandingBalance": self.owed(row),
            "BilledNetAmount": sum((purchase["NetAmount"] for purchase in purchases), ZERO),
            "BilledVatAmount": sum((purchase["VATAmount"] for purchase in purchases), ZERO),
            "FirstPurchaseDate": min(dates, default=NEVER),
            "LastPurchaseDate": max(dates, default=NEVER),
        }

    def paid(self, row: Row) -> Decimal:
        return sum((purchase["TotalPaidAmount"] for purchase in self.documents_of(row)), ZERO)

    def owed(self, row: Row) -> Decimal:
        return sum((due_amount(purchase) for purchase in self.documents_of(row)), ZERO)
