"""Making an invoice from what was sold, to the penny of what the deal says. Reads no system's fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from canonical.address import Address
from canonical.invoice import CustomerKey, Invoice, InvoiceLine
from canonical.money import Currency, Number, VatRate, pence, plain, share, times, vat_on
from canonical.shape import CustomValue, Noun, Text


class SoldLine(Noun):
    """One line of a deal: `total` is what the customer pays for it net, after any discount."""

    description: str = ""
    quantity: Number
    #: List price of one; used only to say where `total` came from.
    unit_price: Number
    total: Number
    vat_rate: VatRate
    nominal_code: str = ""
    product_code: str = ""


class Sale(Noun):
    """A deal that is to be invoiced: an `Invoice` before its figures are worked out."""

    reference: Text
    customer: CustomerKey
    address: Address | None = None
    issued_on: date
    due_on: date | None = None
    currency: Currency = "GBP"
    lines: Annotated[tuple[SoldLine, ...], Field(min_length=1)]
    deal: str = ""
    shown_number: str = ""
    custom: Mapping[str, CustomValue] = Field(default_factory=dict)


def invoice_for(sale: Sale) -> Invoice:
    """The invoice that bills `sale`."""
    lines = tuple(line_for(sold) for sold in sale.lines)
    return Invoice(
        reference=sale.reference,
        customer=sale.customer,
        address=sale.address,
        issued_on=sale.issued_on,
        due_on=sale.due_on,
        currency=sale.currency,
        lines=lines,
        deal=sale.deal,
        shown_number=sale.shown_number,
        custom=sale.custom,
        **totals(lines),
    )


def line_for(sold: SoldLine) -> InvoiceLine:
    """The invoice line whose net is exactly `sold.total` in pence, whatever discount or odd price led to it.

    KashFlow multiplies a rate of two decimals by the quantity (reference kashflow.md section 4, quirk 13). Where
    no such rate gives the total, the line becomes one piece at the total, and its description says how many at
    what price that stands for.
    """
    description, quantity, net = sold.description, sold.quantity, pence(sold.total)
    rate = _rate(quantity, sold.unit_price, net)
    if rate is None:
        description = _said(description, quantity, sold.unit_price, net)
        quantity, rate = Decimal(1), net
    return InvoiceLine(
        description=description,
        quantity=quantity,
        rate=rate,
        net=net,
        vat_rate=sold.vat_rate,
        vat=vat_on(net, sold.vat_rate),
        nominal_code=sold.nominal_code,
        product_code=sold.product_code,
    )


def totals(lines: Iterable[InvoiceLine]) -> dict[str, Decimal]:
    """The header figures of `lines`: net, vat and gross."""
    net = vat = Decimal("0.00")
    for line in lines:
        net += line.net
        vat += line.vat
    return {"net": net, "vat": vat, "gross": net + vat}


def _rate(quantity: Decimal, unit_price: Decimal, net: Decimal) -> Decimal | None:
    """The price in whole pence that gives `net`: the deal's own where it does, else the nearest, else None."""
    candidates = (pence(unit_price), share(net, quantity)) if quantity else ()
    return next((rate for rate in candidates if times(quantity, rate) == net), None)


def _said(description: str, quantity: Decimal, unit_price: Decimal, net: Decimal) -> str:
    """`description` with the quantity and price that could not be kept as figures."""
    discount = "" if times(quantity, unit_price) == net else " less discount"
    return f"{description} ({plain(quantity)} \N{MULTIPLICATION SIGN} {plain(unit_price)}{discount})".strip()
