"""Whose invoice it is: an Account becomes one KashFlow customer, and one that KashFlow has already is adopted."""

from __future__ import annotations

import pytest

from ledger.endings import State
from mappings.codes import customer_code
from tests.support.road import Road

YORK = {"Line1": "1 Low Petergate", "Line2": "York", "PostCode": "YO1 7HT", "CountryCode": "GB"}


def test_a_new_account_becomes_a_customer_with_its_address_terms_and_primary_contact(
    on_the_road: Road,
) -> None:
    road = on_the_road
    account = road.account(
        "Larkfield Ceramics Ltd",
        BillingStreet="4 Kiln Lane",
        BillingCity="Stoke",
        BillingState="Staffordshire",
        BillingPostalCode="ST1 5PJ",
    )
    buyer = road.create(
        "Contact", AccountId=account, FirstName="Mina", LastName="Okoro", Email="mina@larkfield.example"
    )
    clerk = road.create("Contact", AccountId=account, FirstName="Al", LastName="Reed")
    deal = road.deal(account)
    road.create("OpportunityContactRole", OpportunityId=deal, ContactId=clerk, IsPrimary=False)
    road.create("OpportunityContactRole", OpportunityId=deal, ContactId=buyer, IsPrimary=True)

    road.win(deal)
    road.catch_up()

    (customer,) = road.customers("Larkfield Ceramics Ltd")
    (person,) = customer["Contacts"]
    assert (person["Firstname"], person["LastName"], person["Email"], person["IsPrimary"]) == (
        "Mina",
        "Okoro",
        "mina@larkfield.example",
        True,
    )
    address = customer["Addresses"][0]
    assert [address[name] for name in ("Line1", "Line3", "Line4", "PostCode", "CountryCode")] == [
        "4 Kiln Lane",
        "Stoke",
        "Staffordshire",
        "ST1 5PJ",
        "GB",
    ]
    assert customer["PaymentTerms"]["Days"] == 30
    assert account in customer["Note"]
    assert road.story(deal, "kashflow.customer") == [("delivered", f"created customer {customer['Code']}")]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Ashdown Joinery Ltd", "ASHDOWN JOINERY LTD."),
        ("Bright & Daughters", "Bright & Daughters"),
        ("O'Neill Plumbing (York)", "ONeill Plumbing, York"),
        ("Façade Crème SARL", "Facade Creme SARL"),
        ("Facade Creme SARL", "Façade Crème S.A.R.L."),
        ("Elan", "Élan"),
        ("3M", "3 M"),
    ],
)
def test_a_customer_of_the_same_name_is_adopted_whatever_its_capitals_points_and_accents(
    on_the_road: Road, theirs: str, ours: str
) -> None:
    road = on_the_road
    road.add_customer("HAND01", theirs)
    deal = road.deal(road.account(ours))

    road.win(deal)
    road.catch_up()

    (invoice,) = road.invoices(deal)
    assert invoice["CustomerCode"] == "HAND01"
    assert road.calls("POST", "/v2/customers") == 0
    assert road.story(deal, "kashflow.customer") == [("delivered", "found the customer of the same name")]


def test_a_name_that_only_begins_alike_is_another_customer(on_the_road: Road) -> None:
    road = on_the_road
    road.add_customer("HAND01", "Ashdown Joinery Ltd")
    deal = road.deal(road.account("Ashdown Joinery"))

    road.win(deal)
    road.catch_up()

    (invoice,) = road.invoices(deal)
    assert invoice["CustomerCode"] != "HAND01"
    assert len(road.customers("Ashdown Joinery")) == 1


def test_several_customers_of_one_name_are_left_to_a_person_who_is_told_their_codes(
    on_the_road: Road,
) -> None:
    road = on_the_road
    road.add_customer("TWIN01", "Minster Books")
    road.add_customer("TWIN02", "Minster Books.")
    account = road.account("Minster Books")
    deal = road.deal(account)
    neighbour = road.deal(road.account("Larkfield Ceramics Ltd"))

    road.win(deal, neighbour)
    road.catch_up()

    customer, invoice = road.last(deal, "kashflow.customer"), road.last(deal)
    assert (customer.state, customer.reason_text) == (
        State.DEAD,
        "KashFlow has several customers called 'Minster Books' (TWIN01, TWIN02); a person has to say which is meant, by "
        f"writing {account} into the note of the right one",
    )
    assert (invoice.state, invoice.waits_for) == (State.DEAD, customer.id)
    assert "TWIN01, TWIN02" in str(invoice.reason_text)
    assert road.invoices(deal) == []
    assert len(road.invoices(neighbour)) == 1, "its neighbour is none the worse"


def test_of_several_customers_of_one_name_the_one_at_the_same_postcode_is_meant(on_the_road: Road) -> None:
    road = on_the_road
    road.add_customer("TWIN01", "Minster Books", Addresses=[{**YORK, "PostCode": "LS1 1AA"}])
    road.add_customer("TWIN02", "Minster Books", Addresses=[YORK])
    deal = road.deal(road.account("Minster Books", BillingPostalCode="yo17ht"))

    road.win(deal)
    road.catch_up()

    assert [invoice["CustomerCode"] for invoice in road.invoices(deal)] == ["TWIN02"]


def test_once_a_person_has_resolved_it_the_next_change_of_the_deal_brings_the_invoice(
    on_the_road: Road,
) -> None:
    road = on_the_road
    road.add_customer("TWIN01", "Minster Books")
    road.add_customer("TWIN02", "Minster Books")
    deal = road.deal(road.account("Minster Books"))
    road.win(deal)
    road.catch_up()
    dead = road.last(deal)

    road.sandbox.run(lambda: road.sandbox.kashflow.customers.edit("TWIN02", Name="Minster Books (old)"))
    road.wait(60)
    road.change(deal, Name="Shelves, second floor")
    road.catch_up()

    assert [invoice["CustomerCode"] for invoice in road.invoices(deal)] == ["TWIN01"]
    states = {delivery.id: delivery.state for delivery in road.deliveries(deal)}
    assert states[dead.id] is State.SUPERSEDED
    assert State.DEAD not in states.values()


def test_a_code_that_somebody_elses_customer_has_is_passed_over(on_the_road: Road) -> None:
    road = on_the_road
    account = road.account("Larkfield Ceramics Ltd")
    deal = road.deal(account)
    road.add_customer(customer_code("Larkfield Ceramics Ltd", account), "Somebody Else")

    road.win(deal)
    road.catch_up()

    (customer,) = road.customers("Larkfield Ceramics Ltd")
    assert customer["Code"] == customer_code("Larkfield Ceramics Ltd", account, 1)
    assert [invoice["CustomerCode"] for invoice in road.invoices(deal)] == [customer["Code"]]


def test_codes_that_come_back_padded_name_the_same_customer(on_the_road: Road) -> None:
    road = on_the_road
    road.fault("kashflow", "padded_codes", times=None)
    account = road.account("Larkfield Ceramics Ltd")
    first, second = road.deal(account), road.deal(account)

    road.win(first)
    road.catch_up()
    road.win(second)
    road.catch_up()

    (customer,) = road.customers("Larkfield Ceramics Ltd")
    assert [invoice["CustomerCode"] for invoice in road.invoices()] == [customer["Code"]] * 2


def test_a_deal_without_an_account_says_so(on_the_road: Road) -> None:
    road = on_the_road
    deal = road.create(
        "Opportunity", Name="Stall", StageName="Prospecting", CloseDate="2026-03-10", Amount="10.00"
    )

    road.win(deal)
    road.catch_up()

    dead = road.last(deal)
    assert (dead.state, dead.reason_code) == (State.DEAD, "mapping")
    assert "Account" in str(dead.reason_text)
