"""A firm at the end of a month: customers, deals, orders, payments, purchases and the bank, all brought in step by Kashforce."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

from canonical.change import Change
from connectors.budget import KASHFLOW, SALESFORCE, LocalBudget
from connectors.meter import Meter
from console.operations import requeue
from console.operations.carrying import Hands
from console.operations.requeue import Exactly
from console.tieout.compare import TieOut, tie_out
from console.tieout.period import Period
from ledger.deliveries import deliveries_of
from ledger.operations import Operation
from mappings.flows import Flow
from producers.kashflow_reading import KashFlowReader
from producers.kashflow_resources import resource_for
from tests.support.road import TODAY, Road
from workers.desk import Desk

_TOWNS = ("Leeds", "York", "Hull", "Ripon")
PERIOD = Period.usual(TODAY.date())


@dataclass(frozen=True)
class MonthEnd:
    """What was done in the month, by the ids of the records."""

    road: Road
    accounts: tuple[str, ...]
    deals: tuple[str, ...]
    orders: tuple[str, ...]

    def tie_out(self, entity: str = "", period: Period = PERIOD) -> TieOut:
        """Both sides compared, as the command does it."""
        return tied_out(self.road, entity, period)

    def repair(self, found: TieOut) -> Operation:
        """What `--repair` registers, and all that the workers make of it."""
        hands = Hands(self.road.ledger, self.road.now, lambda _: False)
        wanted = Exactly(found.mends())
        operation = requeue.start(hands, self.road.book, wanted, who="kim", reason="month end")
        self.road.rest()
        self.road.settle_down()
        return operation


def tied_out(road: Road, entity: str = "", period: Period = PERIOD) -> TieOut:
    """Both sides of this road compared."""
    desk = _patient(road)
    reader = KashFlowReader(road.kashflow, desk.kashflow_meter, road._rest)
    return tie_out(desk, reader, period, entity=entity)


def month_end(road: Road, *, customers: int = 4, deals: int = 10) -> MonthEnd:
    """A month of business, and both sides at rest."""
    road.desk = _patient(road)
    # What the sandbox begins with is from before Kashforce began.
    road.wait(3600)
    road.select_for_change_events("Order")
    road.look()
    accounts = tuple(_customer(road, number) for number in range(customers))
    desk = road.product("Desk", "120.00", VAT_Rate__c=20, ProductCode="DESK")
    chair = road.product("Chair", "45.50", VAT_Rate__c=20, ProductCode="CHAIR")
    for number in range(3):
        road.product(f"Lamp {number}", f"{number + 20}.00", VAT_Rate__c=20, ProductCode=f"LAMP-{number}")
    won = tuple(_deal(road, accounts[n % customers], desk, chair, n) for n in range(deals))
    orders = tuple(
        road.order(accounts[n % customers], desk, n + 1, "110.00", Name=f"Order {n}") for n in range(3)
    )
    road.win(*won)
    for order in orders:
        road.activate(order)
    road.catch_up()
    for number, deal in enumerate(won):
        if number % 3:
            (invoice,) = road.invoices(deal)
            road.pay(invoice["Number"], "20.00" if number % 3 == 1 else f"{invoice['GrossAmount']:.2f}")
    _purchases(road)
    _bank(road)
    bring_all(road)
    road.settle_down()
    return MonthEnd(road, accounts, won, orders)


def _patient(road: Road) -> Desk:
    """While time stands still no budget fills up again by itself: whoever has none left lets it pass."""

    def seconds() -> float:
        return road.now().timestamp()

    return replace(
        road.desk,
        salesforce_meter=Meter("salesforce", LocalBudget(SALESFORCE, seconds), seconds).patiently(
            road._rest, 0
        ),
        kashflow_meter=Meter("kashflow", LocalBudget(KASHFLOW, seconds), seconds).patiently(road._rest, 0),
    )


def bring_all(road: Road) -> None:
    """The initial load: whatever KashFlow has goes along every flow from it; first the customers, whom others name."""
    reader = KashFlowReader(road.kashflow, road.desk.kashflow_meter, road._rest)
    flows = [flow for flow in road.book.flows if flow.source == "kashflow"]
    for flow in sorted(flows, key=lambda flow: flow.pairing is None):
        resource = resource_for(flow.source_entity)
        rows = reader.listed(resource, PERIOD.first).rows
        changes = [
            _seen(road, flow.source_entity, id_, resource.records.key(row)) for id_, row in rows.items()
        ]
        routes = partial(_only, flow)
        road.ledger.register(deliveries_of(changes, routes), now=road.now())
        road.rest()


def _only(flow: Flow, _change: Change) -> list[Flow]:
    return [flow]


def _seen(road: Road, entity: str, record_id: str, key: str) -> Change:
    return Change(
        source="kashflow", entity=entity, record_id=record_id, version="brought", occurred_at=road.now(),
        hint={"key": key},
    )  # fmt: skip


def _customer(road: Road, number: int) -> str:
    account = road.account(
        f"Harbour Supplies {number} Ltd",
        Type="Customer",
        BillingStreet=f"{number + 1} Quay Street",
        BillingCity=_TOWNS[number % len(_TOWNS)],
        BillingPostalCode=f"LS{number + 1} 1AA",
    )
    road.create(
        "Contact",
        AccountId=account,
        FirstName="Mina",
        LastName=f"Okoro{number}",
        Email=f"mina{number}@harbour.example",
    )
    return account


def _deal(road: Road, account: str, desk: str, chair: str, number: int) -> str:
    deal = road.deal(account, None, Name=f"Refit {number}")
    road.line(deal, desk, number % 4 + 1, "118.00")
    road.line(deal, chair, number % 5 + 2, "44.25")
    return deal


def _purchases(road: Road) -> None:
    battens = {"Description": "Battens", "Quantity": 2, "Rate": "75.00", "VATLevel": 20, "NominalCode": 5000}
    for number in range(4):
        body = {
            "SupplierCode": "TIMB01",
            "SupplierReference": f"T-{number}",
            "LineItems": [battens, {**battens, "Description": "Nails", "Rate": f"{number + 3}.10"}],
        }
        road.keep(lambda books, body=body: books.purchases.create(body))  # type: ignore[misc]


def _bank(road: Road) -> None:
    accounts: Iterable[int] = road.keep(
        lambda books: [row["Id"] for row in books.bank_accounts.register.rows()]
    )
    for number, account in enumerate(accounts):
        for paid in ("120.00", "35.50"):
            body = {
                "Date": road.now().date().isoformat(),
                "MoneyType": 1,
                "PaidIn": paid,
                "Comment": f"Takings {number}",
            }
            road.keep(lambda books, account=account, body=body: books.transactions.create(account, body))  # type: ignore[misc]
