"""Projects (reference kashflow.md section 3.15): a name that documents can be filed under."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sandbox.kashflow.customers import Customers
from sandbox.kashflow.forms import Form, amounts, days, flags, texts, wholes
from sandbox.kashflow.numbered import NumberedLedger
from sandbox.kashflow.problems import invalid
from sandbox.kashflow.register import Key, Register
from sandbox.kashflow.surroundings import Surroundings
from sandbox.kashflow.values import ZERO, Row

#: Today's strings, and the numbers of the old documentation.
_STATUSES = {
    "": "Active",
    "0": "Completed",
    "1": "Active",
    "2": "Archived",
    "completed": "Completed",
    "active": "Active",
    "archived": "Archived",
}
_FORM = Form(
    wholes("Number"),
    texts("Name", "Reference", "Description", "Note", "Status", "CustomerCode"),
    days("StartDate", "EndDate"),
    amounts("TargetSalesAmount", "TargetPurchasesAmount"),
    flags("ExcludeVAT"),
)
_SUMMARY = [
    "Id",
    "Number",
    "Name",
    "Reference",
    "Description",
    "Status",
    "StartDate",
    "EndDate",
    "CustomerCode",
    "CustomerName",
]


class Projects(NumberedLedger):
    """`documents` answers all invoices and all purchases, for what a project came to."""

    resource = "projects"
    documents: Callable[[], tuple[Iterable[Row], Iterable[Row]]]

    def __init__(self, around: Surroundings, customers: Customers) -> None:
        self._around = around
        self._customers = customers
        self.register = Register("project", self.key, around, first_id=5_500_001, resource=self.resource)

    def create(self, body: Any) -> Row:
        row = self._checked(_FORM.read(body))
        row["Number"] = self.number_for(row["Number"])
        return self.register.add(row)

    def replace(self, key: Key, body: Any) -> Row:
        old = self.register.get(key)
        row = self._checked(_FORM.read(body))
        row["Number"] = self.number_for(row["Number"], old)
        return self.register.put({"Id": old["Id"]} | row)

    def delete(self, key: Key) -> None:
        self.register.remove(self.register.get(key))

    def set_status(self, numbers: Iterable[Any], status: str) -> None:
        for row in [self.register.get(number) for number in numbers]:
            row["Status"] = status

    def summary(self, row: Row) -> Row:
        view = self.view(row)
        sold, bought = view["ActualSalesAmount"], view["ActualPurchasesAmount"]
        sums = {"ActualIncome": sold, "ActualExpenditure": bought, "Margin": sold - bought}
        return {name: view[name] for name in _SUMMARY} | sums

    def view(self, row: Row) -> Row:
        customer = self._customers.register.by_id(row["CustomerId"]) or {"Code": "", "Name": ""}
        invoices, purchases = (
            [document for document in documents if document["ProjectNumber"] == row["Number"]]
            for documents in self.documents()
        )
        shown = {name: value for name, value in row.items() if name != "CustomerId"}
        return shown | {
            "CustomerCode": customer["Code"],
            "CustomerName": customer["Name"],
            "AssociatedQuotesCount": 0,
            "ActualSalesAmount": sum((document["NetAmount"] for document in invoices), ZERO),
            "ActualSalesVATAmount": sum((document["VATAmount"] for document in invoices), ZERO),
            "ActualPurchasesAmount": sum((document["NetAmount"] for document in purchases), ZERO),
            "ActualPurchasesVATAmount": sum((document["VATAmount"] for document in purchases), ZERO),
            "ActualJournalsAmount": ZERO,
            "ActualBankTransactionAmount": ZERO,
            "WorkInProgressAmount": ZERO,
        }

    def of_customer(self, customer: Row) -> list[Row]:
        return [row for row in self.register.rows() if row["CustomerId"] == customer["Id"]]

    def _checked(self, row: Row) -> Row:
        row["Name"] = row["Name"].strip()
        if not row["Name"]:
            raise invalid("Name: a project needs one.")
        row["Status"] = project_status(row["Status"])
        code = row.pop("CustomerCode")
        return row | {"CustomerId": self._customers.named(code)["Id"] if code.strip() else 0}


def project_status(word: str) -> str:
    """The status of this name or old number. Raises Problem 400."""
    if word.strip().lower() not in _STATUSES:
        raise invalid(f"Status: {word!r} is not Active, Completed or Archived.")
    return _STATUSES[word.strip().lower()]
