"""Sales invoices in KashFlow: created once, found again by their stamp, never rewritten."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import structlog

from canonical.invoice import Invoice
from connectors.errors import ConnectorError
from connectors.kashflow.values import read_decimal
from ledger.deliveries import Settlement
from ledger.endings import Dead, Delivered, NotNow, Reason
from ledger.intents import Intent
from ledger.links import Link
from workers.abreast import abreast
from workers.classify import ending_of
from workers.desk import Desk
from workers.once import NotSent, doubtful, may_have_been_made, send_once
from workers.prerequisite import wait_for
from workers.targets.deals import Deals
from workers.targets.issued import already_invoiced, invoice_of, is_credit_note
from workers.work import Progress, Work, as_noun, known

log = structlog.get_logger("kashforce.invoices")


class KashFlowInvoices:
    """A KashFlow invoice is made by POST, which is not idempotent: intent first, stamp in CustomerReference, and after
    any doubt a look for the stamp before sending again (reference kashflow.md, quirk 3)."""

    def resolve(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        # Doubts before links: whoever settles in between closes the doubt and leaves the link.
        doubts = desk.ledger.open_intents([_model(work).reference for work in works])
        entity = works[0].flow.source_entity
        invoices = desk.ledger.links_by_salesforce_id(
            "invoice", entity, [w.delivery.record_id for w in works]
        )
        customers = desk.ledger.links_by_salesforce_id(
            "customer", "Account", [_model(w).customer.account_id for w in works]
        )
        deals = Deals.of(desk, works)
        for work in works:
            model = _model(work)
            if work.delivery.record_id in invoices:
                yield already_invoiced(desk, work, invoices[work.delivery.record_id])
            elif ended := deals.ends(work):
                yield ended
            elif model.customer.account_id in customers:
                doubt = doubts.get(model.reference) or _doubt_from_source(work)
                yield _for_customer(work, customers[model.customer.account_id], doubt)
            else:
                yield _wait_for_customer(desk, work)

    def compare(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        """Look for the invoice where an earlier attempt may have made it."""
        yield from (work for work in works if work.doubt is None)
        doubted = [work for work in works if work.doubt is not None]
        yield from abreast(desk, _look, doubted)

    def send(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        yield from abreast(desk, _create, works)


def _model(work: Work) -> Invoice:
    return as_noun(work.model, Invoice)


def _for_customer(work: Work, customer: Link, doubt: Intent | None) -> Work:
    """The same, for the customer's code over there."""
    model = _model(work)
    key = model.customer.model_copy(update={"code": customer.kashflow_key})
    return replace(work, model=model.model_copy(update={"customer": key}), link=customer, doubt=doubt)


def _doubt_from_source(work: Work) -> Intent | None:
    """The source shows an invoice number that we know nothing of: the ledger is younger than the invoice, or the
    record is a copy of another. Only a look can tell; or somebody suspects as much."""
    if not _model(work).shown_number and not work.may_be_made:
        return None
    reference = _model(work).reference
    return Intent(reference, work.flow.queue, work.delivery.id, reference, work.delivery.occurred_at)


def _wait_for_customer(desk: Desk, work: Work) -> Settlement:
    """The customer is read from the record that is to be invoiced, and made under the lock of its Account."""
    account_id = _model(work).customer.account_id
    flow, what = desk.book.flow(work.flow.needs), f"its customer, Account {account_id},"
    return wait_for(desk, work, flow, work.delivery.record_id, what=what, lock_id=account_id)


def _look(desk: Desk, work: Work) -> Progress:
    settled_at = known(work.doubt, "the doubt").sent_at + timedelta(seconds=desk.rules.doubt_seconds)
    if desk.clock() < settled_at:
        text = (
            "an earlier attempt may still be carried out over there; it is looked for when it must have shown"
        )
        return work.ends(NotNow(settled_at, Reason("compare", "in_doubt", text)))
    reference, code = _model(work).reference, known(work.link, "the customer's link").kashflow_key
    try:
        found = desk.kashflow_meter.call(
            lambda: desk.kashflow.invoices.find_by_reference(reference, customer_code=code),
            priority=work.flow.priority,
            calls=2,
        )
    except ConnectorError as error:
        return work.ends(ending_of(error, work.delivery, "compare", desk))
    match [row for row in found if not is_credit_note(row)]:
        case []:
            return work
        case [row]:
            note = f"found invoice {row.get('Number')}, made by an earlier attempt"
            return _delivered(desk, work, row, note)
        case rows:
            numbers = ", ".join(str(row.get("Number")) for row in rows)
            text = f"KashFlow has invoices {numbers} with the reference {reference}; delete the copies, then replay"
            return work.ends(Dead(Reason("compare", "several_with_stamp", text)))


def _create(desk: Desk, work: Work) -> Settlement:
    body, reference = known(work.payload, "the payload"), _model(work).reference
    try:
        row = send_once(desk, work, reference, reference, lambda: desk.kashflow.invoices.create(body))
        note = f"created invoice {row.get('Number')}"
        return _delivered(desk, work, row, note, snapshot=_header_of(row))
    except NotSent as nothing:
        return work.ends(nothing.ending)
    except ConnectorError as error:
        if may_have_been_made(error):
            return doubtful(desk, work, error)
        return work.ends(ending_of(error, work.delivery, "send", desk), closes=(reference,))


def _delivered(
    desk: Desk, work: Work, row: Mapping[str, Any], note: str, *, snapshot: str | None = None
) -> Settlement:
    """The end of a delivery whose invoice exists. `snapshot` goes along with the write-back.

    Raises Unreadable when the row does not say which invoice it is.
    """
    return work.ends(
        Delivered(note + _drift(work, row)),
        closes=(_model(work).reference,),
        **invoice_of(desk, work, row, snapshot=snapshot),
    )


def _header_of(row: Mapping[str, Any]) -> str:
    """What KashFlow just told us of the invoice, so that the write-back need not ask a slow API for it again."""
    header = {name: value for name, value in row.items() if not isinstance(value, list | Mapping)}
    return json.dumps(header, default=str)


def _drift(work: Work, row: Mapping[str, Any]) -> str:
    """KashFlow works the totals out itself: a penny of difference is not hidden (quirk 13)."""
    theirs = read_decimal(row.get("GrossAmount"))
    ours = _model(work).gross
    if theirs is None or theirs == ours:
        return ""
    log.warning("totals_drift", delivery=work.delivery.id, difference=str(Decimal(theirs) - ours))
    return f"; KashFlow's gross is {theirs:.2f}, the deal's {ours:.2f}"
