"""The chart of accounts (reference kashflow.md section 3.6); a sales nominal is what SOAP calls a product."""

from __future__ import annotations

from typing import Any

from sandbox.kashflow.forms import Form, amounts, flags, texts, wholes
from sandbox.kashflow.ledger import Ledger
from sandbox.kashflow.problems import Problem, invalid
from sandbox.kashflow.register import Key, Register
from sandbox.kashflow.surroundings import Surroundings
from sandbox.kashflow.values import Row

_FORM = Form(
    wholes("Code", "IsProduct", "PurchaseNominalCode", "PurchaseSubNominalCode"),
    texts(
        "Name",
        "Type",
        "NomType",
        "Sa103Code",
        "ComplianceCode",
        "Description",
        "Special",
        "Classification",
        "ControlAccountClassification",
    ),
    amounts("CISRate", "Price", "WholeSalePrice", "VATRate", "QuantityInStock", "StockWarningQuantity"),
    flags(
        "Disallowed",
        "Archived",
        "DigitalService",
        "PrePayments",
        "IncludeInECSalesList",
        "AutoFillLineItem",
        "VATExempt",
        "ManageStockLevel",
        "CreateWhenNotPresent",
    ),
)


class Nominals(Ledger):
    resource = "nominals"

    def __init__(self, around: Surroundings) -> None:
        self.register = Register("nominal", self.key, around, first_id=3_300_001, resource=self.resource)

    def key(self, row: Row) -> Key:
        return int(row["Code"])

    def create(self, body: Any) -> Row:
        """A new nominal, or with `CreateWhenNotPresent` the one that is there."""
        row = _checked(body)
        present = self.register.find(row["Code"])
        if row.pop("CreateWhenNotPresent") and present is not None:
            return present
        self._refuse_taken(row["Code"])
        return self.register.add(row)

    def replace(self, key: Key, body: Any) -> Row:
        old = self.register.get(key)
        row = _checked(body, old["Code"])
        del row["CreateWhenNotPresent"]
        if row["Code"] != old["Code"]:
            self._refuse_taken(row["Code"])
        return self.register.put({"Id": old["Id"]} | row)

    def delete(self, key: Key) -> None:
        self.register.remove(self.register.get(key))

    def view(self, row: Row) -> Row:
        return row | {
            "AllowDelete": True,
            "PlOption": "",
            "BsOption": "",
            "IRISCoAName": "",
            "IsIRISCoA": False,
        }

    def check(self, code: int) -> None:
        """Raises Problem 400 when a line names a nominal that is not there."""
        if self.register.find(code) is None:
            raise invalid(f"NominalCode: there is no nominal {code}.")

    def _refuse_taken(self, code: int) -> None:
        if self.register.find(code) is not None:
            raise Problem(400, "DuplicateCode", f"Code: {code} is not unique.")


def _checked(body: Any, own_code: int = 0) -> Row:
    row = _FORM.read(body)
    row["Name"] = row["Name"].strip()
    row["Code"] = row["Code"] or own_code
    if not row["Name"] or row["Code"] <= 0:
        raise invalid("Name, Code: a nominal needs both.")
    return row
