"""What a supplier billed us: a purchase invoice whose figures add up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, model_validator

from canonical.invoice import InvoiceLine, InvoiceStatus
from canonical.money import Currency, Pence
from canonical.raising import SoldLine, line_for, totals
from canonical.shape import CustomValue, Noun, Text


class PurchaseInvoice(Noun):
    """One purchase. `gross` is `net` + `vat`; where the lines are known they add up to these."""

    #: KashFlow's code of the supplier, or the Salesforce record of one that has none yet.
    supplier_code: str = ""
    supplier_id: str = ""
    supplier_name: str = ""
    #: The supplier's own number of it.
    reference: str = ""
    #: Our stamp, which tells our own purchases from everybody else's, and the Salesforce record that it names.
    stamp: str = ""
    salesforce_id: str = ""
    issued_on: date
    due_on: date | None = None
    currency: Currency = "GBP"
    lines: tuple[InvoiceLine, ...] = ()
    net: Pence
    vat: Pence
    gross: Pence
    paid: Pence = Decimal("0.00")
    due: Pence | None = None
    paid_on: date | None = None
    status: InvoiceStatus = InvoiceStatus.UNKNOWN
    #: KashFlow's stable id and its number for people; blank and None until there is a purchase.
    id: str = ""
    number: int | None = None
    url: str = ""
    #: Values of fields that only this installation has, by a name its mapping files chose.
    custom: Mapping[str, CustomValue] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_a_supplier_and_adds_up(self) -> Self:
        if not (self.supplier_code or self.supplier_id):
            raise ValueError("needs the supplier's supplier_code or supplier_id")
        if self.gross != self.net + self.vat:
            raise ValueError(f"gross {self.gross} is not net {self.net} + vat {self.vat}")
        for field, said in (("net", self.net), ("vat", self.vat)):
            summed = sum((getattr(line, field) for line in self.lines), Decimal(0))
            if self.lines and said != summed:
                raise ValueError(f"{field} {said} is not the sum of its lines, {summed}")
        return self


class Bill(Noun):
    """What was bought, as a person enters it: a `PurchaseInvoice` before its figures are worked out."""

    supplier_code: str = ""
    supplier_id: str = ""
    supplier_name: str = ""
    reference: str = ""
    stamp: Text
    issued_on: date
    due_on: date | None = None
    currency: Currency = "GBP"
    lines: Annotated[tuple[SoldLine, ...], Field(min_length=1)]
    #: KashFlow's id, where it is there already.
    id: str = ""
    custom: Mapping[str, CustomValue] = Field(default_factory=dict)


def purchase_for(bill: Bill) -> PurchaseInvoice:
    """The purchase invoice that enters `bill`."""
    lines = tuple(line_for(bought) for bought in bill.lines)
    given = {name: getattr(bill, name) for name in Bill.model_fields if name != "lines"}
    return PurchaseInvoice(lines=lines, **given, **totals(lines))
