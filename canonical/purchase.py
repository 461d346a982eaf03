"""What a supplier billed us: a purchase invoice by its header; its lines stay in KashFlow."""

from __future__ import annotations

from datetime import date
from typing import Self

from pydantic import model_validator

from canonical.money import Currency, Pence
from canonical.shape import Noun, Text


class PurchaseInvoice(Noun):
    """One purchase. `gross` is `net` + `vat`."""

    supplier_code: Text
    supplier_name: str = ""
    #: The supplier's own number of it.
    reference: str = ""
    issued_on: date
    due_on: date | None = None
    currency: Currency = "GBP"
    net: Pence
    vat: Pence
    gross: Pence
    paid: Pence
    id: str = ""
    number: int | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.gross != self.net + self.vat:
            raise ValueError(f"gross {self.gross} is not net {self.net} + vat {self.vat}")
        return self
