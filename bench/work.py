"""The work that throughput is measured with: invoices as KashFlow tells of them, to be shown on their Opportunities."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from canonical.change import Change
from connectors.salesforce.ids import to_18
from console.bootstrap import utc_now
from ledger.deliveries import NewDelivery
from ledger.deliveries import delivery_of as delivery_on
from ledger.endings import LinkFound
from mappings.book import Book
from mappings.context import Context

#: The flow that every change takes.
FLOW = "invoice_to_opportunity"
_CONTEXT = Context(
    vat_rates=frozenset(),
    today=date(2026, 3, 10),
    tables={"payment_methods": {}},
)


def events(count: int, turn: int) -> list[str]:
    """So many change events as JSON, each of another invoice; those of another `turn` tell other amounts."""
    return [_event(number, turn) for number in range(count)]


def _event(number: int, turn: int) -> str:
    """As KashFlow answers the POST of an invoice, but for lists and what is nested: what a write-back is told."""
    net = Decimal(100 + number % 900 + turn)
    vat, gross = net / 5, net * 6 / 5
    return json.dumps(
        {
            "Id": 810_000 + number,
            "Number": 1_000 + number,
            "ProjectNumber": 0,
            "SuppressNumber": 0,
            "CustomerReference": f"SF-{opportunity(number)}",
            "IssuedDate": "2026-03-10 12:00:00",
            "DueDate": "2026-04-09 12:00:00",
            "UseCustomDeliveryAddress": False,
            "IsCISReverseCharge": False,
            "AutomaticCreditControlEnabled": False,
            "IsArchived": False,
            "Permalink": "/v2/documents/invoice/ef6ff52c-ad66-4ad7-a971-e87a8de8010e",
            "PackingSlipPermalink": "/v2/documents/packingslip/9af207a9-6235-4e05-ba8f-96336e59f3c6",
            "EmailCount": 0,
            "FileCount": 0,
            "CreatedDate": "2026-03-10 12:00:00",
            "VATReturnId": 0,
            "NetAmount": f"{net:.4f}",
            "VATAmount": f"{vat:.4f}",
            "GrossAmount": f"{gross:.4f}",
            "TotalPaidAmount": "0.0000",
            "CustomerCode": "LARK01",
            "CustomerName": "Larkfield Ceramics Ltd",
            "DueAmount": f"{gross:.4f}",
            "Status": "Unpaid",
            "OverdueDays": 0,
            "PaidDate": "1900-01-01 12:00:00",
            "HomeCurrencyGrossAmount": f"{gross:.4f}",
            "LastPaymentDate": "1900-01-01 12:00:00",
            "CustomerId": 510_013,
            "VATNumber": "",
            "TradeBorderType": "Domestic",
            "Type": "Invoice",
            "FormattedDueAmount": f"£{gross:.2f}",
            "CustomerDiscount": "0.0000",
            "HomeCurrencyVATAmount": f"{vat:.4f}",
            "IsWhtDeductionToBeApplied": False,
        }
    )


def opportunity(number: int) -> str:
    """The id of the Opportunity whose invoice it is."""
    return to_18(f"006000000{number:06d}")


def event_path(event: str) -> str:
    """The address of its Opportunity."""
    reference = str(json.loads(event)["CustomerReference"])
    return f"/services/data/v66.0/sobjects/Opportunity/{reference.removeprefix('SF-')}"


def links(count: int) -> Iterator[LinkFound]:
    """Which invoice belongs to which Opportunity."""
    for number in range(count):
        yield LinkFound(
            "invoice", "Opportunity", opportunity(number), str(810_000 + number), str(1_000 + number)
        )


def delivery_of(event: str, version: str, book: Book) -> NewDelivery:
    """What a producer registers when KashFlow has told this."""
    row = json.loads(event)
    change = Change(
        source="kashflow",
        entity="Invoice",
        record_id=str(row["Id"]),
        version=version,
        kind="created",
        occurred_at=utc_now(),
    )
    return delivery_on(change, book.flow(FLOW), event)


def fields(book: Book) -> list[str]:
    """What is written of an Opportunity."""
    return list(mapped(events(1, 0)[0], book))


def mapped(event: str, book: Book) -> dict[str, object]:
    """The same without a queue or a database: parsed, and mapped to what Salesforce is sent."""
    flow = book.flow(FLOW)
    row = json.loads(event, parse_float=Decimal)
    return book.mapping(flow.writes).write(book.mapping(flow.reads).read(row, _CONTEXT), _CONTEXT)
