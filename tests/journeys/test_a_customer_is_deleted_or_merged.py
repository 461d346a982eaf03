"""A record is deleted, comes back or is merged into another: its counterpart follows by the flow's policy, after a grace."""

from __future__ import annotations

from ledger.endings import State
from ledger.reviews import ReviewState
from mappings.pairing import WhenGone
from tests.support.pairs import answer, governed, in_step, reviews
from tests.support.road import Road


def test_the_customer_of_a_deleted_account_is_archived_after_the_grace(on_either_ledger: Road) -> None:
    road = on_either_ledger
    pair = in_step(road)

    road.delete(pair.account_id)
    road.hear()
    road.work()
    assert not pair.customer["IsArchived"], "it may still come back"
    road.rest()

    assert pair.customer["IsArchived"]
    assert pair.golden.parted is not None
    pair.edit_customer(Name="Minster Books Ltd")
    road.settle_down()
    assert road.accounts("Minster Books Ltd") == [], "the pair is no longer kept in step"


def test_an_account_that_comes_back_within_the_grace_was_never_gone(on_the_road: Road) -> None:
    road = on_the_road
    pair = in_step(road)

    road.delete(pair.account_id)
    road.hear()
    road.work()
    road.wait(60)
    road.undelete(pair.account_id)
    road.settle_down()

    assert pair.customer["IsArchived"] is False
    assert pair.golden.parted is None
    pair.edit_account(BillingCity="York")
    road.settle_down()
    assert pair.customer["Addresses"][0]["Line3"] == "York"


def test_an_account_that_comes_back_later_takes_its_customer_out_of_the_archive(on_the_road: Road) -> None:
    road = on_the_road
    pair = in_step(road)
    road.delete(pair.account_id)
    road.hear()
    road.rest()

    road.undelete(pair.account_id)
    road.settle_down()

    assert pair.customer["IsArchived"] is False
    assert pair.golden.parted is None
    pair.edit_customer(Name="Minster Books Ltd")
    road.settle_down()
    assert pair.account["Name"] == "Minster Books Ltd"


def test_where_the_policy_is_to_unlink_the_customer_stays_as_it_is_on_its_own(on_the_road: Road) -> None:
    road = on_the_road
    pair = in_step(road)
    governed(road, "account_to_customer", when_gone=WhenGone.UNLINK)

    road.delete(pair.account_id)
    road.hear()
    road.rest()
    pair.edit_customer(Name="Minster Books Ltd")
    road.settle_down()

    assert pair.customer["IsArchived"] is False
    assert road.accounts("Minster Books Ltd") == []


def test_where_the_policy_is_to_ignore_it_nothing_follows_and_the_pair_stays_one(on_the_road: Road) -> None:
    road = on_the_road
    pair = in_step(road)
    governed(road, "account_to_customer", when_gone=WhenGone.IGNORE)

    road.delete(pair.account_id)
    road.hear()
    road.rest()
    pair.edit_customer(Name="Minster Books Ltd")
    road.look()
    road.rest()
    road.undelete(pair.account_id)
    road.settle_down()

    assert pair.customer["IsArchived"] is False
    assert pair.account["Name"] == "Minster Books Ltd"


def test_the_account_of_a_deleted_customer_stays_and_is_kept_in_step_no_longer(on_the_road: Road) -> None:
    road = on_the_road
    pair = in_step(road)
    code = pair.customer["Code"]

    road.sandbox.run(lambda: road.sandbox.kashflow.customers.delete(code))
    for _ in range(3):
        road.look()
        road.wait(2 * 3600)
    road.rest()

    assert pair.account["Name"] == "Minster Books"
    assert pair.golden.parted is not None
    pair.edit_account(BillingCity="York")
    road.settle_down()
    assert road.customers("Minster Books") == [], "nobody makes it a second time"


def test_a_customer_that_is_archived_in_kashflow_shows_so_where_the_org_has_a_field_for_it(
    on_the_road: Road,
) -> None:
    road = on_the_road
    pair = in_step(road)

    pair.edit_customer(IsArchived=True)
    road.settle_down()

    assert pair.agreed("is_archived") is True
    assert pair.golden.parted is None


def test_a_merge_in_salesforce_leaves_the_winner_with_the_losers_customer(on_either_ledger: Road) -> None:
    road = on_either_ledger
    pair = in_step(road)
    winner = road.account("Minster Books of York")

    road.merge(winner, pair.account_id, BillingCity="York")
    road.settle_down()

    assert pair.link.salesforce_id == winner
    assert pair.customer["Addresses"][0]["Line3"] == "York"
    assert pair.customer["IsArchived"] is False
    assert road.record(winner)["ExternalID__c"] == pair.customer["Code"]
    assert [row["LastName"] for row in road.people(winner)] == ["Okoro"]


def test_of_two_merged_accounts_with_a_customer_each_a_person_says_what_becomes_of_the_losers(
    on_the_road: Road,
) -> None:
    road = on_the_road
    winner, loser = in_step(road, "Minster Books"), in_step(road, "Minster Books (York)", BillingCity="York")

    road.merge(winner.account_id, loser.account_id)
    road.settle_down()
    (review,) = reviews(road)
    assert (review.kind, set(review.detail["answers"])) == ("merge", {"archive", "keep"})
    assert winner.customer["IsArchived"] is loser.customer["IsArchived"] is False
    answer(road, review, "archive", "they moved")
    road.settle_down()

    assert (winner.customer["IsArchived"], loser.customer["IsArchived"]) == (False, True)
    assert [one.state for one in reviews(road, ReviewState.USED)] == [ReviewState.USED]
    assert road.last(winner.account_id, "kashflow.customer").state is not State.DEAD


def test_an_account_that_is_only_hidden_from_us_is_not_taken_for_deleted(on_the_road: Road) -> None:
    road = on_the_road
    pair = in_step(road)
    road.hide("Account", pair.account_id)

    pair.edit_customer(Name="Minster Books Ltd")
    road.look()
    road.rest()

    assert not pair.customer["IsArchived"]
    assert pair.golden.parted is None
    assert road.last(pair.account_id, "kashflow.customer").reason_code == "not_visible"


def test_a_winner_that_becomes_a_customer_by_the_merge_gets_no_second_one(on_either_ledger: Road) -> None:
    road = on_either_ledger
    pair = in_step(road)
    winner = road.account("Quite Another Name Ltd", Type="Prospect")
    road.settle_down()

    road.merge(winner, pair.account_id, Type="Customer")
    road.settle_down()

    links = road.ledger.links_by_salesforce_id("customer", "Account", [winner])
    assert links[winner].kashflow_id == pair.kashflow_id
    assert [row["Id"] for row in road.customers("Quite Another Name Ltd")] in ([], [int(pair.kashflow_id)])
    assert pair.customer["IsArchived"] is False


def test_an_edit_in_kashflow_within_the_grace_does_not_make_us_forget_the_deletion(on_the_road: Road) -> None:
    road = on_the_road
    pair = in_step(road)
    road.delete(pair.account_id)
    road.hear()
    road.work()
    road.hide("Account", pair.account_id)

    pair.edit_customer(Name="Minster Books (York)")
    road.look()
    road.work()
    road.wait(3700)
    road.settle_down()

    assert pair.customer["IsArchived"] is True


def test_a_deal_that_is_won_right_after_a_merge_is_billed_to_the_customer_that_was_handed_on(
    on_either_ledger: Road,
) -> None:
    road = on_either_ledger
    pair = in_step(road)
    winner = road.account("Quite Another Name Ltd")
    deal = road.deal(pair.account_id)
    road.settle_down()

    road.merge(winner, pair.account_id)
    road.win(deal)
    road.settle_down()

    (invoice,) = road.invoices(deal)
    assert str(invoice["CustomerId"]) == pair.kashflow_id
    assert len(road.customers("Quite Another Name Ltd")) == 1
    assert reviews(road) == []
