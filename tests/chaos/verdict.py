"""Holds both worlds against the model, record by record: what is lost, doubled, wrong, or dead without a known cause."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from ledger.deliveries import DELIVERY_COLUMNS, Delivery
from ledger.endings import State
from ledger.ledger import Ledger
from ledger.tables import DeliveryRow
from tests.chaos.model import Bill, Buyer, Deal, Model, status_of

LOST, DUPLICATED, WRONG, UNEXPLAINED = "lost", "duplicated", "wrong", "unexplained"

Row = Mapping[str, Any]
#: What an Opportunity shows of its invoice; amounts last.
_SHOWN = {"KashFlow_Invoice_Number__c": "Number", "KashFlow_Invoice_Id__c": "Id"}
_AMOUNTS = {
    "KashFlow_Net__c": "NetAmount",
    "KashFlow_VAT__c": "VATAmount",
    "KashFlow_Gross__c": "GrossAmount",
    "KashFlow_Due__c": "DueAmount",
}


@dataclass(frozen=True)
class Finding:
    """Something that should not be. `kind` is one of the four words above."""

    kind: str
    subject: str
    text: str


@dataclass(frozen=True)
class Verdict:
    findings: Sequence[Finding]
    invoices: int
    customers: int
    #: Dead letters by the cause that the storm knows of.
    explained: Mapping[str, int]

    @property
    def counts(self) -> Mapping[str, int]:
        found = Counter(finding.kind for finding in self.findings)
        return {kind: found[kind] for kind in (LOST, DUPLICATED, WRONG, UNEXPLAINED)}


class Worlds:
    """What both worlds hold, indexed for the comparison."""

    def __init__(
        self, salesforce: Mapping[str, Sequence[Row]], kashflow: Mapping[str, Sequence[Row]]
    ) -> None:
        self.opportunities = {str(row["Id"]): row for row in salesforce["Opportunity"]}
        self.invoices: dict[str, list[Row]] = defaultdict(list)
        for row in kashflow["invoices"]:
            reference = str(row.get("CustomerReference") or "")
            if reference.startswith("SF-"):
                self.invoices[reference.removeprefix("SF-")].append(row)
        self.customers: dict[str, list[Row]] = defaultdict(list)
        for row in kashflow["customers"]:
            self.customers[str(row["Name"])].append(row)


def judge(model: Model, worlds: Worlds, ledger: Ledger) -> Verdict:
    """Everything that is not as the people of the storm would expect."""
    dead, told = _dead_letters(ledger), _last_told(ledger)
    causes = {delivery.id: _cause(delivery, model, worlds) for delivery in dead}
    findings = [
        *(finding for deal in model.deals.values() for finding in _deal(deal, model, worlds, told)),
        *(finding for buyer in model.buyers for finding in _buyer(buyer, model, worlds)),
        *(
            Finding(UNEXPLAINED, f"{one.queue} {one.record_id}", str(one.reason_text))
            for one in dead
            if not causes[one.id]
        ),
        *(
            Finding(DUPLICATED, f"invoice {row['Number']}", "belongs to no deal that anybody made")
            for deal_id, rows in worlds.invoices.items()
            if deal_id not in model.deals
            for row in rows
        ),
    ]
    return Verdict(
        findings,
        invoices=sum(map(len, worlds.invoices.values())),
        customers=sum(1 for buyer in model.buyers if worlds.customers.get(buyer.name)),
        explained=dict(Counter(cause for cause in causes.values() if cause)),
    )


def _deal(deal: Deal, model: Model, worlds: Worlds, told: Mapping[str, str]) -> Iterator[Finding]:
    invoices = worlds.invoices.get(deal.deal_id, [])
    subject = f"opportunity {deal.deal_id}"
    if len(invoices) > 1:
        numbers = ", ".join(str(row["Number"]) for row in invoices)
        yield Finding(DUPLICATED, subject, f"has the invoices {numbers}")
    if not invoices and deal.must_be_invoiced and deal.is_billable:
        yield Finding(
            LOST, subject, f"is won and has no invoice; {told.get(deal.deal_id, 'it was never heard of')}"
        )
    for invoice in invoices:
        yield from (Finding(WRONG, subject, text) for text in _invoice(deal, invoice, model, worlds))
    if not deal.is_deleted and len(invoices) < 2 and deal.deal_id not in model.guarded:
        shown = worlds.opportunities[deal.deal_id]
        known = invoices[0] if invoices else None
        yield from (Finding(WRONG, subject, text) for text in _shown(shown, known, model))


def _invoice(deal: Deal, invoice: Row, model: Model, worlds: Worlds) -> Iterator[str]:
    bill = Bill(_money(invoice["NetAmount"]), _money(invoice["VATAmount"]))
    if not deal.may_be_invoiced:
        yield f"has invoice {invoice['Number']} and was never to be invoiced"
    elif bill not in deal.bills:
        yield f"invoice {invoice['Number']} says {bill}, the deal said {deal.bills}"
    codes = [row["Code"] for row in worlds.customers.get(deal.buyer.name, [])]
    if invoice["CustomerCode"] not in codes:
        yield f"invoice {invoice['Number']} is billed to {invoice['CustomerCode']} instead of {codes}"
    paid = sum(model.payments.get(int(invoice["Number"]), []), Decimal(0))
    there = sum((_money(line["Amount"]) for line in invoice.get("PaymentLines") or []), Decimal(0))
    if paid != there:
        yield f"invoice {invoice['Number']} has payments of {there}, people paid {paid}"


def _shown(opportunity: Row, invoice: Row | None, model: Model) -> Iterator[str]:
    for name, field in _SHOWN.items():
        there, wanted = opportunity.get(name), None if invoice is None else str(invoice[field])
        if (None if there is None else str(there)) != wanted:
            yield f"shows {name} {there} instead of {wanted}"
    if invoice is None:
        return
    for name, field in _AMOUNTS.items():
        there = opportunity.get(name)
        if there is None or _money(there) != _money(invoice[field]):
            yield f"shows {name} {there} instead of {invoice[field]}"
    paid = sum(model.payments.get(int(invoice["Number"]), []), Decimal(0))
    status = status_of(_money(invoice["GrossAmount"]), paid)
    if opportunity.get("KashFlow_Invoice_Status__c") != status:
        yield f"shows {opportunity.get('KashFlow_Invoice_Status__c')!r} instead of {status!r}"


def _buyer(buyer: Buyer, model: Model, worlds: Worlds) -> Iterator[Finding]:
    rows = worlds.customers.get(buyer.name, [])
    subject = f"account {buyer.account_id}"
    if len(rows) > 1:
        codes = ", ".join(str(row["Code"]) for row in rows)
        yield Finding(DUPLICATED, subject, f"has the customers {codes}")
    deals = [deal for deal in model.deals.values() if deal.buyer is buyer]
    if not rows and any(deal.must_be_invoiced and deal.is_billable for deal in deals):
        yield Finding(LOST, subject, "has a won deal and is no customer")
    if rows and not any(deal.may_be_invoiced for deal in deals):
        yield Finding(WRONG, subject, f"became customer {rows[0]['Code']} without a deal to invoice")
    for row in rows:
        if buyer.account_id not in str(row["Note"]):
            yield Finding(WRONG, subject, f"customer {row['Code']} does not carry the account's id")
        if row["Addresses"][0]["PostCode"] != buyer.postcode:
            yield Finding(
                WRONG, subject, f"customer {row['Code']} has the postcode {row['Addresses'][0]['PostCode']}"
            )


def _dead_letters(ledger: Ledger) -> list[Delivery]:
    with ledger.reading() as connection:
        rows = connection.execute(
            select(*DELIVERY_COLUMNS).where(DeliveryRow.state == State.DEAD).order_by(DeliveryRow.id)
        )
        return [Delivery.from_row(row) for row in rows]


def _last_told(ledger: Ledger) -> dict[str, str]:
    """What the newest delivery of each Opportunity says became of it."""
    with ledger.reading() as connection:
        rows = connection.execute(
            select(
                DeliveryRow.record_id,
                DeliveryRow.queue,
                DeliveryRow.state,
                DeliveryRow.reason_text,
                DeliveryRow.id,
            )
            .where(DeliveryRow.queue == "kashflow.invoice")
            .order_by(DeliveryRow.id)
        )
        return {row.record_id: f"delivery {row.id} is {row.state}: {row.reason_text}" for row in rows}


def _cause(delivery: Delivery, model: Model, worlds: Worlds) -> str:
    """What the storm did that makes this dead letter right; blank when it did nothing of the kind."""
    if delivery.entity == "Opportunity":
        deal = model.deals.get(delivery.record_id)
        if deal and not deal.is_billable:
            return "a product with a VAT rate that KashFlow does not know"
        return "the Opportunity was deleted" if deal and deal.is_deleted else ""
    written = [
        deal_id
        for deal_id, rows in worlds.invoices.items()
        for row in rows
        if str(row["Id"]) == delivery.record_id
    ]
    if any(deal_id in model.guarded for deal_id in written):
        return "a validation rule that lets nobody write to the Opportunity"
    if any(model.deals[deal_id].is_deleted for deal_id in written if deal_id in model.deals):
        return "the Opportunity was deleted"
    return ""


def _money(value: Any) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.01"))
