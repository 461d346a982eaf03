"""Compares the road from deals to invoices: deals without one, links that lead nowhere, invoices that no link knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from canonical.invoice import Invoice
from connectors.salesforce.ids import to_18
from console.operations.requeue import One
from console.tieout.findings import Point, Shown, Unread
from console.tieout.shown import said
from console.tieout.sides import BEFORE_US, Sides
from ledger.links import Link
from mappings.flows import Flow
from workers.rehearsal import Rehearsed, Would
from workers.work import LOOK

#: Has an invoice looked for by its stamp before it is made.
LOOKED_FOR = {LOOK: "yes"}
_NOUN = "invoice"


@dataclass(frozen=True)
class Stamped:
    """An invoice that carries the stamp of a record of ours."""

    kashflow_id: str
    number: str
    salesforce_id: str
    reference: str


def stamped_invoices(sides: Sides, flow: Flow) -> list[Stamped]:
    """The invoices of the period that carry our stamp; a credit note carries that of what it credits. `flow` is any that
    starts from them."""
    found = []
    for kashflow_id, model in sides.models(flow).items():
        if isinstance(model, Invoice) and model.gross >= 0 and (stamp := _id(model.salesforce_id)):
            number = sides.key(flow.source_entity, kashflow_id)
            found.append(Stamped(kashflow_id, number, stamp, model.reference))
    return found


def compare_deals(sides: Sides, flow: Flow, stamped: list[Stamped]) -> set[str]:
    """Every deal of the period, or with an invoice of it, along `flow`; answers with the stamps whose record is there."""
    linked = sides.linked(_NOUN)
    dated = sides.date_field(flow.reads, "read")
    ids = [str(row["Id"]) for row in sides.rows(flow.source_entity, [], sides.dated_in_period(dated))]
    by_stamp = {one.salesforce_id: one for one in stamped}
    ours = [link for link in linked.values() if link.salesforce_entity == flow.source_entity]
    links = {link.salesforce_id: link for link in ours}
    invoices = sides.in_period(sides.desk.book.flow(flow.write_back))
    billed = (link.salesforce_id for link in ours if link.kashflow_id in invoices)
    ids = list(dict.fromkeys([*ids, *by_stamp, *billed]))
    there = set()
    for one in sides.rehearse(flow, ids, dict.fromkeys(ids, LOOKED_FOR)):
        if one.would is Would.GONE and one.record_id not in links:
            continue
        there.add(one.record_id)
        invoice, link = by_stamp.get(one.record_id), links.get(one.record_id)
        if invoice is not None and not (link is not None and _is_billed_by(sides, flow, invoice, link)):
            _unlinked(sides, flow, invoice, [link, linked.get(invoice.kashflow_id)])
        else:
            _Deal(sides, flow, one, link).tell()
    return there


def tell_lost_deals(sides: Sides, stamped: list[Stamped], there: set[str]) -> None:
    """Invoices with our stamp whose deal Salesforce does not show."""
    for one in stamped:
        if one.salesforce_id not in there:
            text = f"KashFlow invoice {one.number} has our stamp of {one.salesforce_id}, which Salesforce does not show"
            sides.findings.add(
                _NOUN,
                one.number,
                Point(text),
                salesforce_id=one.salesforce_id,
                kashflow_id=one.kashflow_id,
            )


def _is_billed_by(sides: Sides, flow: Flow, invoice: Stamped, link: Link) -> bool:
    """Is the deal linked with this invoice, or with another one that carries its stamp? A further invoice may settle what
    the first one billed too little."""
    if link.kashflow_id == invoice.kashflow_id:
        return True
    back = sides.desk.book.flow(flow.write_back)
    reference = sides.desk.book.mapping(back.reads).field_for("reference", "read")
    row = sides.listed(back.source_entity).rows.get(link.kashflow_id, {})
    return row.get(reference) == invoice.reference


def _unlinked(sides: Sides, flow: Flow, invoice: Stamped, wrong: list[Link | None]) -> None:
    stamp = f"KashFlow invoice {invoice.number} has our stamp"
    links = [link for link in wrong if link is not None]
    pairs = ", ".join(
        dict.fromkeys(f"{link.salesforce_id} with invoice {link.kashflow_key}" for link in links)
    )
    text = (
        f"wrong link: {stamp} of {invoice.salesforce_id}, and the ledger links {pairs}"
        if links
        else f"no link: {stamp}"
    )
    forgets = tuple(dict.fromkeys((_NOUN, link.salesforce_entity, link.salesforce_id) for link in links))
    mend = One(flow.name, invoice.salesforce_id, hint=LOOKED_FOR, forgets=forgets)
    sides.findings.add(
        _NOUN,
        invoice.number,
        Point(text, mend=mend),
        salesforce_id=invoice.salesforce_id,
        kashflow_id=invoice.kashflow_id,
    )


@dataclass(frozen=True)
class _Deal:
    sides: Sides
    flow: Flow
    one: Rehearsed
    link: Link | None

    def tell(self) -> None:
        """What is wrong with a deal, if anything is."""
        text = self._why()
        if self.one.would is Would.LATER:
            record = self.link.kashflow_key if self.link else self.one.record_id
            self.sides.findings.unread.append(Unread(_NOUN, record, text))
        elif text:
            has_mend = self.one.would is not Would.GONE
            mend = One(self.flow.name, self.one.record_id, hint=LOOKED_FOR) if has_mend else None
            self.sides.findings.add(
                _NOUN,
                self.link.kashflow_key if self.link else self._found_number() or self.one.record_id,
                Point(text, self._amounts(), mend, self._subject(), self._known()),
                name=self._name(),
                salesforce_id=self.one.record_id,
                kashflow_id=self.link.kashflow_id if self.link else "",
            )

    def _why(self) -> str:
        reason = self.one.reason
        text = reason.text if reason else ""
        if reason is not None and reason.code == "gone":
            return ""  # and what it was billed has been taken back
        match self.one.would:
            case Would.UNCHANGED | Would.CHANGE:
                return ""
            case Would.CREATE | Would.NEED:
                return f"missing in KashFlow: the {self.flow.source_entity} meets the condition and has no invoice"
            case Would.LINK:
                return f"no link: KashFlow invoice {self._found_number()} has our stamp"
            case Would.REVIEW | Would.DEAD | Would.GONE | Would.LATER:
                return text

    def _subject(self) -> str:
        asked = self.one.ended.asked if self.one.ended else None
        return next((question.subject for question in asked.questions), "") if asked else ""

    def _known(self) -> str:
        is_new = self.one.would in (Would.CREATE, Would.NEED, Would.DEAD)
        return BEFORE_US if is_new and self.sides.is_older_than_we(self.flow, self.one) else ""

    def _found_number(self) -> str:
        link = self.one.ended.link if self.one.ended else None
        return link.kashflow_key if link else ""

    def _amounts(self) -> tuple[Shown, ...]:
        model = self.one.work.model if self.one.work else None
        if self.one.would is not Would.REVIEW or self.link is None or not isinstance(model, Invoice):
            return ()
        rows: Mapping[str, Mapping[str, object]] = self.sides.listed("Invoice").rows
        billed = rows.get(self.link.kashflow_id, {}).get("NetAmount")
        return (Shown("net", said(model.net), said(billed)),)

    def _name(self) -> str:
        record = self.one.work.record if self.one.work else None
        return str((record or {}).get("Name") or "")


def _id(stamp: str) -> str:
    """A stamp names a record of ours only if it is an id."""
    try:
        return to_18(stamp)
    except ValueError:
        return ""
