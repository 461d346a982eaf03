"""An activated Order becomes an invoice by the same road as an Opportunity, and of one deal never both do."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ledger.endings import State
from tests.support.road import Road

HARBOUR = "Harbour Hotel Ltd"


@pytest.fixture
def hotel(on_the_road: Road) -> tuple[Road, str, str]:
    """A customer to be, and the price of a chair."""
    road = on_the_road
    road.select_for_change_events("Order")
    return road, road.account(HARBOUR), road.product("Chair", "80.00", ProductCode="CHAIR", VAT_Rate__c=20)


@pytest.mark.both_ledgers
def test_an_activated_order_becomes_an_invoice_and_shows_its_number(hotel: tuple[Road, str, str]) -> None:
    road, account, chair = hotel
    contact = road.create(
        "Contact", AccountId=account, FirstName="Ada", LastName="Quay", Email="ada@quay.example"
    )
    order = road.order(account, chair, 3, "75.00", BillToContactId=contact)
    road.catch_up()
    assert road.invoices(order) == []

    road.activate(order)
    road.catch_up()

    (invoice,) = road.invoices(order)
    assert (invoice["NetAmount"], invoice["GrossAmount"]) == (Decimal("225.00"), Decimal("270.00"))
    (line,) = invoice["LineItems"]
    assert (line["ProductCode"], line["Quantity"], line["Rate"]) == ("CHAIR", 3, Decimal("75.00"))
    (customer,) = road.customers(HARBOUR)
    assert customer["Contacts"][0]["Email"] == "ada@quay.example"
    shown = road.record(order)
    assert shown["KashFlow_Invoice_Number__c"] == str(invoice["Number"])
    assert (shown["KashFlow_Gross__c"], shown["KashFlow_Due__c"]) == (Decimal("270.00"), Decimal("270.00"))
    assert shown["KashFlow_Invoice_Date__c"] == road.now().date()


def test_a_payment_shows_on_the_order_and_nowhere_else(hotel: tuple[Road, str, str]) -> None:
    road, account, chair = hotel
    order = road.order(account, chair, 1, "80.00")
    road.activate(order)
    road.catch_up()
    road.look()
    road.rest()
    (invoice,) = road.invoices(order)

    road.pay(invoice["Number"], "96.00")
    road.look()
    road.rest()

    assert road.record(order)["KashFlow_Invoice_Status__c"] == "Paid"
    assert road.record(order)["KashFlow_Paid__c"] == Decimal("96.00")
    assert road.record(order)["KashFlow_Paid_Date__c"] == road.now().date()
    queues = {one.queue for one in road.deliveries(str(invoice["Id"]))}
    assert queues == {"salesforce.order", "salesforce.invoice"}


def test_an_order_of_a_deal_that_is_invoiced_makes_no_second_invoice(hotel: tuple[Road, str, str]) -> None:
    road, account, chair = hotel
    deal = road.deal(account)
    road.win(deal)
    road.catch_up()
    (invoice,) = road.invoices(deal)

    order = road.order(account, chair, 3, "75.00", OpportunityId=deal)
    road.activate(order)
    road.catch_up()

    assert road.invoices(order) == []
    assert road.last(order).state is State.UNCHANGED
    assert road.last(order).reason_text == (
        f"its Opportunity {deal} is invoice {invoice['Number']} already; one deal is invoiced once"
    )


def test_a_deal_whose_order_is_invoiced_makes_no_second_invoice(hotel: tuple[Road, str, str]) -> None:
    road, account, chair = hotel
    deal = road.deal(account)
    order = road.order(account, chair, 3, "75.00", OpportunityId=deal)
    road.activate(order)
    road.catch_up()
    (invoice,) = road.invoices(order)

    road.win(deal)
    road.catch_up()

    assert road.invoices(deal) == []
    assert road.last(deal).reason_text == (
        f"by one of its Orders it is invoice {invoice['Number']} already; one deal is invoiced once"
    )


@pytest.mark.both_ledgers
def test_a_deal_and_its_order_in_the_same_second_make_one_invoice(hotel: tuple[Road, str, str]) -> None:
    road, account, chair = hotel
    deals = [road.deal(account) for _ in range(4)]
    orders = [road.order(account, chair, 1, "80.00", OpportunityId=deal) for deal in deals]
    for deal, order in zip(deals, orders, strict=True):
        road.activate(order)
        road.win(deal)

    road.catch_up()

    for deal, order in zip(deals, orders, strict=True):
        assert len(road.invoices(deal)) + len(road.invoices(order)) == 1
    assert len(road.invoices()) == 4


def test_two_orders_of_one_deal_are_two_invoices(hotel: tuple[Road, str, str]) -> None:
    road, account, chair = hotel
    deal = road.deal(account)
    orders = [road.order(account, chair, count, "80.00", OpportunityId=deal) for count in (1, 2)]
    for order in orders:
        road.activate(order)

    road.catch_up()

    assert [len(road.invoices(order)) for order in orders] == [1, 1]


@pytest.mark.both_ledgers
def test_while_a_deals_invoice_is_in_doubt_its_order_waits_and_makes_none(
    hotel: tuple[Road, str, str],
) -> None:
    road, account, chair = hotel
    deal = road.deal(account)
    order = road.order(account, chair, 1, "80.00", OpportunityId=deal)
    road.win(deal)
    road.hear()
    for queue in ("kashflow.invoice", "kashflow.customer"):
        road.work_on(queue)
    road.fault("kashflow", "drop_after_commit", match={"method": "POST", "resource": "invoices"})
    road.work_on("kashflow.invoice")
    assert [ending for ending, _ in road.story(deal)][-1] == "failed"

    road.activate(order)
    road.hear()
    road.work()
    assert road.last(order).reason_text == f"Opportunity {deal} of the same deal is being invoiced"

    road.rest()
    assert (len(road.invoices(deal)), len(road.invoices(order))) == (1, 0)
    assert road.last(order).reason_code == "deal_invoiced"
