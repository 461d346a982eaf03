"""Only won Opportunities with an amount greater than zero are invoiced; of the others the ledger says why not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ledger.endings import State
from tests.support.road import Road


@pytest.mark.parametrize(
    ("stage", "amount", "why"),
    [
        ("Closed Won", "0.00", "Amount"),
        ("Closed Won", "-250.00", "Amount"),
        ("Closed Won", None, "Amount"),
        ("Closed Lost", "900.00", "IsWon"),
        ("Negotiation/Review", "900.00", "IsWon"),
    ],
)
def test_a_deal_that_is_not_won_or_worth_nothing_is_left_alone_with_the_reason(
    on_the_road: Road, stage: str, amount: Any, why: str
) -> None:
    road = on_the_road
    deal = road.deal(road.account("Larkfield Ceramics Ltd"), amount)

    road.change(deal, StageName=stage)
    road.catch_up()

    assert road.invoices() == []
    assert road.customers("Larkfield Ceramics Ltd") == []
    last = road.last(deal)
    assert (last.state, last.reason_code) == (State.UNCHANGED, "condition_not_met")
    assert why in str(last.reason_text)


def test_a_lost_deal_that_is_won_after_all_becomes_an_invoice(on_the_road: Road) -> None:
    road = on_the_road
    deal = road.deal(road.account("Larkfield Ceramics Ltd"))
    road.change(deal, StageName="Closed Lost")
    road.catch_up()

    road.win(deal)
    road.catch_up()

    assert len(road.invoices(deal)) == 1


def test_a_won_deal_that_gets_its_amount_later_becomes_an_invoice_then(on_the_road: Road) -> None:
    road = on_the_road
    deal = road.deal(road.account("Larkfield Ceramics Ltd"), "0.00")
    road.win(deal)
    road.catch_up()

    road.change(deal, Amount="75.00")
    road.catch_up()

    assert [invoice["NetAmount"] for invoice in road.invoices(deal)] == [Decimal("75.00")]


def test_a_deal_that_was_deleted_before_anybody_worked_on_it_ends_unchanged(on_the_road: Road) -> None:
    road = on_the_road
    deal = road.deal(road.account("Larkfield Ceramics Ltd"))
    road.win(deal)
    road.hear()

    road.delete(deal)
    road.rest()

    assert road.invoices() == []
    last = road.last(deal)
    assert (last.state, last.reason_text) == (
        State.UNCHANGED,
        f"the Opportunity {deal} no longer exists in salesforce",
    )


def test_a_change_of_what_no_flow_watches_causes_no_delivery(on_the_road: Road) -> None:
    road = on_the_road
    account = road.account("Larkfield Ceramics Ltd")
    deal = road.deal(account)
    road.catch_up()
    before = len(road.deliveries(deal))

    road.change(deal, NextStep="Call on Tuesday")
    road.change(account, BillingCity="Leek")
    road.create("Contact", AccountId=account, LastName="Okoro")
    road.catch_up()

    assert len(road.deliveries(deal)) == before
    assert {one.state for one in road.deliveries(account)} == {State.UNCHANGED}, "it is no customer yet"
    assert road.customers("Larkfield Ceramics Ltd") == []
