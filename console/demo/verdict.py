"""Compares what both worlds hold with what the story says, record by record, over their own APIs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.kashflow.client import KashFlowClient
from connectors.kashflow.values import read_decimal
from connectors.salesforce.rest import SalesforceClient
from console.demo.actors import Played
from console.demo.story import Outcome
from ledger.deliveries import Delivery
from ledger.endings import State
from ledger.ledger import Ledger
from ledger.overview import deliveries_of

#: What an Opportunity shows of its invoice, and the invoice's own field.
_SHOWN = {
    "KashFlow_Invoice_Number__c": "Number",
    "KashFlow_Invoice_Id__c": "Id",
    "KashFlow_Invoice_Status__c": "Status",
    "KashFlow_Net__c": "NetAmount",
    "KashFlow_VAT__c": "VATAmount",
    "KashFlow_Gross__c": "GrossAmount",
}


@dataclass(frozen=True)
class Finding:
    """One deal held against both worlds; `faults` is empty when all is as the story says."""

    played: Played
    invoice_number: int | None
    net: Decimal | None
    vat: Decimal | None
    gross: Decimal | None
    #: From the close of the deal to its invoice number on the Opportunity.
    seconds: float | None
    faults: tuple[str, ...]


def examine(
    played: Sequence[Played],
    *,
    salesforce: SalesforceClient,
    kashflow: KashFlowClient,
    ledger: Ledger,
    known_customers: Mapping[str, int],
) -> list[Finding]:
    """One finding a deal. `known_customers` counts KashFlow's customers by name before the story began."""
    summaries = kashflow.invoices.list().rows
    customers = kashflow.customers.list().rows
    opportunities = _opportunities(salesforce, played)
    findings = []
    for one in played:
        mine = [row for row in summaries if row.get("CustomerReference") == f"SF-{one.opportunity_id}"]
        invoice = kashflow.invoices.get(int(mine[0]["Number"])) if len(mine) == 1 else None
        same_name = [row for row in customers if row["Name"] == one.deal.buyer.name]
        with ledger.reading() as connection:
            deliveries = deliveries_of(connection, [one.opportunity_id])
        faults = (
            *_count_faults(one, mine),
            *_invoice_faults(one, invoice, same_name),
            *_customer_faults(one, same_name, known_customers),
            *_opportunity_faults(one, opportunities[one.opportunity_id], invoice),
            *_ending_faults(one, deliveries),
        )
        findings.append(_finding(one, invoice, _written_back_at(ledger, invoice), faults))
    return findings


def stray_invoices(kashflow: KashFlowClient, played: Sequence[Played]) -> list[str]:
    """References of ours in KashFlow that belong to no deal of the story."""
    ours = {f"SF-{one.opportunity_id}" for one in played}
    references = (str(row.get("CustomerReference") or "") for row in kashflow.invoices.list().rows)
    return [reference for reference in references if reference.startswith("SF-") and reference not in ours]


def _opportunities(client: SalesforceClient, played: Sequence[Played]) -> dict[str, Mapping[str, Any]]:
    rows = client.collections_retrieve("Opportunity", [one.opportunity_id for one in played], ["Id", *_SHOWN])
    return {row["Id"]: row for row in rows if row is not None}


def _count_faults(one: Played, mine: Sequence[object]) -> Iterable[str]:
    wanted = 1 if one.deal.outcome is Outcome.INVOICED else 0
    if len(mine) != wanted:
        yield f"{len(mine)} invoices instead of {wanted}"


def _invoice_faults(
    one: Played, invoice: Mapping[str, Any] | None, customers: Sequence[Mapping[str, Any]]
) -> Iterable[str]:
    if invoice is None:
        return
    wanted = {
        "NetAmount": Decimal(one.deal.net),
        "VATAmount": Decimal(one.deal.vat),
        "GrossAmount": one.deal.gross,
    }
    for field, value in wanted.items():
        if read_decimal(invoice[field]) != value:
            yield f"{field} is {invoice[field]} instead of {value}"
    if invoice["CustomerCode"] not in [row["Code"] for row in customers]:
        yield f"billed to {invoice['CustomerCode']} instead of {one.deal.buyer.name}"


def _customer_faults(
    one: Played, customers: Sequence[Mapping[str, Any]], known: Mapping[str, int]
) -> Iterable[str]:
    before = known.get(one.deal.buyer.name, 0)
    dead = one.deal.outcome is Outcome.DEAD_LETTER
    wanted = before if dead else max(before, 1)
    if len(customers) != wanted:
        yield f"{len(customers)} customers called {one.deal.buyer.name} instead of {wanted}"


def _opportunity_faults(
    one: Played, opportunity: Mapping[str, Any], invoice: Mapping[str, Any] | None
) -> Iterable[str]:
    for shown, field in _SHOWN.items():
        there, wanted = opportunity.get(shown), None if invoice is None else invoice[field]
        same = read_decimal(there) == read_decimal(wanted) if "Amount" in field else str(there) == str(wanted)
        if not same:
            yield f"the Opportunity shows {shown} {there} instead of {wanted}"


def _ending_faults(one: Played, deliveries: Sequence[Delivery]) -> Iterable[str]:
    dead = [delivery for delivery in deliveries if delivery.state is State.DEAD]
    if one.deal.outcome is not Outcome.DEAD_LETTER:
        yield from (f"dead letter: {delivery.reason_text}" for delivery in dead)
    elif not any(one.deal.says in str(delivery.reason_text) for delivery in dead):
        yield f"no dead letter says {one.deal.says!r}"


def _written_back_at(ledger: Ledger, invoice: Mapping[str, Any] | None) -> datetime | None:
    if invoice is None:
        return None
    with ledger.reading() as connection:
        deliveries = deliveries_of(connection, [str(invoice["Id"])])
    return min((d.ended_at for d in deliveries if d.ended_at and d.state is State.DELIVERED), default=None)


def _finding(
    one: Played, invoice: Mapping[str, Any] | None, shown_at: datetime | None, faults: tuple[str, ...]
) -> Finding:
    seconds = (shown_at - one.closed_at).total_seconds() if shown_at and one.closed_at else None
    if invoice is None:
        return Finding(one, None, None, None, None, seconds, faults)
    net, vat, gross = (read_decimal(invoice[name]) for name in ("NetAmount", "VATAmount", "GrossAmount"))
    return Finding(one, int(invoice["Number"]), net, vat, gross, seconds, faults)
