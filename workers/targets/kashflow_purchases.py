"""Purchases in KashFlow: entered once, found again by their stamp, never rewritten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from canonical.change import Change
from canonical.purchase import PurchaseInvoice
from connectors.errors import ConnectorError
from connectors.kashflow.values import read_id
from ledger.deliveries import Settlement, deliveries_of
from ledger.endings import Dead, Delivered, LinkFound, NotNow, Reason, Unchanged
from ledger.intents import Intent
from workers.abreast import abreast
from workers.classify import ending_of
from workers.desk import Desk
from workers.once import NotSent, doubtful, may_have_been_made, send_once
from workers.prerequisite import wait_for
from workers.targets.kashflow_suppliers import SUPPLIER
from workers.work import Progress, Work, as_noun, known

PURCHASE = "purchase"


class KashFlowPurchases:
    """A purchase is made by POST, which is not idempotent: intent first, stamp in SupplierReference, and after any doubt a
    look for the stamp before sending again (reference kashflow.md section 3.8 and quirk 3)."""

    def resolve(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        # Doubts before links: whoever settles in between closes the doubt and leaves the link.
        doubts = desk.ledger.open_intents([_stamp(work) for work in works])
        entity = works[0].flow.source_entity
        links = desk.ledger.links_by_salesforce_id(PURCHASE, entity, [w.delivery.record_id for w in works])
        for work in works:
            link = links.get(work.delivery.record_id)
            if link is not None:
                text = f"it is purchase {link.kashflow_key} already; a purchase that was entered is not rewritten"
                yield work.ends(Unchanged(Reason("resolve", "already_entered", text)))
            else:
                doubt = doubts.get(_stamp(work)) or _suspected(work)
                yield _with_supplier(desk, replace(work, doubt=doubt))

    def compare(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        """Look for the purchase where an earlier attempt may have made it."""
        yield from (work for work in works if work.doubt is None)
        yield from abreast(desk, _look, [work for work in works if work.doubt is not None])

    def send(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        yield from abreast(desk, _create, works)


def _model(work: Work) -> PurchaseInvoice:
    return as_noun(work.model, PurchaseInvoice)


def _stamp(work: Work) -> str:
    return f"purchase {_model(work).stamp}"


def _suspected(work: Work) -> Intent | None:
    """Somebody suspects that it was entered before, and nobody here knows of it: only a look can tell."""
    if not work.may_be_made:
        return None
    delivery = work.delivery
    return Intent(_stamp(work), work.flow.queue, delivery.id, _model(work).stamp, delivery.occurred_at)


def _with_supplier(desk: Desk, work: Work) -> Progress:
    """The same, with the supplier's code; its supplier is brought first where KashFlow has none for it yet."""
    model = _model(work)
    if model.supplier_code:
        return work
    flow = desk.book.flow(work.flow.needs)
    links = desk.ledger.links_by_salesforce_id(SUPPLIER, flow.source_entity, [model.supplier_id])
    if model.supplier_id not in links:
        return wait_for(desk, work, flow, model.supplier_id, what=f"its supplier {model.supplier_id}")
    code = links[model.supplier_id].kashflow_key
    return replace(work, model=model.model_copy(update={"supplier_code": code}))


def _look(desk: Desk, work: Work) -> Progress:
    settled_at = known(work.doubt, "the doubt").sent_at + timedelta(seconds=desk.rules.doubt_seconds)
    if desk.clock() < settled_at:
        text = "an earlier attempt may still be carried out; it is looked for when it must have shown"
        return work.ends(NotNow(settled_at, Reason("compare", "in_doubt", text)))
    stamp, code = _model(work).stamp, _model(work).supplier_code
    try:
        found = desk.kashflow_meter.call(
            lambda: desk.kashflow.purchases.find_by_stamp(stamp, supplier_code=code),
            priority=work.flow.priority,
            calls=2,
        )
    except ConnectorError as error:
        return work.ends(ending_of(error, work.delivery, "compare", desk))
    match found:
        case []:
            return work
        case [row]:
            return _entered(
                desk, work, row, f"found purchase {row.get('Number')}, made by an earlier attempt"
            )
        case rows:
            numbers = ", ".join(str(row.get("Number")) for row in rows)
            text = (
                f"KashFlow has purchases {numbers} with the reference {stamp}; delete the copies, then replay"
            )
            return work.ends(Dead(Reason("compare", "several_with_stamp", text)))


def _create(desk: Desk, work: Work) -> Settlement:
    body, stamp = known(work.payload, "the payload"), _model(work).stamp
    try:
        row = send_once(desk, work, _stamp(work), stamp, lambda: desk.kashflow.purchases.create(body))
        return _entered(desk, work, row, f"entered purchase {row.get('Number')}")
    except NotSent as nothing:
        return work.ends(nothing.ending)
    except ConnectorError as error:
        if may_have_been_made(error):
            return doubtful(desk, work, error)
        return work.ends(ending_of(error, work.delivery, "send", desk), closes=(_stamp(work),))


def _entered(desk: Desk, work: Work, row: Mapping[str, Any], note: str) -> Settlement:
    """Its record in Salesforce gets KashFlow's id and number at once.

    Raises Unreadable when the row does not say which purchase it is.
    """
    kashflow_id, number = read_id(row.get("Id")), read_id(row.get("Number"))
    change = Change(
        source="kashflow",
        entity="Purchase",
        record_id=kashflow_id,
        version=f"created for {work.delivery.id}",
        kind="created",
        occurred_at=desk.clock(),
        hint={"key": number},
    )
    return work.ends(
        Delivered(note),
        link=LinkFound(PURCHASE, work.flow.source_entity, work.delivery.record_id, kashflow_id, number),
        follow_ups=tuple(
            deliveries_of([change], lambda _: map(work.onward, desk.book.flows_for("kashflow", "Purchase")))
        ),
        closes=(_stamp(work),),
    )
