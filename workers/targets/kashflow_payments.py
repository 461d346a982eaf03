"""Payments in KashFlow: added to their invoice once, found again by their stamp, never rewritten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from canonical.change import Change
from canonical.payment import Payment
from connectors.errors import ConnectorError, NotFound, Refused
from connectors.kashflow.values import read_decimal, read_id
from ledger.deliveries import NewDelivery, Settlement, deliveries_of
from ledger.endings import Dead, Delivered, Failed, LinkFound, NotNow, Reason, Unchanged
from workers.abreast import abreast
from workers.classify import ending_of, in_doubt
from workers.desk import Desk
from workers.once import NotSent, doubtful, may_have_been_made, send_once
from workers.work import Progress, Work, as_noun, known

PAYMENT = "payment"


class KashFlowPayments:
    """A payment is a line of its invoice, and KashFlow takes only whole invoices (reference kashflow.md section 3.3). So
    whoever adds one does it under the lock of the invoice: intent first, then read, look for the stamp, change, write."""

    def resolve(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        # Doubts before links: whoever settles in between closes the doubt and leaves the link.
        doubts = desk.ledger.open_intents([_stamp(work) for work in works])
        entity = works[0].flow.source_entity
        links = desk.ledger.links_by_salesforce_id(PAYMENT, entity, [w.delivery.record_id for w in works])
        for work in works:
            link, number = links.get(work.delivery.record_id), _model(work).invoice_number
            if link is not None:
                text = (
                    f"it is payment {link.kashflow_key} already; a payment that was entered is not rewritten"
                )
                yield work.ends(Unchanged(Reason("resolve", "already_entered", text)))
            elif number is None:
                yield _without_invoice(desk, work)
            elif work.delivery.lock_key != _lock(number):
                text = f"it waits its turn with the other payments of invoice {number}"
                reason = Reason("resolve", "takes_the_invoices_lock", text)
                yield work.ends(NotNow(desk.clock(), reason), lock_key=_lock(number))
            else:
                yield replace(work, doubt=doubts.get(_stamp(work)))

    def compare(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        """What may still be under way over there has to show first; the look itself belongs right before the write."""
        for work in works:
            until = work.doubt and work.doubt.sent_at + timedelta(seconds=desk.rules.doubt_seconds)
            if until and desk.clock() < until:
                text = "an earlier attempt may still be carried out; it is looked for when it must have shown"
                yield work.ends(NotNow(until, Reason("compare", "in_doubt", text)))
            else:
                yield work

    def send(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        yield from abreast(desk, _enter, works)


def _model(work: Work) -> Payment:
    return as_noun(work.model, Payment)


def _stamp(work: Work) -> str:
    return f"payment {_model(work).stamp}"


def _lock(number: int) -> str:
    return f"invoice_payments:{number}"


def _without_invoice(desk: Desk, work: Work) -> Settlement:
    """Its invoice may be on its way."""
    text = "what it pays has no invoice in KashFlow yet; name its Invoice, Opportunity or Order"
    reason = Reason("resolve", "no_invoice", text)
    if work.delivery.attempts + 1 >= desk.rules.max_attempts:
        return work.ends(Dead(reason))
    wait = desk.rules.backoff(work.delivery.attempts + 1, desk.rng)
    return work.ends(Failed(desk.clock() + timedelta(seconds=wait), reason))


def _enter(desk: Desk, work: Work) -> Progress:
    number = _number(work)
    try:
        invoice = desk.kashflow_meter.call(
            lambda: desk.kashflow.invoices.get(number), priority=work.flow.priority
        )
        _check(work, invoice)
        line = _ours(invoice, work)
        if line is not None:
            return _entered(desk, work, invoice, line, "found payment", "made by an earlier attempt")
        after = send_once(
            desk,
            work,
            _stamp(work),
            _model(work).stamp,
            lambda: desk.kashflow.payments.add(invoice, known(work.payload, "the payload")),
        )
        return _settled(desk, work, after)
    except NotSent as nothing:
        return work.ends(nothing.ending)
    except NotFound:
        text = f"KashFlow has no invoice {number} any more; name another one, or drop this"
        return work.ends(Dead(Reason("send", "invoice_is_gone", text)), closes=(_stamp(work),))
    except ConnectorError as error:
        if may_have_been_made(error):
            return doubtful(desk, work, error)
        return work.ends(ending_of(error, work.delivery, "send", desk), closes=(_stamp(work),))


def _settled(desk: Desk, work: Work, answer: Mapping[str, Any]) -> Settlement:
    """After a write that was answered: its line is there, or the next attempt looks for it."""
    number = _number(work)
    try:
        invoice = (
            answer
            if _ours(answer, work)
            else desk.kashflow_meter.call(
                lambda: desk.kashflow.invoices.get(number), priority=work.flow.priority
            )
        )
    except ConnectorError as error:
        return doubtful(desk, work, error)
    line = _ours(invoice, work)
    if line is None:
        text = f"KashFlow took the payment and does not show it in invoice {number} yet"
        return work.ends(in_doubt(work.delivery, Reason("send", "not_readable_yet", text), desk))
    return _entered(desk, work, invoice, line, "entered payment", _overpaid(invoice))


def _number(work: Work) -> int:
    return known(_model(work).invoice_number, "the invoice's number")


def _check(work: Work, invoice: Mapping[str, Any]) -> None:
    """Raises Refused when it is another invoice than was meant, or one of another currency."""
    model, currency = _model(work), (invoice.get("Currency") or {}).get("Code")
    if model.invoice_id and str(invoice.get("Id")) != model.invoice_id:
        text = f"the number {model.invoice_number} is another invoice's by now; the one that is paid was renumbered"
        raise Refused(text, system="kashflow", code="renumbered")
    if currency and currency != model.amount.currency:
        text = f"invoice {model.invoice_number} is in {currency}, and the payment in {model.amount.currency}"
        raise Refused(text, system="kashflow", code="currency")


def _ours(invoice: Mapping[str, Any], work: Work) -> Mapping[str, Any] | None:
    """The line that carries our stamp."""
    stamp = _model(work).stamp
    lines = invoice.get("PaymentLines") or []
    return next((line for line in lines if stamp in str(line.get("Note") or "").split()), None)


def _overpaid(invoice: Mapping[str, Any]) -> str:
    gross, paid = (
        read_decimal(invoice.get(name)) or Decimal(0) for name in ("GrossAmount", "TotalPaidAmount")
    )
    return f"which overpays it by {paid - gross:.2f}" if 0 < gross < paid else ""


def _entered(
    desk: Desk, work: Work, invoice: Mapping[str, Any], line: Mapping[str, Any], done: str, also: str
) -> Settlement:
    number, line_id = _number(work), read_id(line.get("Id"))
    note = f"{done} {line_id} of invoice {number}" + (f", {also}" if also else "")
    return work.ends(
        Delivered(note),
        link=LinkFound(
            PAYMENT, work.flow.source_entity, work.delivery.record_id, line_id, f"{number}/{line_id}"
        ),
        follow_ups=tuple(_news_of(desk, work, invoice)),
        closes=(_stamp(work),),
    )


def _news_of(desk: Desk, work: Work, invoice: Mapping[str, Any]) -> list[NewDelivery]:
    """What Salesforce shows of the invoice, and of the payment itself, follows at once."""
    invoice_id = str(invoice.get("Id") or "")
    link = desk.ledger.links_by_kashflow_id("invoice", [invoice_id]).get(invoice_id)
    change = Change(
        source="kashflow",
        entity="Invoice",
        record_id=invoice_id,
        version=f"paid by {work.delivery.id}",
        kind="updated",
        occurred_at=desk.clock(),
        hint={"key": str(_number(work))},
    )
    shown_on = link.salesforce_entity if link else ""
    flows = [work.onward(flow) for flow in desk.book.flows_for("kashflow", "Invoice")]
    return deliveries_of([change], lambda _: [f for f in flows if f.key or f.target_object == shown_on])
