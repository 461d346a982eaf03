"""Two Accounts of one name: one customer each where they clearly differ, else the second one is left to a person."""

from __future__ import annotations

import pytest

from ledger.endings import State
from tests.support.road import Road

LEEDS = {"Line1": "3 Briggate", "PostCode": "LS1 1AA", "CountryCode": "GB"}

together = pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one after another"])


def win(road: Road, first: str, second: str, *, together: bool) -> None:
    """Both deals become what they become; the first deal is won first."""
    if together:
        road.win(first, second)
    else:
        road.win(first)
        road.catch_up()
        road.wait(60)
        road.win(second)
    road.catch_up()


@together
def test_of_two_accounts_that_nothing_tells_apart_the_second_is_left_to_a_person(
    on_the_road: Road, together: bool
) -> None:
    road = on_the_road
    older = road.account("Minster Books")
    first, second = road.deal(older), road.deal(road.account("MINSTER BOOKS."))

    win(road, first, second, together=together)

    (customer,) = road.customers("Minster Books")
    assert [invoice["CustomerCode"] for invoice in road.invoices(first)] == [customer["Code"]]
    assert road.invoices(second) == []
    dead = road.last(second, "kashflow.customer")
    assert (dead.state, dead.reason_code, dead.reason_text) == (
        State.DEAD,
        "same_name",
        f"KashFlow's customer {customer['Code']} has this name too (Minster Books) and belongs to another Salesforce "
        f"Account, {older}. If both Accounts are one firm, merge them in Salesforce and keep that one; if they are "
        "two, make their names differ, or their postcodes or VAT numbers on both sides",
    )
    assert (road.last(second).state, road.last(second).waits_for) == (State.DEAD, dead.id)


@together
def test_accounts_with_different_postcodes_are_two_customers(on_the_road: Road, together: bool) -> None:
    road = on_the_road
    deals = [
        road.deal(road.account("Minster Books", BillingPostalCode=postcode))
        for postcode in ("YO1 7HT", "LS1 1AA")
    ]

    win(road, *deals, together=together)

    by_code = {row["Code"]: row["Addresses"][0]["PostCode"] for row in road.customers("Minster Books")}
    invoiced = [by_code[road.invoices(deal)[0]["CustomerCode"]] for deal in deals]
    assert (len(by_code), invoiced) == (2, ["YO1 7HT", "LS1 1AA"])


@together
def test_a_customer_of_kashflows_own_goes_to_the_account_that_asks_first(
    on_the_road: Road, together: bool
) -> None:
    road = on_the_road
    road.add_customer("HAND01", "Minster Books")
    first, second = (road.deal(road.account("Minster Books")) for _ in range(2))

    win(road, first, second, together=together)

    assert [invoice["CustomerCode"] for invoice in road.invoices()] == ["HAND01"]
    assert len(road.invoices(first)) == 1
    assert road.last(second, "kashflow.customer").reason_code == "same_name"
    assert road.calls("POST", "/v2/customers") == 0


@together
def test_beside_another_accounts_customer_the_free_one_at_our_postcode_is_ours(
    on_the_road: Road, together: bool
) -> None:
    road = on_the_road
    first = road.deal(road.account("Minster Books", BillingPostalCode="YO1 7HT"))
    second = road.deal(road.account("Minster Books", BillingPostalCode="LS1 1AA"))
    road.add_customer("LEEDS1", "Minster Books", Addresses=[LEEDS])
    road.add_customer("YORK01", "Minster Books", Addresses=[{**LEEDS, "PostCode": "YO1 7HT"}])

    win(road, first, second, together=together)

    codes = [road.invoices(deal)[0]["CustomerCode"] for deal in (first, second)]
    assert codes == ["YORK01", "LEEDS1"]


def test_a_customer_made_for_an_account_is_its_own_although_nobody_heard_the_answer(
    on_the_road: Road,
) -> None:
    road = on_the_road
    first, second = (road.deal(road.account("Minster Books")) for _ in range(2))
    road.fault("kashflow", "drop_after_commit", match={"method": "POST", "resource": "customers"})
    road.win(first)
    road.hear()
    road.work()

    road.win(second)
    road.catch_up()

    (customer,) = road.customers("Minster Books")
    assert [invoice["CustomerCode"] for invoice in road.invoices(first)] == [customer["Code"]]
    assert road.last(second, "kashflow.customer").reason_code == "same_name"


@together
def test_a_customer_that_kashflow_does_not_show_yet_is_met_at_its_code(
    on_the_road: Road, together: bool
) -> None:
    road = on_the_road
    first, second = (road.deal(road.account("Minster Books")) for _ in range(2))
    road.fault("kashflow", "read_after_write_delay", times=None, match={"resource": "customers"}, seconds=70)

    win(road, first, second, together=together)

    assert len(road.customers("Minster Books")) == 1
    assert len(road.invoices(first)) == 1
    assert road.last(second, "kashflow.customer").reason_code == "same_name"


def test_an_account_that_gets_a_name_of_its_own_gets_its_customer_with_the_next_change(
    on_the_road: Road,
) -> None:
    road = on_the_road
    account = road.account("Minster Books")
    first, second = road.deal(road.account("Minster Books")), road.deal(account)
    win(road, first, second, together=True)
    dead = road.last(second)

    road.change(account, Name="Minster Books (Leeds)")
    road.wait(60)
    road.change(second, Name="Shelves, second floor")
    road.catch_up()

    (customer,) = road.customers("Minster Books (Leeds)")
    assert [invoice["CustomerCode"] for invoice in road.invoices(second)] == [customer["Code"]]
    states = {delivery.id: delivery.state for delivery in road.deliveries(second)}
    assert states[dead.id] is State.SUPERSEDED
    assert State.DEAD not in states.values()


def test_accounts_that_were_merged_are_one_customer(on_the_road: Road) -> None:
    road = on_the_road
    kept = road.account("Minster Books")
    first, second = road.deal(kept), road.deal(road.account("Minster Books"))
    win(road, first, second, together=True)

    road.wait(60)
    road.change(second, AccountId=kept)
    road.catch_up()

    (customer,) = road.customers("Minster Books")
    assert [invoice["CustomerCode"] for invoice in road.invoices()] == [customer["Code"]] * 2


def test_a_person_says_which_customer_is_meant_by_writing_the_account_into_its_note(
    on_the_road: Road,
) -> None:
    road = on_the_road
    account = road.account("Minster Books")
    road.add_customer("TWIN01", "Minster Books")
    road.add_customer("TWIN02", "Minster Books", Note=f"this is {account}")
    deal = road.deal(account)

    road.win(deal)
    road.catch_up()

    assert [invoice["CustomerCode"] for invoice in road.invoices(deal)] == ["TWIN02"]
