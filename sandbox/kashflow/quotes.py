"""Quotes (reference kashflow.md section 3.13): a priced list of lines with one date and no status."""

from __future__ import annotations

from typing import Any

from sandbox.kashflow import contacts, sums
from sandbox.kashflow.customers import Customers
from sandbox.kashflow.forms import Form, days, flags, part, parts, texts, wholes
from sandbox.kashflow.lines import LINE, Lines
from sandbox.kashflow.numbered import NumberedLedger
from sandbox.kashflow.problems import not_found
from sandbox.kashflow.register import Key, Register
from sandbox.kashflow.surroundings import Surroundings
from sandbox.kashflow.values import Row

_FORM = Form(
    wholes("Number", "ProjectNumber"),
    texts("CustomerCode", "CustomerReference"),
    days("Date"),
    flags("SuppressAmount", "UseCustomDeliveryAddress"),
    part("Currency", contacts.CURRENCY),
    part("Category", Form(wholes("Number"))),
    parts("LineItems", LINE),
    parts("Addresses", contacts.ADDRESS),
    parts("DeliveryAddresses", contacts.ADDRESS),
)
_SUMMARY = [
    "Number",
    "Date",
    "CustomerCode",
    "CustomerReference",
    "GrossAmount",
    "ProjectNumber",
    "CustomerId",
    "CustomerName",
    "NetAmount",
    "VATAmount",
    "ProjectName",
    "FileCount",
    "IsEmailSent",
    "Category",
]


class Quotes(NumberedLedger):
    resource = "quotes"

    def __init__(self, around: Surroundings, customers: Customers, lines: Lines) -> None:
        self._around = around
        self._customers = customers
        self._lines = lines
        self.categories = [{"Number": 1, "Name": "Open"}, {"Number": 2, "Name": "Accepted"}]
        self.register = Register("quote", self.key, around, first_id=6_600_001, resource=self.resource)

    def create(self, body: Any) -> Row:
        row = self._checked(_FORM.read(body))
        row["Number"] = self.number_for(row["Number"])
        return self.register.add(row | {"Permalink": f"/v2/documents/quote/{self._around.guid()}"})

    def replace(self, key: Key, body: Any) -> Row:
        old = self.register.get(key)
        row = self._checked(_FORM.read(body))
        row["Number"] = self.number_for(row["Number"], old)
        return self.register.put(old | row)

    def delete(self, key: Key) -> None:
        self.register.remove(self.register.get(key))

    def summary(self, row: Row) -> Row:
        view = self.view(row)
        return {name: view[name] for name in _SUMMARY}

    def view(self, row: Row) -> Row:
        customer = self._customers.register.by_id(row["CustomerId"]) or {"Code": "", "Name": ""}
        names = {"CustomerCode": customer["Code"], "CustomerName": customer["Name"], "ProjectName": ""}
        lines = [self._lines.view(line) for line in row["LineItems"]]
        category = next(
            (kept for kept in self.categories if kept["Number"] == row["Category"]["Number"]), None
        )
        amounts = {name: row[name] for name in ("NetAmount", "VATAmount", "GrossAmount")}
        shown = row | names | amounts | {"LineItems": lines, "HomeCurrencyGrossAmount": row["GrossAmount"]}
        return shown | {"Category": category, "FileCount": 0, "IsEmailSent": False}

    def of_customer(self, customer: Row) -> list[Row]:
        return [row for row in self.register.rows() if row["CustomerId"] == customer["Id"]]

    def category(self, number: str) -> Row:
        for kept in self.categories:
            if str(kept["Number"]) == number:
                return kept
        raise not_found("quote category", number)

    def _checked(self, row: Row) -> Row:
        customer = self._customers.named(row.pop("CustomerCode"))
        lines = self._lines.checked(row["LineItems"], customer)
        added = sums.totals(lines, [])
        del added["TotalPaidAmount"]
        currency = self._customers.office.currency(
            row["Currency"]["Code"] or customer["Currency"]["Code"], row["Currency"]["ExchangeRate"]
        )
        own = {
            "CustomerId": customer["Id"],
            "Date": row["Date"] or self._around.today(),
            "Currency": currency,
        }
        return row | own | {"LineItems": lines} | added
