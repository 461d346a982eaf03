"""Making an invoice from what was sold, to the penny of what the deal says. Reads no system's fields."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from canonical.invoice import InvoiceLine
from canonical.money import pence, share, times, vat_on


def line_for(
    *,
    quantity: Decimal,
    unit_price: Decimal,
    total: Decimal,
    vat_rate: Decimal,
    description: str = "",
    nominal_code: str = "",
    product_code: str = "",
) -> InvoiceLine:
    """The invoice line whose net is exactly `total` (in pence), whatever discount or odd price led to it.

    KashFlow multiplies a rate of two decimals by the quantity (reference kashflow.md section 4, quirk 13). Where
    no such rate gives `total`, the line becomes one piece at `total`, and its description says how many at what
    price that stands for.
    """
    net = pence(total)
    rate = _rate(quantity, unit_price, net)
    if rate is None:
        description = _said(description, quantity, unit_price, net)
        quantity, rate = Decimal(1), net
    return InvoiceLine(
        description=description,
        quantity=quantity,
        rate=rate,
        net=net,
        vat_rate=vat_rate,
        vat=vat_on(net, vat_rate),
        nominal_code=nominal_code,
        product_code=product_code,
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


def plain(number: Decimal) -> str:
    """`number` as a person writes it: no exponent, no trailing zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
