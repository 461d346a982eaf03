"""Nobody is made twice and nobody is merged by guess: who may be meant is looked for, and a doubt is a person's to settle."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.endings import State
from ledger.reviews import ReviewState
from tests.support.pairs import answer, reviews
from tests.support.road import Road

YORK = {"Line1": "1 Low Petergate", "Line3": "York", "PostCode": "YO1 7HT", "CountryCode": "GB"}


@pytest.fixture
def watched_road(on_the_road: Road) -> Road:
    """KashFlow was looked at once: what comes now is news."""
    on_the_road.look()
    return on_the_road


def _account(road: Road, name: str = "Minster Books", **fields: Any) -> str:
    return road.account(name, Type="Customer", **fields)


def _linked(road: Road, account: str) -> str:
    """The code of the Account's customer, blank while it has none."""
    links = road.ledger.links_by_salesforce_id("customer", "Account", [account])
    return links[account].kashflow_key if account in links else ""


@pytest.mark.both_ledgers
@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ({"name": "Minster Books"}, {}),
        ({"name": "MINSTER BOOKS.", "Addresses": [YORK]}, {"BillingPostalCode": "yo17ht"}),
        ({"name": "Another name entirely"}, {"ExternalID__c": "HAND01"}),
    ],
    ids=["exactly the name", "name and postcode", "the code it shows"],
)
def test_an_account_finds_the_customer_that_kashflow_has(
    watched_road: Road, theirs: dict[str, Any], ours: dict[str, Any]
) -> None:
    road = watched_road
    road.add_customer("HAND01", **theirs)

    account = _account(road, **ours)
    road.settle_down()

    assert _linked(road, account) == "HAND01"
    assert road.calls("POST", "/v2/customers") == 0
    assert road.record(account)["ExternalID__c"] == "HAND01"
    assert [review for review in reviews(road) if review.kind == "match"] == []


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ({"Addresses": [YORK]}, {"BillingPostalCode": "LS1 1AA"}),
        ({"name": "MINSTER BOOKS."}, {}),
    ],
    ids=["another postcode", "a name that is only alike"],
)
def test_a_doubtful_match_is_asked_about_and_nothing_is_made(
    watched_road: Road, theirs: dict[str, Any], ours: dict[str, Any]
) -> None:
    road = watched_road
    told = {"name": "Minster Books", **theirs}
    road.add_customer("HAND01", **told)
    account = _account(road, **ours)

    road.settle_down()

    assert _linked(road, account) == ""
    assert road.calls("POST", "/v2/customers") == 0
    asked = [review for review in reviews(road) if review.subject == f"customer {account}: match"]
    assert [(review.kind, review.state) for review in asked] == [("match", ReviewState.OPEN)]
    assert set(asked[0].detail["answers"]) == {"HAND01", "new", "none"}
    last = road.last(account, "kashflow.customer")
    assert (last.state, last.reason_code) == (State.UNCHANGED, "in_review")


@pytest.mark.both_ledgers
def test_several_candidates_are_shown_and_the_one_a_person_takes_is_linked(watched_road: Road) -> None:
    road = watched_road
    road.add_customer("TWIN01", "Minster Books", Addresses=[YORK])
    road.add_customer("TWIN02", "Minster Books", Addresses=[YORK])
    account = _account(road, BillingPostalCode="YO1 7HT")
    road.hear()
    road.rest()
    (review,) = reviews(road)
    assert review.detail["sides"] == ["Salesforce", "TWIN01", "TWIN02"]

    answer(road, review, "TWIN02")
    road.rest()

    assert _linked(road, account) == "TWIN02"
    assert [one.state for one in reviews(road, ReviewState.USED)] == [ReviewState.USED]


def test_a_person_may_have_a_new_one_made(watched_road: Road) -> None:
    road = watched_road
    road.add_customer("HAND01", "Minster Books", Addresses=[YORK])
    account = _account(road, BillingPostalCode="LS1 1AA")
    road.hear()
    road.rest()

    answer(road, reviews(road)[0], "new")
    road.rest()

    assert _linked(road, account) not in ("", "HAND01")
    assert road.calls("POST", "/v2/customers") == 1
    assert len(road.customers("Minster Books")) == 2


def test_what_a_person_leaves_alone_is_not_asked_about_again(watched_road: Road) -> None:
    road = watched_road
    road.add_customer("HAND01", "Minster Books", Addresses=[YORK])
    account = _account(road, BillingPostalCode="LS1 1AA")
    road.hear()
    road.rest()

    answer(road, reviews(road)[0], "none")
    road.rest()
    road.change(account, BillingCity="Leeds")
    road.hear()
    road.rest()

    assert _linked(road, account) == ""
    assert road.last(account, "kashflow.customer").reason_code == "left_alone"
    assert [one.state for one in reviews(road)] == [ReviewState.DECIDED]


@pytest.mark.both_ledgers
def test_a_customer_finds_the_account_that_salesforce_has(watched_road: Road) -> None:
    road = watched_road
    account = road.account("Minster Books", BillingPostalCode="YO1 7HT")

    road.add_customer("HAND01", "MINSTER BOOKS", Addresses=[YORK])
    road.settle_down()

    assert _linked(road, account) == "HAND01"
    assert road.record(account)["ExternalID__c"] == "HAND01"
    assert len(road.accounts("Minster Books")) + len(road.accounts("MINSTER BOOKS")) == 1


def test_a_customer_whose_account_is_in_doubt_gets_none_until_a_person_decides(watched_road: Road) -> None:
    road = watched_road
    account = road.account("Minster Books", BillingPostalCode="LS1 1AA")

    road.add_customer("HAND01", "Minster Books", Addresses=[YORK])
    road.settle_down()
    (review,) = reviews(road)
    assert set(review.detail["answers"]) == {account, "new", "none"}
    answer(road, review, account)
    road.settle_down()

    assert _linked(road, account) == "HAND01"
    assert len(road.accounts("Minster Books")) == 1


def test_the_account_of_another_customer_is_never_offered_to_a_second_one(watched_road: Road) -> None:
    road = watched_road
    account = _account(road, BillingPostalCode="YO1 7HT")
    road.settle_down()

    road.add_customer("HAND01", "Minster Books", Addresses=[YORK])
    road.settle_down()

    (review,) = reviews(road)
    assert set(review.detail["answers"]) == {"new", "none"}
    assert _linked(road, account) != "HAND01"
    answer(road, review, "new")
    road.settle_down()
    assert {row["ExternalID__c"] for row in road.accounts("Minster Books")} == {
        _linked(road, account),
        "HAND01",
    }


def test_an_invoice_that_waits_for_a_decision_goes_out_when_it_is_taken(watched_road: Road) -> None:
    road = watched_road
    road.add_customer("TWIN01", "Minster Books")
    road.add_customer("TWIN02", "Minster Books")
    deal = road.deal(road.account("Minster Books"))
    road.win(deal)
    road.catch_up()
    assert road.invoices(deal) == []

    (review,) = [one for one in reviews(road) if one.again["flow"] == "opportunity_to_customer"]
    answer(road, review, "TWIN02")
    road.rest()

    assert [invoice["CustomerCode"] for invoice in road.invoices(deal)] == ["TWIN02"]
    assert State.DEAD not in {delivery.state for delivery in road.deliveries(deal)}


def test_while_it_is_asked_whose_customer_it_is_no_invoice_guesses(watched_road: Road) -> None:
    road = watched_road
    road.add_customer("HAND01", "MINSTER BOOKS.")
    account = _account(road)
    road.hear()
    road.rest()
    deal = road.deal(account)

    road.win(deal)
    road.catch_up()
    assert road.invoices(deal) == []
    (review,) = [one for one in reviews(road) if one.about == f"customer {account}"]
    answer(road, review, "HAND01")
    road.rest()

    assert [invoice["CustomerCode"] for invoice in road.invoices(deal)] == ["HAND01"]


def test_an_invoice_is_not_sent_to_a_firm_of_the_same_name_elsewhere(watched_road: Road) -> None:
    road = watched_road
    road.add_customer("HAND01", "Minster Books", Addresses=[YORK])
    deal = road.deal(road.account("Minster Books", BillingPostalCode="LS1 1AA"))

    road.win(deal)
    road.catch_up()

    assert road.invoices(deal) == []
    assert road.last(deal, "kashflow.customer").reason_code == "doubtful"
    answer(road, reviews(road)[0], "new")
    road.rest()
    (invoice,) = road.invoices(deal)
    assert invoice["CustomerCode"] != "HAND01"


def test_both_systems_making_the_same_firm_at_once_end_with_one_pair(watched_road: Road) -> None:
    road = watched_road
    account = _account(road, BillingPostalCode="YO1 7HT")
    road.add_customer("HAND01", "Minster Books", Addresses=[YORK])

    road.hear()
    road.look()
    road.settle_down()

    assert _linked(road, account) == "HAND01"
    assert len(road.accounts("Minster Books")) == len(road.customers("Minster Books")) == 1


def test_an_account_is_found_among_hundreds_that_share_a_word_of_its_name(on_the_road: Road) -> None:
    road = on_the_road
    road.create_many("Account", [{"Name": f"Consulting {number}"} for number in range(205)])
    account = road.account("Consulting Co", BillingPostalCode="LS1 1AA")
    road.begin_now()
    road.rest()

    road.add_customer("CONS01", "Consulting Co", Addresses=[{"PostCode": "LS1 1AA", "CountryCode": "GB"}])
    road.settle_down()

    assert [row["Id"] for row in road.accounts("Consulting Co")] == [account]
    assert road.record(account)["ExternalID__c"] == "CONS01"


@pytest.mark.parametrize(
    ("ours", "theirs"), [("Müller & Sons", "Muller & Sons"), ("Muller Ltd", "Müller Ltd")]
)
def test_an_accent_makes_no_second_account(watched_road: Road, ours: str, theirs: str) -> None:
    road = watched_road
    account = road.account(theirs, BillingPostalCode="LS1 1AA")
    road.hear()

    road.add_customer("MULL01", ours, Addresses=[{"PostCode": "LS1 1AA", "CountryCode": "GB"}])
    road.settle_down()

    assert road.record(account)["ExternalID__c"] == "MULL01"
    assert len(road.in_salesforce("Account", ExternalID__c="MULL01")) == 1
