"""The lines of a document: what is left out of one, and what must exist; the sums are in `sums`."""

from __future__ import annotations

from typing import Any

from sandbox.kashflow.forms import Field, Form, amounts, flags, optional_amounts, texts, wholes
from sandbox.kashflow.nominals import Nominals
from sandbox.kashflow.office import Office
from sandbox.kashflow.products import Products
from sandbox.kashflow.sums import line_vat
from sandbox.kashflow.values import ZERO, Row, money

#: Reference kashflow.md section 3.2; a line has no stable id, only its place.
LINE_FIELDS: list[Field] = [
    *wholes("Number", "NominalCode", "ProjectNumber"),
    *texts("Description", "ProductCode", "TaxCode"),
    *optional_amounts("Quantity", "VATLevel", "VATAmount"),
    *amounts("Rate", "Disallowed", "HomeCurrencyRate", "HomeCurrencyVATAmount"),
    *flags("VATExempt", "ApplyTax1", "ApplyTax2", "ApplyTax3", "ApplyTax4", "ApplyTax5"),
]
LINE = Form(LINE_FIELDS)

_UNTAXED_ABROAD = {f"Tax{number}Amount": ZERO for number in range(1, 6)}


class Lines:
    def __init__(
        self, office: Office, nominals: Nominals, products: Products, *, default_nominal: int
    ) -> None:
        self._office = office
        self._nominals = nominals
        self._products = products
        self._default_nominal = default_nominal

    def checked(self, lines: list[Row], contact: Row) -> list[Row]:
        """The lines numbered by their place, with what was left out. Raises Problem 400 for an unknown nominal."""
        return [self._filled(line, place, contact) for place, line in enumerate(lines, 1)]

    def view(self, line: Row) -> Row:
        nominal = self._nominals.register.find(line["NominalCode"])
        product = self._products.register.find((line["NominalCode"], line["ProductCode"]))
        return (
            line
            | _UNTAXED_ABROAD
            | {
                "NominalId": nominal["Id"] if nominal else 0,
                "NominalName": nominal["Name"] if nominal else "",
                "ProductName": product["Name"] if product else "",
                "ProjectName": "",
                "DisableDisallowed": False,
            }
        )

    def nominal_name(self, line: Row) -> str:
        return str(self.view(line)["NominalName"])

    def _filled(self, line: Row, place: int, contact: Row) -> Row:
        line = line | {"Number": place, "Quantity": _or(line["Quantity"], money(1))}
        line["NominalCode"] = line["NominalCode"] or contact["DefaultNominalCode"] or self._default_nominal
        self._nominals.check(line["NominalCode"])
        # A missing level picks up the account's rate; nought has to be sent (section 4, quirk 12).
        usual = ZERO if line["VATExempt"] else self._office.default_vat_rate
        line["VATLevel"] = _or(line["VATLevel"], usual)
        line["VATAmount"] = _or(line["VATAmount"], line_vat(line))
        return line


def _or(value: Any, otherwise: Any) -> Any:
    return otherwise if value is None else value
