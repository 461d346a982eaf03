"""Sales invoices and credit notes: their header fields, list row and detail (reference kashflow.md section 3.2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.kashflow import contacts
from sandbox.kashflow.documents import DocumentLedger
from sandbox.kashflow.forms import Form, days, flags, part, parts, texts, wholes
from sandbox.kashflow.lines import LINE
from sandbox.kashflow.payments import PAYMENT
from sandbox.kashflow.register import Key
from sandbox.kashflow.values import ZERO, Row

#: What only the detail has. Lists print the collections as null (section 4, quirk 1).
_DETAIL_ONLY = frozenset(
    [
        "Address",
        "DeliveryAddress",
        "ReminderLetters",
        "CreatedDate",
        "LastPaymentDate",
        "CustomerKey",
        "PackingSlipPermalink",
    ]
)


class Invoices(DocumentLedger):
    kind = "invoice"
    resource = "invoices"
    direction = 1
    audit_families = ("salesinvoices", "salesinvoicepayments")
    audit_letters = ("SI", "SC", "SR")
    form = Form(
        wholes("Number", "ProjectNumber", "SuppressNumber"),
        texts("CustomerCode", "CustomerReference"),
        days("IssuedDate", "DueDate"),
        flags(
            "UseCustomDeliveryAddress",
            "UpdateCustomerAddress",
            "UpdateCustomerDeliveryAddress",
            "IsCISReverseCharge",
            "AutomaticCreditControlEnabled",
            "IsArchived",
        ),
        part("Currency", contacts.CURRENCY),
        part("Address", contacts.ADDRESS),
        part("DeliveryAddress", contacts.ADDRESS),
        parts("LineItems", LINE),
        parts("PaymentLines", PAYMENT),
        parts("ReminderLetters", Form(wholes("Number"), flags("IsSent"), days("SentDate"))),
    )

    def born(self, contact: Row, row: Row) -> Row:
        link = f"/v2/documents/invoice/{self.around.guid()}"
        packing = f"/v2/documents/packingslip/{self.around.guid()}"
        return {
            "Permalink": link,
            "PackingSlipPermalink": packing,
            "Address": row["Address"] if any(row["Address"].values()) else _first(contact["Addresses"]),
            "CustomerReference": row["CustomerReference"] or contact["DefaultCustomerReference"],
            "EmailCount": 0,
            "FileCount": 0,
        }

    def create(self, body: Any) -> Row:
        return self._pushed(super().create(body))

    def replace(self, key: Key, body: Any) -> Row:
        return self._pushed(super().replace(key, body))

    def summary(self, row: Row) -> Row:
        shown = {name: value for name, value in self.shown(row).items() if name not in _DETAIL_ONLY}
        return shown | self._labels(row) | {"LineItems": None, "PaymentLines": None}

    def view(self, row: Row) -> Row:
        contact = self.contact(row)
        person = _first(contact["Contacts"], contacts.CONTACT)
        return (
            super().view(row)
            | self._labels(row)
            | {
                "Address": contacts.address_view(row["Address"], self.office),
                "DeliveryAddress": contacts.address_view(row["DeliveryAddress"], self.office),
                "CustomerContactName": person["Name"]
                or f"{person['Firstname']} {person['LastName']}".strip(),
                "CustomerContactFirstName": person["Firstname"],
                "CustomerContactLastName": person["LastName"],
                "CustomerDiscount": contact["DiscountRate"],
                "CustomerKey": contact["CustomerKey"],
                "HomeCurrencyVATAmount": row["VATAmount"],
                "ProjectGrossAmount": row["GrossAmount"] if row["ProjectNumber"] else ZERO,
                "CISRCNetAmount": ZERO,
                "CISRCVatAmount": ZERO,
                "IsWhtDeductionToBeApplied": False,
            }
        )

    def set_archived(self, numbers: Iterable[Any], archived: bool) -> None:
        """Raises Problem 404, changing nothing, when one of them is not there."""
        for row in [self.register.get(number) for number in numbers]:
            row["IsArchived"] = archived

    def readdress(self, customer: Row) -> None:
        """Put the customer's address on the invoices (`updateInvoicesAddress`)."""
        for row in self.of_contact(customer):
            row["Address"] = _first(customer["Addresses"])

    def _labels(self, row: Row) -> Row:
        contact = self.contact(row)
        due = row["GrossAmount"] - row["TotalPaidAmount"]
        return {
            "CustomerId": contact["Id"],
            "VATNumber": contact["VATNumber"],
            "TradeBorderType": contact["TradeBorderType"],
            "Type": "CreditNote" if row["GrossAmount"] < 0 else "Invoice",
            "FormattedDueAmount": f"{'-' if due < 0 else ''}{row['Currency']['Symbol']}{abs(due):,.2f}",
            "ProjectName": "",
        }

    def _pushed(self, row: Row) -> Row:
        """Carry the addresses back to the customer where the write-only switches say so."""
        contact = self.contact(row)
        if row.pop("UpdateCustomerAddress"):
            contact["Addresses"] = [row["Address"], *contact["Addresses"][1:]]
        if row.pop("UpdateCustomerDeliveryAddress"):
            contact["DeliveryAddresses"] = [row["DeliveryAddress"], *contact["DeliveryAddresses"][1:]]
        return row


def _first(rows: list[Row], form: Form = contacts.ADDRESS) -> Row:
    """A copy of the first, or an empty one."""
    return dict(rows[0]) if rows else form.read({})
