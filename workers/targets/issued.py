"""A deal that is invoiced already: the invoice stays as it is, and a difference is put to a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from canonical.change import Change
from canonical.invoice import Invoice
from connectors.errors import ConnectorError, NotFound
from connectors.kashflow.values import read_decimal, read_id
from ledger.deliveries import Settlement, delivery_of
from ledger.endings import LinkFound, NotNow, Reason, Unchanged
from ledger.intents import Intent
from ledger.links import Link
from mappings.problems import MappingProblem
from mappings.soql import quoted
from workers.classify import ending_of
from workers.desk import Desk
from workers.review import Credit, agrees, propose_credit
from workers.targets.deals import invoiced_by
from workers.work import Work, as_noun


def already_invoiced(desk: Desk, work: Work, link: Link) -> Settlement:
    """The end of a deal with this invoice. What KashFlow has billed under its reference is compared with what it says now."""
    number = link.kashflow_key
    try:
        billed = _billed(desk, work, int(number))
        elsewhere = _billed_elsewhere(desk, work, billed)
    except NotFound:
        text = f"it was invoice {number}, which KashFlow does not have any more; an issued invoice is not made again"
        return work.ends(Unchanged(Reason("resolve", "invoice_is_gone", text)))
    except ConnectorError as error:
        return work.ends(ending_of(error, work.delivery, "resolve", desk))
    text = f"it is invoice {number} already; an issued invoice is not rewritten"
    model = as_noun(work.model, Invoice)
    if astray := _net(elsewhere):
        credit = Credit(number, model.reference, astray, Decimal(0))
        said = (
            f"KashFlow has billed {astray:.2f} net to another customer or in another currency than the deal's by now: "
            f"{credit.in_words} with the reference {credit.reference} would take it back"
        )
        return propose_credit(desk, work, credit, f"{text}. {said}")
    net = _net(row for row in billed if row not in elsewhere)
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
    try:
        if link is None:
            return _maybe_invoiced(desk, work, reason)
        return _off(desk, work, reason, _invoice(desk, work, int(link.kashflow_key)))
    except NotFound:
        return work.ends(Unchanged(reason))
    except ConnectorError as error:
        return work.ends(ending_of(error, work.delivery, "understand", desk))


def _maybe_invoiced(desk: Desk, work: Work, reason: Reason) -> Settlement:
    """An earlier attempt may have made the invoice, and nobody else will look for it any more."""
    doubt = _doubt(desk, work)
    if doubt is None:
        return work.ends(Unchanged(reason))
    settled_at = doubt.sent_at + timedelta(seconds=desk.rules.doubt_seconds)
    if desk.clock() < settled_at:
        text = f"{reason.text}; an invoice may be on its way, and is looked for when it must have shown"
        return work.ends(NotNow(settled_at, Reason("understand", "in_doubt", text)))
    rows = [row for row in _with_reference(desk, work, doubt.stamp) if not is_credit_note(row)]
    if len(rows) != 1:
        # None was made, or several, of which the reason why this deal is off says nothing.
        return work.ends(Unchanged(reason), closes=() if rows else (doubt.stamp,))
    (row,) = rows
    found = invoice_of(desk, _as_read(desk, work), row)
    return replace(_off(desk, work, reason, row), closes=(doubt.stamp,), **found)


def _as_read(desk: Desk, work: Work) -> Work:
    """The work in our words, where it can be put into them: an Order tells the deal that it is of."""
    if work.record is None:
        return work
    try:
        return replace(work, model=desk.book.mapping(work.flow.reads).read(work.record, desk.context()))
    except MappingProblem:
        return work


def _doubt(desk: Desk, work: Work) -> Intent | None:
    """The create of this record's invoice of which nobody knows what became; records of one deal share a lock."""
    key = work.delivery.lock_key
    for intent in desk.ledger.open_intents_under([key]).get(key, []):
        told = desk.ledger.delivery(intent.delivery_id)
        if told is not None and told.record_id == work.delivery.record_id:
            return intent
    return None


def _off(desk: Desk, work: Work, reason: Reason, invoice: Mapping[str, Any]) -> Settlement:
    """The end of a deal that is off and has this invoice: settled once a credit note takes all of it back."""
    number, reference = str(invoice.get("Number")), str(invoice.get("CustomerReference") or "")
    others = _with_reference(desk, work, reference) if reference else []
    net = _net([invoice, *(row for row in others if row.get("Number") != invoice.get("Number"))])
    if not net:
        return agrees(desk, work, reason)
    text = (
        f"{reason.text}; it is invoice {number} already, which stays as it is: if the deal is off, a credit note over {net:.2f} "
        f"with the reference {reference} would settle it"
    )
    return propose_credit(desk, work, Credit(number, reference, net, Decimal(0)), text)


def invoice_of(
    desk: Desk, work: Work, row: Mapping[str, Any], *, snapshot: str | None = None
) -> dict[str, Any]:
    """What a settlement says of an invoice that is this record's: its links, and the delivery that shows it, with `snapshot`.

    Raises Unreadable when the row does not say which invoice it is.
    """
    kashflow_id, number = read_id(row.get("Id")), read_id(row.get("Number"))
    change = Change(
        source="kashflow",
        entity="Invoice",
        record_id=kashflow_id,
        version=f"created for {work.delivery.id}",
        kind="created",
        occurred_at=desk.clock(),
    )
    return {
        "link": LinkFound("invoice", work.flow.source_entity, work.delivery.record_id, kashflow_id, number),
        "more_links": invoiced_by(work, kashflow_id, number),
        "follow_ups": (delivery_of(change, work.onward(desk.book.flow(work.flow.write_back)), snapshot),),
    }


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


def _billed_elsewhere(desk: Desk, work: Work, billed: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of the rows those in another currency than the deal's, or to the customer of another Account than it is of now."""
    model = as_noun(work.model, Invoice)
    others = _customers_of_others(desk, work, billed, model.customer.account_id)
    return [
        row
        for row in billed
        if str(row.get("CustomerId") or "") in others
        or ((row.get("Currency") or {}).get("Code") or model.currency) != model.currency
    ]


def _customers_of_others(
    desk: Desk, work: Work, billed: Iterable[Mapping[str, Any]], account_id: str
) -> set[str]:
    """An Account that is gone is nobody else: it may have been merged into the deal's, and its invoices with it."""
    billed_to = {str(row.get("CustomerId") or "") for row in billed} - {""}
    links = desk.ledger.links_by_kashflow_id("customer", billed_to)
    others = {one.salesforce_id: key for key, one in links.items() if one.salesforce_id != account_id}
    if not others:
        return set()
    named = ", ".join(quoted(one) for one in sorted(others))
    # Ids that the ledger keeps, in quotes all the same.
    statement = f"SELECT Id FROM Account WHERE Id IN ({named})"  # noqa: S608
    found = desk.salesforce_meter.call(lambda: desk.salesforce.query(statement), priority=work.flow.priority)
    return {others[str(row["Id"])] for row in found if row.get("Id") in others}


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
