"""The code that an Account and its Contact show leads to one customer: no upsert on it ever reaches somebody else's record."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from ledger.tables import DeliveryRow
from tests.support.pairs import in_step, reviews
from tests.support.road import Road


def _hold_back(road: Road, record_id: str) -> None:
    """Let what waits for this record be due later than all else."""
    with road.ledger.writing() as connection:
        connection.execute(
            update(DeliveryRow)
            .where(DeliveryRow.record_id == record_id, DeliveryRow.state == "waiting")
            .values(due_at=road.now() + timedelta(minutes=5))
        )


def test_a_code_that_was_renamed_and_given_to_another_firm_writes_over_nobody(on_either_ledger: Road) -> None:
    road = on_either_ledger
    pair = in_step(road)
    old = pair.customer["Code"]
    pair.edit_customer(Code="MINSTER9")
    road.add_customer(old, "Quite Another Firm", Addresses=[{"PostCode": "YO1 1AA", "CountryCode": "GB"}])

    road.look()
    _hold_back(road, pair.kashflow_id)
    road.work()

    assert (pair.account["Name"], pair.link.salesforce_id) == ("Minster Books", pair.account_id)
    assert road.accounts("Quite Another Firm") == []
    road.settle_down()
    (other,) = road.accounts("Quite Another Firm")
    assert (pair.account["ExternalID__c"], other["ExternalID__c"]) == ("MINSTER9", old)
    assert pair.account["Name"] == "Minster Books"


def test_a_customer_that_is_made_again_after_its_deletion_is_its_accounts_again(on_the_road: Road) -> None:
    road = on_the_road
    pair = in_step(road)
    code = pair.customer["Code"]
    road.keep(lambda books: books.customers.delete(code))
    for _ in range(4):
        road.look()
        road.work()
        road.wait(4000)
    assert pair.golden.parted is not None

    again = road.add_customer(code, "Minster Books", Addresses=[{"Line3": "York", "CountryCode": "GB"}])
    road.settle_down()

    links = road.ledger.links_by_salesforce_id("customer", "Account", [pair.account_id])
    assert links[pair.account_id].kashflow_id == str(again["Id"])
    assert len(road.accounts("Minster Books")) == 1


def test_a_contact_that_moved_to_another_account_leaves_the_code_to_the_next_one(on_the_road: Road) -> None:
    road = on_the_road
    pair = in_step(road)
    moved = pair.golden.part
    other = road.account("Larkfield Ceramics")
    road.change(moved, AccountId=other)
    road.settle_down()
    road.wait(24 * 3600)

    pair.edit_person(Telephone="0113 496 0999")
    successor = road.create("Contact", AccountId=pair.account_id, LastName="Reed", Email="al@minster.example")
    road.settle_down()

    person = road.record(moved)
    assert (person["AccountId"], person["Phone"]) == (other, "0113 496 0001")
    assert road.record(successor)["ExternalID__c"] == pair.customer["Code"]
    assert person["ExternalID__c"] is None


def test_a_contact_that_moved_to_another_customer_shows_that_ones_code(on_the_road: Road) -> None:
    road = on_the_road
    pair = in_step(road)
    moved = pair.golden.part
    other = road.account("Larkfield Ceramics", Type="Customer", BillingPostalCode="YO1 1AA")
    road.settle_down()

    road.change(moved, AccountId=other)
    road.settle_down()

    assert road.record(moved)["ExternalID__c"] == road.record(other)["ExternalID__c"] != pair.customer["Code"]
    assert reviews(road) == []


def test_a_contact_that_is_added_later_shows_the_code_of_its_customer(on_the_road: Road) -> None:
    road = on_the_road
    road.look()
    account = road.account("Larkfield Ceramics", Type="Customer")
    road.settle_down()

    person = road.create("Contact", AccountId=account, LastName="Reed", Email="al@larkfield.example")
    road.settle_down()

    (customer,) = road.customers("Larkfield Ceramics")
    assert [row["Email"] for row in customer["Contacts"] if row["IsPrimary"]] == ["al@larkfield.example"]
    assert road.record(person)["ExternalID__c"] == customer["Code"]
