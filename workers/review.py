"""What a person has to decide. The one place to put such a thing down; so far its sentence is the delivery's ending."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ledger.deliveries import Settlement
from ledger.endings import Reason, Unchanged
from workers.work import Work


@dataclass(frozen=True)
class CreditProposed:
    """An invoice that says another amount than its deal does now. `difference` is what is billed too much, net; negative
    where it is too little, None where the deal is off altogether."""

    invoice_number: str
    reference: str
    difference: Decimal | None


def propose_credit(work: Work, proposal: CreditProposed, text: str) -> Settlement:
    """The end of a delivery whose invoice is issued and whose deal has changed since: `text`, for the bookkeeper."""
    return work.ends(Unchanged(Reason("resolve", "differs_from_invoice", text)))
