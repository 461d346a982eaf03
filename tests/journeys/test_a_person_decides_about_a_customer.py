"""What no rule can decide about a customer is asked, side by side; the answer is used once, and may be taken back before."""

from __future__ import annotations

import pytest

from ledger.endings import State
from ledger.reviews import CannotDecide, ReviewState
from mappings.golden.owners import Owner
from tests.support.pairs import Pair, answer, in_step, owned, reviews, take_back
from tests.support.road import Road


def _both_renamed(road: Road) -> Pair:
    """Both sides rename it on the same day, and something else is edited too."""
    pair = in_step(road)
    pair.edit_customer(Name="The bookkeeper's name")
    pair.edit_account(Name="The seller's name", BillingCity="York")
    road.settle_down()
    return pair


def test_a_conflict_is_asked_about_and_the_other_fields_go_on(on_the_road: Road) -> None:
    road = on_the_road
    pair = _both_renamed(road)

    (review,) = reviews(road)
    assert (review.kind, review.state) == ("conflict", ReviewState.OPEN)
    assert review.detail["rows"] == [
        {
            "field": "name",
            "agreed": "Minster Books",
            "salesforce": "The seller's name",
            "kashflow": "The bookkeeper's name",
        }
    ]
    assert "nobody can tell which edit was the later" in review.question
    assert pair.customer["Addresses"][0]["Line3"] == "York"
    assert (pair.account["Name"], pair.customer["Name"]) == ("The seller's name", "The bookkeeper's name")
    assert pair.agreed("name") == "Minster Books"


@pytest.mark.parametrize("side", ["salesforce", "kashflow"])
def test_what_a_person_decides_is_written_to_the_other_side_and_used_once(
    on_either_ledger: Road, side: str
) -> None:
    road = on_either_ledger
    pair = _both_renamed(road)
    (review,) = reviews(road)

    answer(road, review, side)
    road.settle_down()

    name = {"salesforce": "The seller's name", "kashflow": "The bookkeeper's name"}[side]
    assert (pair.account["Name"], pair.customer["Name"], pair.agreed("name")) == (name, name, name)
    (used,) = reviews(road, ReviewState.USED)
    assert (used.who, used.reason, used.decision) == ("Ines", "I asked them", side)
    assert used.used_by is not None
    with pytest.raises(CannotDecide, match="carried out"):
        take_back(road, used)


def test_each_side_may_keep_its_own(on_the_road: Road) -> None:
    road = on_the_road
    pair = _both_renamed(road)
    answer(road, reviews(road)[0], "neither")
    road.settle_down()

    pair.edit_account(BillingCity="Leeds")
    road.settle_down()

    assert (pair.account["Name"], pair.customer["Name"]) == ("The seller's name", "The bookkeeper's name")
    assert reviews(road) == []


def test_a_decision_that_was_taken_back_before_its_use_does_nothing(on_either_ledger: Road) -> None:
    road = on_either_ledger
    pair = _both_renamed(road)
    (review,) = reviews(road)

    answer(road, review, "kashflow")
    take_back(road, review)
    road.settle_down()

    assert [(one.id, one.state, one.who) for one in reviews(road)] == [(review.id, ReviewState.OPEN, None)]
    assert pair.account["Name"] == "The seller's name"


def test_a_decision_about_values_that_are_no_more_is_asked_for_again(on_the_road: Road) -> None:
    road = on_the_road
    pair = _both_renamed(road)
    (review,) = reviews(road)

    pair.edit_customer(Name="A third name")
    answer(road, review, "kashflow")
    road.settle_down()

    (again,) = reviews(road)
    assert (again.id, again.state) == (review.id, ReviewState.OPEN)
    assert again.detail["rows"][0]["kashflow"] == "A third name"
    assert pair.account["Name"] == "The seller's name"


def test_a_question_that_answers_itself_is_withdrawn(on_the_road: Road) -> None:
    road = on_the_road
    pair = _both_renamed(road)

    pair.edit_account(Name="The bookkeeper's name")
    road.settle_down()

    assert reviews(road) == []
    assert [review.kind for review in reviews(road, ReviewState.WITHDRAWN)] == ["conflict"]


def test_a_field_left_to_a_person_is_asked_about_whoever_edits_it(on_the_road: Road) -> None:
    road = on_the_road
    pair = in_step(road)
    owned(road, Owner.MANUAL)

    pair.edit_customer(Name="Minster Books Ltd")
    road.settle_down()
    (review,) = reviews(road)
    assert pair.account["Name"] == "Minster Books"
    answer(road, review, "kashflow")
    road.settle_down()

    assert pair.account["Name"] == "Minster Books Ltd"


def test_two_rules_that_undo_each_other_trip_the_breaker_of_that_field(on_either_ledger: Road) -> None:
    road = on_either_ledger
    pair = in_step(road)
    writes = road.written()

    for _ in range(8):
        # A rule over there spells names in capitals, one over here in small letters.
        pair.edit_customer(Name="MINSTER BOOKS")
        road.settle_down()
        pair.edit_account(Name="minster books")
        road.settle_down()

    (review,) = reviews(road)
    assert (review.kind, review.detail["field"]) == ("breaker", "name")
    assert "again and again" in review.question
    assert road.written() - writes == 8, "four times each, then no more"
    pair.edit_account(BillingCity="York")
    road.settle_down()
    assert pair.customer["Addresses"][0]["Line3"] == "York", "its other fields go on"
    answer(road, review, "kashflow", "the rule in Salesforce is switched off")
    road.settle_down()
    assert (pair.account["Name"], pair.customer["Name"]) == ("MINSTER BOOKS",) * 2
    assert road.last(pair.account_id, "kashflow.customer").state is State.UNCHANGED


def test_of_two_decisions_for_one_customer_the_second_writes_nothing_into_it(on_the_road: Road) -> None:
    road = on_the_road
    road.add_customer(
        "LARK01", "Larkfield Ceramics", Addresses=[{"PostCode": "ST1 5PJ", "CountryCode": "GB"}]
    )
    road.look()
    first, second = (
        road.account("Larkfield Ceramics", Type="Customer", BillingPostalCode=code, BillingCity=town)
        for code, town in (("LS1 1AA", None), ("YO1 1AA", "York"))
    )
    road.settle_down()

    one, other = reviews(road)
    answer(road, one, "LARK01")
    with pytest.raises(CannotDecide, match="LARK01 was given to customer"):
        answer(road, other, "LARK01")
    road.settle_down()
    answer(road, other, "LARK01")
    road.settle_down()

    assert list(road.ledger.links_by_salesforce_id("customer", "Account", [first, second])) == [first]
    last = road.last(second, "kashflow.customer")
    assert (last.state, last.reason_code) == (State.DEAD, "linked_meanwhile")
    assert not road.customer("LARK01")["Addresses"][0]["Line3"]


def test_a_decision_that_nobody_needs_any_more_is_not_kept_for_later(on_the_road: Road) -> None:
    road = on_the_road
    pair = _both_renamed(road)
    (review,) = reviews(road)

    answer(road, review, "kashflow")
    pair.edit_account(Name="The bookkeeper's name")
    road.settle_down()

    assert reviews(road) == []
    assert [one.id for one in reviews(road, ReviewState.WITHDRAWN)] == [review.id]
