"""A backlog on the way to Salesforce: invoices that KashFlow has, and that their deals do not show yet."""

from __future__ import annotations

from ledger.deliveries import NewDelivery
from ledger.endings import LinkFound
from tests.support.road import Road


def linked_deals(road: Road, count: int) -> list[str]:
    """Deals whose invoices KashFlow has already, and whose write-back waits; their ids in its order."""
    deals = invoiced_deals(road, count)
    register_write_backs(road, "seen 1")
    return deals


def invoiced_deals(road: Road, count: int) -> list[str]:
    """Deals whose invoices KashFlow has already; their ids in its order."""
    road.add_customer("LARK01", "Larkfield Ceramics Ltd")
    account = road.account("Larkfield Ceramics Ltd")
    deals = road.create_many("Opportunity", [road.open_deal(account) for _ in range(count)])
    bodies = [
        {
            "CustomerCode": "LARK01",
            "CustomerReference": road.stamp(deal),
            "LineItems": [
                {"NominalCode": 4000, "Description": "Refit", "Quantity": "1", "Rate": "10", "VATLevel": 20}
            ],
        }
        for deal in deals
    ]
    ledger = road.sandbox.kashflow.invoices
    invoices = road.sandbox.run(lambda: [ledger.create(body) for body in bodies])
    road.link(
        [
            LinkFound("invoice", "Opportunity", deal, str(row["Id"]), str(row["Number"]))
            for deal, row in zip(deals, invoices, strict=True)
        ]
    )
    return deals


def register_write_backs(road: Road, version: str) -> None:
    """The write-back of every invoice waits, as after a change of each."""
    flow = road.book.flow("invoice_to_opportunity")
    road.ledger.register(
        [
            NewDelivery(
                flow=flow.name,
                queue=flow.queue,
                source="kashflow",
                entity="Invoice",
                record_id=str(row["Id"]),
                version=version,
                kind="updated",
                occurred_at=road.now(),
                lock_key=flow.lock_for(str(row["Id"])),
                priority=flow.priority,
            )
            for row in road.invoices()
        ],
        now=road.now(),
    )
