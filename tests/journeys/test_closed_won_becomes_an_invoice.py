"""The main story: an Opportunity is won, one KashFlow invoice appears, its number comes back."""

from __future__ import annotations

from decimal import Decimal

from ledger.endings import State
from tests.support.road import Road


def test_a_won_opportunity_of_a_new_account_becomes_one_invoice_and_shows_its_number(
    on_the_road: Road,
) -> None:
    road = on_the_road
    account = road.create(
        "Account",
        Name="Larkfield Ceramics Ltd",
        BillingStreet="4 Kiln Lane",
        BillingCity="Stoke",
        BillingPostalCode="ST1 5PJ",
        BillingCountry="United Kingdom",
    )
    deal = road.deal(account, "1200.00")

    road.win(deal)
    road.catch_up()
    road.catch_up()  # our own write comes back as an event

    (invoice,) = road.invoices(deal)
    (customer,) = road.customers("Larkfield Ceramics Ltd")
    assert (invoice["CustomerCode"], invoice["NetAmount"], invoice["VATAmount"], invoice["GrossAmount"]) == (
        customer["Code"],
        Decimal("1200.00"),
        Decimal("240.00"),
        Decimal("1440.00"),
    )
    opportunity = road.record(deal)
    assert opportunity["KashFlow_Invoice_Number__c"] == str(invoice["Number"])
    assert opportunity["KashFlow_Gross__c"] == Decimal("1440.00")
    assert opportunity["KashFlow_Invoice_Status__c"] == "Unpaid"
    assert road.unfinished() == 0
    assert road.last(deal).state is State.DELIVERED


def _looks_at_deals(road: Road) -> int:
    log = road.sandbox.requests["salesforce"]
    return road.sandbox.run(lambda: log.count("POST", "/services/data/v66.0/composite/sobjects/Opportunity"))


def _with_its_write_back_waiting(road: Road) -> str:
    """A deal whose invoice is made; its number has yet to come back."""
    deal = road.deal(road.account("Larkfield Ceramics Ltd"))
    road.win(deal)
    road.hear()
    for queue in ("kashflow.invoice", "kashflow.customer", "kashflow.invoice"):
        road.work_on(queue)
    return deal


def test_the_number_of_a_new_invoice_is_written_without_a_look_at_the_invoice_or_the_deal_first(
    on_the_road: Road,
) -> None:
    road = on_the_road
    deal = road.deal(road.account("Larkfield Ceramics Ltd"))

    road.win(deal)
    road.catch_up()

    assert road.record(deal)["KashFlow_Invoice_Number__c"]
    assert (road.detail_reads(), _looks_at_deals(road)) == (0, 0)


def test_what_kashflow_said_of_a_new_invoice_a_minute_ago_is_read_again(on_the_road: Road) -> None:
    road = on_the_road
    deal = _with_its_write_back_waiting(road)
    road.wait(61)

    road.rest()

    assert road.record(deal)["KashFlow_Invoice_Number__c"]
    assert road.detail_reads() == 1


def test_where_an_earlier_attempt_may_have_written_the_number_the_deal_is_looked_at(
    on_the_road: Road,
) -> None:
    road = on_the_road
    deal = _with_its_write_back_waiting(road)
    road.ledger.claim("salesforce.opportunity", [], limit=1, now=road.now(), lease_seconds=30)
    road.wait(31)  # its worker was killed

    road.rest()

    assert road.record(deal)["KashFlow_Invoice_Number__c"]
    assert _looks_at_deals(road) == 1
