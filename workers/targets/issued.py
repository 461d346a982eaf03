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
from workers.review import Credit, agrees, propose_credit
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
    model, net = as_noun(work.model, Invoice), _net(billed)
    # KashFlow works out each line for itself: a penny a line is no news (reference kashflow.md, quirk 13).
    if abs(net - model.net) * 100 <= len(model.lines):
        return agrees(desk, work, Reason("resolve", "already_invoiced", text))
    credit = Credit(number, model.reference, net, model.net)
    said = (
        f"KashFlow has billed {net:.2f} net, the deal says {model.net:.2f} now: {credit.in_words} with the reference "
        f"{credit.reference} would settle it"
    )
    return propose_credit(desk, work, credit, f"{text}. {said}")


def no_longer_sold(desk: Desk, work: Work, reason: Reason) -> Settlement:
    """The end of a record that is deleted or does not meet its flow's condition, as `reason` says; one that was invoiced
    before keeps its invoice."""
    if not work.flow.write_back:
        return work.ends(Unchanged(reason))
    record_id = work.delivery.record_id
    link = desk.ledger.links_by_salesforce_id("invoice", work.delivery.entity, [record_id]).get(record_id)
    if link is None:
        return work.ends(Unchanged(reason))
    number = link.kashflow_key
    try:
        invoice = _invoice(desk, work, int(number))
        reference = str(invoice.get("CustomerReference") or "")
        net = _net(_with_its_kin(desk, work, invoice, reference))
    except NotFound:
        return work.ends(Unchanged(reason))
    except ConnectorError as error:
        return work.ends(ending_of(error, work.delivery, "understand", desk))
    if not net:
        return agrees(desk, work, reason)
    text = (
        f"{reason.text}; it is invoice {number} already, which stays as it is: if the deal is off, a credit note over {net:.2f} "
        f"with the reference {reference} would settle it"
    )
    return propose_credit(desk, work, Credit(number, reference, net, Decimal(0)), text)


def is_credit_note(row: Mapping[str, Any]) -> bool:
    """A credit note is an invoice with negative amounts (reference kashflow.md section 3.2)."""
    gross = read_decimal(row.get("GrossAmount"))
    return gross is not None and gross < 0


def _billed(desk: Desk, work: Work, number: int) -> list[Mapping[str, Any]]:
    """The invoice and whatever bears its reference: a credit note that was made for it counts against it."""
    reference = as_noun(work.model, Invoice).reference
    rows = _with_reference(desk, work, reference)
    if any(str(row.get("Number")) == str(number) for row in rows):
        return rows
    return [_invoice(desk, work, number), *rows]


def _with_its_kin(
    desk: Desk, work: Work, invoice: Mapping[str, Any], reference: str
) -> list[Mapping[str, Any]]:
    """The invoice and the others of its reference."""
    others = _with_reference(desk, work, reference) if reference else []
    return [invoice, *(row for row in others if row.get("Number") != invoice.get("Number"))]


def _with_reference(desk: Desk, work: Work, reference: str) -> list[Mapping[str, Any]]:
    return list(
        desk.kashflow_meter.call(
            lambda: desk.kashflow.invoices.find_by_reference(reference), priority=work.flow.priority
        )
    )


def _invoice(desk: Desk, work: Work, number: int) -> Mapping[str, Any]:
    return desk.kashflow_meter.call(lambda: desk.kashflow.invoices.get(number), priority=work.flow.priority)


def _net(rows: Iterable[Mapping[str, Any]]) -> Decimal:
    return sum((read_decimal(row.get("NetAmount")) or Decimal(0) for row in rows), Decimal(0))
