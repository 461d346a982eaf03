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
