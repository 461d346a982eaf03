"""What should be: buyers, deals and payments as people made them, and what both worlds must hold because of it. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

_CENT = Decimal("0.01")
HOME_RATE = Decimal(20)


class Stage(StrEnum):
    """Where a deal stands; the values are Salesforce's stage names."""

    OPEN = "Proposal/Price Quote"
    WON = "Closed Won"
    LOST = "Closed Lost"


@dataclass(frozen=True)
class Product:
    """An entry of the price book; a `vat_rate` that KashFlow has not set up makes a dead letter."""

    entry_id: str
    code: str
    price: Decimal
    vat_rate: Decimal
    is_billable: bool = True


@dataclass(frozen=True)
class Buyer:
    account_id: str
    contact_id: str
    name: str
    postcode: str


@dataclass
class Line:
    """One product of a deal; its total is the price times the quantity."""

    line_id: str
    product: Product
    quantity: int

    @property
    def net(self) -> Decimal:
        return self.product.price * self.quantity

    @property
    def vat(self) -> Decimal:
        return _cents(self.net * self.product.vat_rate / 100)


@dataclass(frozen=True)
class Bill:
    """What an invoice of a deal says."""

    net: Decimal
    vat: Decimal

    @property
    def gross(self) -> Decimal:
        return self.net + self.vat


@dataclass
class Deal:
    """An Opportunity. `bills` are those of every moment at which it was to be invoiced, the latest last."""

    deal_id: str
    buyer: Buyer
    amount: Decimal
    lines: list[Line] = field(default_factory=list)
    stage: Stage = Stage.OPEN
    is_deleted: bool = False
    bills: list[Bill] = field(default_factory=list)

    @property
    def net(self) -> Decimal:
        return sum((line.net for line in self.lines), Decimal(0)) if self.lines else self.amount

    @property
    def must_be_invoiced(self) -> bool:
        return self.stage is Stage.WON and self.net > 0 and not self.is_deleted

    @property
    def may_be_invoiced(self) -> bool:
        """It was to be invoiced at some moment, and nobody knows whether Kashforce looked just then."""
        return bool(self.bills)

    @property
    def is_billable(self) -> bool:
        return all(line.product.is_billable for line in self.lines)

    def committed(self) -> None:
        """Salesforce holds the deal as it is now."""
        if self.must_be_invoiced and self.is_billable and self._bill() not in self.bills:
            self.bills.append(self._bill())

    def _bill(self) -> Bill:
        if self.lines:
            return Bill(self.net, sum((line.vat for line in self.lines), Decimal(0)))
        return Bill(self.amount, _cents(self.amount * HOME_RATE / 100))


@dataclass
class Model:
    """All that people did, as it must show in the end."""

    buyers: list[Buyer] = field(default_factory=list)
    deals: dict[str, Deal] = field(default_factory=dict)
    #: Opportunities that a rule of Salesforce lets nobody write to: the cause of dead letters of the write-back.
    guarded: set[str] = field(default_factory=set)
    #: Payments by invoice number.
    payments: dict[int, list[Decimal]] = field(default_factory=dict)

    def deals_in(self, stage: Stage) -> Sequence[Deal]:
        return [deal for deal in self.deals.values() if deal.stage is stage and not deal.is_deleted]


def status_of(gross: Decimal, paid: Decimal) -> str:
    """What the Opportunity calls an invoice that is not due yet, of which so much is paid."""
    if paid == 0:
        return "Unpaid"
    if paid < gross:
        return "Part paid"
    return "Paid" if paid == gross else "Overpaid"


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)
