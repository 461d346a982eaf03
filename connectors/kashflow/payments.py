"""How a payment is added to an invoice: by writing the whole invoice, or through a payments resource where there is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

from connectors.kashflow.reading import Row
from connectors.kashflow.resources import Invoices
from connectors.kashflow.wire import Wire

#: The published API has no payments resource (reference kashflow.md section 3.3); an account may offer one all the same.
Way = Literal["invoice", "resource"]


class Payments(Protocol):
    """One way to add a payment. Not idempotent: after any doubt the caller looks at the invoice before it adds again."""

    def add(self, invoice: Mapping[str, Any], line: Mapping[str, Any]) -> Row:
        """Add `line` to what `Invoices.get` just brought; the invoice after it, or an empty row where the answer does not
        show it. Raises any ConnectorError."""


class OnTheInvoice:
    """Full replacement: every line that is there goes along with its Id, or it would be gone (section 3.3, quirk 7)."""

    def __init__(self, wire: Wire) -> None:
        self._invoices = Invoices(wire)

    def add(self, invoice: Mapping[str, Any], line: Mapping[str, Any]) -> Row:
        lines = [*(invoice.get("PaymentLines") or []), {"Id": 0, **line}]
        return self._invoices.update(int(invoice["Number"]), {**invoice, "PaymentLines": lines})


class ByResource:
    """`POST /payments` with the line and the invoice's number; its shape is a guess by analogy with the lines."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def add(self, invoice: Mapping[str, Any], line: Mapping[str, Any]) -> Row:
        self._wire.write("POST", "payments", {**line, "InvoiceNumber": int(invoice["Number"])})
        return {}


def payments_by(way: Way, wire: Wire) -> Payments:
    """The way that this account is asked in."""
    return ByResource(wire) if way == "resource" else OnTheInvoice(wire)
