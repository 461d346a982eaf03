"""Products, each under a sales nominal and named by the pair of codes (reference kashflow.md section 3.5)."""

from __future__ import annotations

from typing import Any

from sandbox.kashflow import contacts
from sandbox.kashflow.forms import Form, amounts, flags, flags_on, optional_amounts, texts, wholes
from sandbox.kashflow.ledger import Ledger
from sandbox.kashflow.nominals import Nominals
from sandbox.kashflow.office import Office
from sandbox.kashflow.problems import Problem, invalid
from sandbox.kashflow.register import Key, Register
from sandbox.kashflow.surroundings import Surroundings
from sandbox.kashflow.values import Row

_FORM = Form(
    wholes("NominalCode", "PurchaseNominalId", "PurchaseSubNominalId"),
    texts("Code", "Name", "Description"),
    amounts("Price", "WholeSalePrice", "QuantityInStock", "StockWarningQuantity"),
    optional_amounts("VATRate"),
    flags("VATExempt", "IsDefault", "AutoFillLineItem", "ManageStockLevel"),
    flags_on("InUse"),
)


class Products(Ledger):
    """Stock is kept as it is written: documents do not move it."""

    resource = "products"

    def __init__(self, around: Surroundings, office: Office, nominals: Nominals) -> None:
        self._office = office
        self._nominals = nominals
        self.register = Register("product", self.key, around, first_id=4_400_001, resource=self.resource)

    def key(self, row: Row) -> Key:
        return int(row["NominalCode"]), str(row["Code"])

    def create(self, body: Any) -> Row:
        row = self._checked(body, {})
        row["Code"] = row["Code"] or contacts.suggested_code(row["Name"], lambda code: self._taken(row, code))
        self._refuse_taken(row)
        return self.register.add(row)

    def replace(self, key: Key, body: Any) -> Row:
        old = self.register.get(key)
        row = self._checked(body, old)
        if self.register.find(self.key(row)) is not old:
            self._refuse_taken(row)
        return self.register.put({"Id": old["Id"]} | row)

    def delete(self, key: Key) -> None:
        self.register.remove(self.register.get(key))

    def view(self, row: Row) -> Row:
        nominal = self._nominals.register.find(row["NominalCode"])
        return row | {"NominalId": nominal["Id"] if nominal else 0}

    def under(self, nominal_code: str) -> list[Row]:
        """The products of one nominal. Raises Problem 404 when there is no such nominal."""
        code = self._nominals.register.read(nominal_code)["Code"]
        return [row for row in self.register.readable() if row["NominalCode"] == code]

    def _checked(self, body: Any, old: Row) -> Row:
        row = _FORM.read(body)
        row |= {"Name": row["Name"].strip(), "Code": row["Code"].strip() or old.get("Code", "")}
        row["NominalCode"] = row["NominalCode"] or old.get("NominalCode", 0)
        if not row["Name"]:
            raise invalid("Name: a product needs one.")
        self._nominals.check(row["NominalCode"])
        if row["VATRate"] is None:
            row["VATRate"] = self._office.default_vat_rate
        return row

    def _taken(self, row: Row, code: str) -> bool:
        return self.register.find((row["NominalCode"], code)) is not None

    def _refuse_taken(self, row: Row) -> None:
        if self._taken(row, row["Code"]):
            raise Problem(400, "DuplicateCode", f"Code: {row['NominalCode']}/{row['Code']} is not unique.")
