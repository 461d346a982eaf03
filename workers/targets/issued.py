"""A deal that is invoiced already: the invoice stays as it is, and a difference is put to a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from canonical.invoice import Invoice
from connectors.errors import ConnectorError, NotFound
from connectors.kashflow.values import read_decimal
from ledger.deliveries import Settlement
from ledger.endings import Reason, Unchanged
from ledger.links import Link
from workers.classify import ending_of
from workers.desk import Desk
from workers.review import CreditProposed, propose_credit
from workers.work import Work, as_noun


def already_invoiced(desk: Desk, work: Work, link: Link) -> Settlement:
    """The end of a deal with this invoice. What KashFlow has billed under its reference is compared with what it says now."""
    number = link.kashflow_key
    try:
        billed = _billed(desk, work, int(number))
    except NotFound:
        text = f"it was invoice {number}, which KashFlow does not have any more; an issued invoice is not made again"
        return work.ends(Unchanged(Reason("resolve", "invoice_is_gone", text)))
    except ConnectorError as error:
        return work.ends(ending_of(error, work.delivery, "resolve", desk))
    text = f"it is invoice {number} already; an issued invoice is not rewritten"
    model, billed_net = as_noun(work.model, Invoice), _net(billed)
    difference = billed_net - model.net
    # KashFlow works out each line for itself: a penny a line is no news (reference kashflow.md, quirk 13).
    if abs(difference) * 100 <= len(model.lines):
        return work.ends(Unchanged(Reason("resolve", "already_invoiced", text)))
    proposal = CreditProposed(number, model.reference, difference)
    return propose_credit(work, proposal, f"{text}. {_said(model.reference, billed_net, model.net)}")


def no_longer_sold(desk: Desk, work: Work, unmet: str) -> Settlement:
    """The end of a record that does not meet its flow's condition; one that was invoiced before keeps its invoice."""
    reason = Reason("understand", "condition_not_met", unmet)
    if not work.flow.write_back:
        return work.ends(Unchanged(reason))
    record_id = work.delivery.record_id
    link = desk.ledger.links_by_salesforce_id("invoice", work.delivery.entity, [record_id]).get(record_id)
    if link is None:
        return work.ends(Unchanged(reason))
    text = (
        f"{unmet}; it is invoice {link.kashflow_key} already, which stays as it is: if the deal is off, a credit note would "
        "settle it"
    )
    return propose_credit(work, CreditProposed(link.kashflow_key, "", None), text)


def is_credit_note(row: Mapping[str, Any]) -> bool:
    """A credit note is an invoice with negative amounts (reference kashflow.md section 3.2)."""
    gross = read_decimal(row.get("GrossAmount"))
    return gross is not None and gross < 0


def _billed(desk: Desk, work: Work, number: int) -> list[Mapping[str, Any]]:
    """The invoice and whatever bears its reference: a credit note that was made for it counts against it."""
    reference = as_noun(work.model, Invoice).reference
    rows = desk.kashflow_meter.call(
        lambda: desk.kashflow.invoices.find_by_reference(reference), priority=work.flow.priority
    )
    if any(str(row.get("Number")) == str(number) for row in rows):
        return list(rows)
    invoice = desk.kashflow_meter.call(
        lambda: desk.kashflow.invoices.get(number), priority=work.flow.priority
    )
    return [invoice, *rows]


def _net(rows: Iterable[Mapping[str, Any]]) -> Decimal:
    return sum((read_decimal(row.get("NetAmount")) or Decimal(0) for row in rows), Decimal(0))


def _said(reference: str, billed: Decimal, wanted: Decimal) -> str:
    amount = abs(billed - wanted)
    what = f"a credit note over {amount:.2f}" if billed > wanted else f"a further invoice over {amount:.2f}"
    return (
        f"KashFlow has billed {billed:.2f} net, the deal says {wanted:.2f} now: {what} with the reference {reference} "
        "would settle it"
    )
