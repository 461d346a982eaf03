"""Customers: their fields, summary and detail, and what is reckoned from their invoices (reference section 3.1)."""

from __future__ import annotations

from decimal import Decimal

from sandbox.kashflow import contacts
from sandbox.kashflow.contact_ledger import ContactLedger
from sandbox.kashflow.forms import Form, amounts, flags, parts, texts, wholes
from sandbox.kashflow.sums import due_amount, status
from sandbox.kashflow.values import NEVER, ZERO, Row

_SUMMARY = [
    "Id",
    "Code",
    "Name",
    "IsSchedule",
    "SourceName",
    "DefaultNominalCode",
    "IsArchived",
    "VATNumber",
    "TradeBorderType",
    "IsCISReverseCharge",
    "ApplyWithholdingTax",
    "CustomerKey",
    "Contacts",
    "Addresses",
    "Currency",
]


class Customers(ContactLedger):
    noun = "Customer"
    resource = "customers"
    form = Form(
        contacts.SHARED_FIELDS,
        wholes("Source", "EmailTemplateNumber", "PDFThemeId"),
        texts("VATNumber", "DefaultCustomerReference", "InvoiceFileFormat"),
        amounts("DiscountRate", "CreditLimit"),
        flags(
            "ShowDiscount",
            "AutoIncludeVATNumber",
            "ReceivesWholesalePricing",
            "AutomaticCreditControlEnabled",
            "UseCustomDeliveryAddress",
            "OverrideInvoiceFileFormat",
            "EnableCreditLimit",
            "CreateCustomerCodeIfDuplicate",
            "CreateCustomerNameIfEmptyOrNull",
        ),
        parts("Addresses", contacts.ADDRESS),
        parts("DeliveryAddresses", contacts.ADDRESS),
        parts("CustomTextBoxes", contacts.NAMED_VALUE),
        parts("CustomCheckBoxes", Form(texts("Name"), flags("Value"))),
    )

    def born(self) -> Row:
        return {
            "CustomerKey": self.around.guid(),
            "SourceName": "",
            "IsSchedule": False,
            "MarkedAsStale": False,
            "IsGoCardlessMandateSet": False,
            "EnvelopeUrl": "",
            "UsesDefaultTheme": True,
        }

    def summary(self, row: Row) -> Row:
        """The list row: no dates at all (section 2.6)."""
        paid_and_owed = {"TotalPaidAmount": self.paid(row), "OutstandingBalance": self.owed(row)}
        return self._shown({name: row[name] for name in _SUMMARY}) | paid_and_owed

    def view(self, row: Row) -> Row:
        postcode = row["Addresses"][0]["PostCode"] if row["Addresses"] else ""
        label = f"{row['Name']} {postcode}".strip()
        shown = self._shown(row) | {"DisplayName": label} | self._aggregates(row)
        shown["DeliveryAddresses"] = self._addresses(row["DeliveryAddresses"])
        return shown

    def paid(self, row: Row) -> Decimal:
        return sum((invoice["TotalPaidAmount"] for invoice in self.documents_of(row)), ZERO)

    def owed(self, row: Row) -> Decimal:
        return sum((due_amount(invoice) for invoice in self.documents_of(row)), ZERO)

    def _shown(self, row: Row) -> Row:
        return row | {"Addresses": self._addresses(row["Addresses"])}

    def _addresses(self, addresses: list[Row]) -> list[Row]:
        return [contacts.address_view(address, self.office) for address in addresses]

    def _aggregates(self, row: Row) -> Row:
        invoices = self.documents_of(row)
        dates = [invoice["IssuedDate"] for invoice in invoices]
        today = self.around.today()
        overdue = (due_amount(invoice) for invoice in invoices if status(invoice, today) == "Overdue")
        return {
            "FirstInvoiceDate": min(dates, default=NEVER),
            "LastInvoiceDate": max(dates, default=NEVER),
            "InvoiceCount": len(invoices),
            "InvoicedNetAmount": sum((invoice["NetAmount"] for invoice in invoices), ZERO),
            "InvoicedVATAmount": sum((invoice["VATAmount"] for invoice in invoices), ZERO),
            "TotalPaidAmount": self.paid(row),
            "OutstandingBalance": self.owed(row),
            "OverdueAmount": sum(overdue, ZERO),
            "AverageDaysToPay": _average_days_to_pay(invoices),
        }


def _average_days_to_pay(invoices: list[Row]) -> int:
    waits = [
        (payment["Date"] - invoice["IssuedDate"]).days
        for invoice in invoices
        for payment in invoice["PaymentLines"]
    ]
    return round(sum(waits) / len(waits)) if waits else 0
