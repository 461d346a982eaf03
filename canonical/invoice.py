"""A sales invoice whose figures add up, or it is refused; how one is made from a deal is in `raising`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from canonical.address import Address
from canonical.money import Currency, Number, Pence, VatRate, times
from canonical.payment import Payment
from canonical.shape import CustomValue, Noun


class InvoiceStatus(StrEnum):
    """How far an invoice is paid."""

    UNKNOWN = "unknown"
    UNPAID = "unpaid"
    PART_PAID = "part_paid"
    PAID = "paid"
    OVERPAID = "overpaid"
    OVERDUE = "overdue"
    #: The invoice is worth nothing, so nothing is owed.
    NOTHING_DUE = "nothing_due"


class CustomerKey(Noun):
    """Which customer an invoice is for, by whatever its source knows: Salesforce an account, KashFlow a code."""

    account_id: str = ""
    code: str = ""
    name: str = ""

    @model_validator(mode="after")
    def _someone(self) -> Self:
        if not (self.account_id or self.code):
            raise ValueError("needs the customer's account_id or code")
        return self


class InvoiceLine(Noun):
    """One line. `net` is `quantity` x `rate` rounded half up; `vat` is what the invoice says it is."""

    description: str = ""
    quantity: Number
    #: Net price of one.
    rate: Number
    net: Pence
    vat_rate: VatRate
    vat: Pence
    vat_exempt: bool = False
    nominal_code: str = ""
    product_code: str = ""

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.net != times(self.quantity, self.rate):
            raise ValueError(f"net {self.net} is not quantity {self.quantity} x rate {self.rate}")
        if self.vat_exempt and self.vat:
            raise ValueError(f"vat {self.vat} on an exempt line")
        return self


class Invoice(Noun):
    """One sales invoice; a credit note is one with negative figures.

    `lines` may be empty when only the header is known (a KashFlow list row): then only the header must add up.
    """

    #: Our stamp or the customer's order number: what KashFlow shows as CustomerReference.
    reference: str = ""
    #: The Salesforce record that our stamp in the reference names; blank where it is not ours.
    salesforce_id: str = ""
    customer: CustomerKey
    address: Address | None = None
    issued_on: date
    due_on: date | None = None
    currency: Currency = "GBP"
    lines: tuple[InvoiceLine, ...] = ()
    #: What was paid of it, or paid back, where that is known line by line.
    payments: tuple[Payment, ...] = ()
    net: Pence
    vat: Pence
    gross: Pence
    paid: Pence = Decimal("0.00")
    due: Pence | None = None
    paid_on: date | None = None
    status: InvoiceStatus = InvoiceStatus.UNKNOWN
    #: KashFlow's stable id and its number for people; blank and None until there is an invoice.
    id: str = ""
    number: int | None = None
    #: What is sold only once, whichever record it is invoiced from: the Opportunity; blank where there is none.
    deal: str = ""
    #: The number of an invoice that the deal itself shows, blank when it shows none.
    shown_number: str = ""
    #: Where a person can look at it.
    url: str = ""
    #: Values of fields that only this installation has, by a name its mapping files chose.
    custom: Mapping[str, CustomValue] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.gross != self.net + self.vat:
            raise ValueError(f"gross {self.gross} is not net {self.net} + vat {self.vat}")
        if self.lines:
            self._lines_give("net", self.net, sum((line.net for line in self.lines), Decimal(0)))
            self._lines_give("vat", self.vat, sum((line.vat for line in self.lines), Decimal(0)))
        return self

    @model_validator(mode="after")
    def _is_due_after_it_is_issued(self) -> Self:
        if self.due_on is not None and self.due_on < self.issued_on:
            raise ValueError(f"due_on {self.due_on} is before issued_on {self.issued_on}")
        return self

    def _lines_give(self, field: str, said: Decimal, summed: Decimal) -> None:
        if said != summed:
            raise ValueError(f"{field} {said} is not the sum of its lines, {summed}")
