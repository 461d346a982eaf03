"""A load while both systems are worked with: an edit in the middle wins, a load that was cut off goes on, nothing is lost."""

from __future__ import annotations

import pytest

from console.operations.loading import backfill
from console.operations.loading.backfill import NobodyListens
from ledger.endings import State
from ledger.operations import Progress
from tests.support.load import Loading, without_bursts
from tests.support.pairs import reviews
from tests.support.road import Road


def _customers_before(road: Road, *names: str) -> dict[str, str]:
    """Accounts that only Salesforce has."""
    accounts = {
        name: road.account(name, Type="Customer", BillingCity="Leeds", BillingPostalCode="LS1 1AA")
        for name in names
    }
    road.begin_now()
    road.wait(60)
    return accounts


def test_an_account_that_is_edited_while_the_load_waits_arrives_as_it_is_now(on_either_ledger: Road) -> None:
    road = on_either_ledger
    accounts = _customers_before(road, "Minster Books", "Harbour Cafe")
    Loading(road, "customer", "salesforce").run()

    road.change(accounts["Minster Books"], BillingCity="York")
    road.hear()
    road.settle_down()

    (customer,) = road.customers("Minster Books")
    assert customer["Addresses"][0]["Line3"] == "York"
    story = [one.state for one in road.deliveries(accounts["Minster Books"])]
    assert story[0] is State.SUPERSEDED, "the load's own was overtaken by the news"
    assert len(road.customers("Harbour Cafe")) == 1


def test_what_changed_between_two_pages_of_a_load_is_delivered_once_as_it_is_now(
    on_either_ledger: Road,
) -> None:
    road = on_either_ledger
    names = [f"Customer {number:02}" for number in range(6)]
    accounts = _customers_before(road, *names)
    loading = Loading(road, "customer", "salesforce")

    def an_edit_and_a_new_account(seconds: float) -> bool:
        road.change(accounts[names[0]], BillingCity="York")
        road.change(accounts[names[5]], BillingCity="Whitby")
        road.account("Customer that is new", Type="Customer")
        return True

    cut_short = loading.begin(planned=12, wait=an_edit_and_a_new_account, per_minute=180)
    assert (cut_short.state, cut_short.done) == (Progress.INTERRUPTED, 3)
    road.catch_up()
    finished = loading.go_on(cut_short)
    road.settle_down()

    assert (finished.state, finished.done) == (Progress.FINISHED, 12 + 1)
    made = {name: road.customers(name) for name in [*names, "Customer that is new"]}
    assert [len(customers) for customers in made.values()] == [1] * 7
    assert made[names[0]][0]["Addresses"][0]["Line3"] == "York"
    assert made[names[5]][0]["Addresses"][0]["Line3"] == "Whitby"


def test_an_edit_in_kashflow_while_the_load_waits_is_merged_with_the_account(on_either_ledger: Road) -> None:
    road = on_either_ledger
    road.add_customer(
        "MINS01",
        "Minster Books",
        Addresses=[{"Line1": "3 Briggate", "PostCode": "LS1 1AA", "CountryCode": "GB"}],
    )
    accounts = _customers_before(road, "Minster Books")
    road.wait(3600)
    Loading(road, "customer", "salesforce").run()

    person = {"IsPrimary": True, "Firstname": "Mina", "LastName": "Okoro", "Email": "mina@minster.example"}
    road.edit_customer("MINS01", Contacts=[person])
    road.settle_down()

    (customer,) = road.customers("Minster Books")
    assert [one["Email"] for one in customer["Contacts"]] == ["mina@minster.example"]
    assert [one["Email"] for one in road.people(accounts["Minster Books"])] == ["mina@minster.example"]
    assert road.record(accounts["Minster Books"])["ExternalID__c"] == "MINS01"
    assert len(road.accounts("Minster Books")) == 1


def test_kashflows_customers_become_accounts_and_what_is_doubtful_is_asked(on_either_ledger: Road) -> None:
    road = on_either_ledger
    road.add_customer("LARK01", "Larkfield Ceramics")
    road.add_customer("MOOR01", "MOOR OUTDOOR.")
    road.account("Moor Outdoor", Type="Customer")
    without_bursts(road)
    road.begin_now()
    road.wait(3600)
    loading = Loading(road, "customer", "kashflow")

    foreseen = loading.rehearse()
    operation = loading.run()
    road.settle_down()

    assert sum(foreseen.records.values()) == operation.done
    assert len(road.accounts("Larkfield Ceramics")) == 1
    assert road.accounts("MOOR OUTDOOR.") == []
    kinds = [one.kind for one in reviews(road)]
    assert foreseen.records["left to review"] == kinds.count("match") == 1
    assert foreseen.questions == len(kinds), (
        "what the two sides of a linked pair disagree about is asked, too"
    )


def test_the_bank_and_the_books_are_loaded_into_the_orgs_own_objects(on_the_road: Road) -> None:
    road = on_the_road
    road.begin_now()
    road.wait(60)

    for entity in ("supplier", "purchase", "bank_account", "bank_transaction", "invoice"):
        loading = Loading(road, entity, "kashflow")
        foreseen = loading.rehearse()
        operation = loading.run()
        road.settle_down()
        created = loading.outcomes(operation).get(State.DELIVERED, 0)
        assert foreseen.records.get("created", 0) == created, entity
        assert created, entity
        again = loading.run()
        assert again.skipped == again.done, entity


def test_a_load_is_not_begun_before_anybody_listens(on_the_road: Road) -> None:
    road = on_the_road
    road.account("Minster Books", Type="Customer")

    for source in ("salesforce", "kashflow"):
        with pytest.raises(NobodyListens, match="start 'kashforce up'"):
            Loading(road, "customer", source).run()


def test_the_same_load_again_goes_on_with_the_one_that_was_cut_off(on_the_road: Road) -> None:
    road = on_the_road
    _customers_before(road, *(f"Customer {number:02}" for number in range(6)))
    loading = Loading(road, "customer", "salesforce")
    cut_short = loading.begin(planned=12, wait=lambda _: True, per_minute=60)

    assert backfill.unfinished(road.ledger, loading.load) == cut_short
    assert backfill.unfinished(road.ledger, Loading(road, "customer", "kashflow").load) is None
    finished = loading.go_on(cut_short)
    assert (finished.id, finished.state, finished.done) == (cut_short.id, Progress.FINISHED, 12)
    assert backfill.unfinished(road.ledger, loading.load) is None


def test_a_query_that_salesforce_forgets_midway_is_gone_on_with_behind_the_last_id(on_the_road: Road) -> None:
    road = on_the_road
    rows = [{"Name": f"Customer {number}", "Type": "Customer"} for number in range(2_100)]
    accounts = [
        made for at in range(0, 2_100, 200) for made in road.create_many("Account", rows[at : at + 200])
    ]
    road.begin_now()
    without_bursts(road)
    road.fault("salesforce", "query_locator_expired")
    loading = Loading(road, "customer", "salesforce")

    cut_short = loading.run()
    assert (cut_short.state, cut_short.done) == (Progress.INTERRUPTED, 2_000)
    finished = loading.go_on(cut_short)

    assert (finished.state, finished.done) == (Progress.FINISHED, finished.planned)
    registered = road.ledger.newest_deliveries("account_to_customer", accounts)
    assert len(registered) == len(accounts)
    assert {one.state for one in registered.values()} == {State.WAITING}
