"""The initial load: what both systems had before Kashforce came is linked, made or asked about, once, behind all that is live."""

from __future__ import annotations

import pytest

from console.operations.loading.sources import Found, SalesforceRecords
from ledger.endings import State
from tests.support.goods import add_product, products
from tests.support.load import Loading, without_bursts
from tests.support.pairs import answer, in_step, reviews
from tests.support.road import Road

#: The sandbox's own: customers that both of its worlds have from the beginning, and those that only its Salesforce has.
ON_BOTH, ONLY_THERE = 4, 2
LEEDS = {"BillingCity": "Leeds", "BillingPostalCode": "LS1 1AA"}
IN_LEEDS = {"Line1": "3 Briggate", "Line3": "Leeds", "PostCode": "LS1 1AA", "CountryCode": "GB"}


def _a_firm_with_a_past(road: Road) -> dict[str, str]:
    """Three customers that both sides have, two that only Salesforce has, and an Account that is no customer."""
    accounts = {
        name: road.account(name, Type="Customer", BillingStreet="3 Briggate", **LEEDS)
        for name in ("Minster Books", "Harbour Cafe", "Mill Cycles", "Kiln Lane Ceramics", "Moor Outdoor")
    }
    accounts["A prospect"] = road.account("A prospect", Type="Prospect")
    for code, name in (("MINS01", "Minster Books"), ("HARB01", "Harbour Cafe"), ("MILL01", "Mill Cycles")):
        road.add_customer(code, name, Addresses=[IN_LEEDS])
    road.begin_now()
    # What the poll has seen is by now shown by every list.
    road.wait(3600)
    return accounts


def test_customers_that_both_sides_have_are_linked_and_not_doubled(on_either_ledger: Road) -> None:
    road = on_either_ledger
    accounts = _a_firm_with_a_past(road)

    operation = Loading(road, "customer", "salesforce").run()
    road.settle_down()

    assert (operation.state, operation.done) == ("finished", 6 + ON_BOTH + ONLY_THERE)
    for name, code in (("Minster Books", "MINS01"), ("Harbour Cafe", "HARB01"), ("Mill Cycles", "MILL01")):
        (customer,) = road.customers(name)
        assert customer["Code"] == code
        assert road.record(accounts[name])["ExternalID__c"] == code
        assert road.last(accounts[name], "kashflow.customer").state in (State.DELIVERED, State.UNCHANGED)
    for name in ("Kiln Lane Ceramics", "Moor Outdoor"):
        (customer,) = road.customers(name)
        assert accounts[name] in customer["Note"]
    assert road.customers("A prospect") == []


def test_a_second_load_of_the_same_finds_everything_delivered(on_either_ledger: Road) -> None:
    road = on_either_ledger
    _a_firm_with_a_past(road)
    loading = Loading(road, "customer", "salesforce")
    loading.run()
    road.settle_down()
    before = road.written()

    again = loading.run()
    road.settle_down()

    assert (again.done, again.skipped) == (6 + ON_BOTH + ONLY_THERE,) * 2
    assert road.written() == before


def test_a_dry_run_writes_nothing_and_says_what_the_load_then_does(on_either_ledger: Road) -> None:
    road = on_either_ledger
    accounts = _a_firm_with_a_past(road)
    loading = Loading(road, "customer", "salesforce")
    before = road.written()

    foreseen = loading.rehearse()

    assert foreseen.records == {"created": 2 + ONLY_THERE, "linked": 3 + ON_BOTH, "unchanged": 1}
    assert road.written() == before
    assert all(road.deliveries(account) == [] for account in accounts.values())
    customers = _customers(road)
    loading.run()
    road.settle_down()
    assert len(_customers(road)) - len(customers) == foreseen.records["created"]
    linked = road.ledger.links_by_kashflow_id("customer", _customers(road))
    assert len(linked) == foreseen.records["created"] + foreseen.records["linked"]
    assert loading.rehearse().records == {"unchanged": 6 + ON_BOTH + ONLY_THERE}


def _customers(road: Road) -> set[str]:
    return {str(row["Id"]) for row in road.keep(lambda world: world.state()["customers"])}


@pytest.mark.parametrize("source", ["salesforce", "kashflow"])
def test_a_load_takes_no_more_calls_than_were_estimated(on_the_road: Road, source: str) -> None:
    road = on_the_road
    _a_firm_with_a_past(road)
    without_bursts(road)
    loading = Loading(road, "customer", source)
    for name in ("Account", "Contact"):
        road.desk.fields(name)  # described once, however many are loaded
    begun = _calls(road)

    estimated = loading.estimate()
    loading.run()
    road.rest()

    took = [after - before for before, after in zip(begun, _calls(road), strict=True)]
    assert took[0] <= estimated.calls.salesforce
    assert took[1] <= estimated.calls.kashflow


def _calls(road: Road) -> tuple[int, int]:
    salesforce = road.sandbox.requests["salesforce"].entries
    kashflow = road.sandbox.requests["kashflow"].entries
    return len([e for e in salesforce if "/services/data/" in e.path]), len(kashflow)


def test_products_that_both_sides_have_are_linked_from_either_side_as_was_foreseen(on_the_road: Road) -> None:
    road = on_the_road
    road.product("Walnut shelf", "180.00", ProductCode="SHELF-W", VAT_Rate__c=20)
    road.product("Oak shelf", "150.00", ProductCode="SHELF-O", VAT_Rate__c=20)
    add_product(road, "SHELF-W", "Walnut shelf", Price="180.00", VATRate=20)
    add_product(road, "LAMP-1", "Lamp", Price="35.00", VATRate=20)
    road.begin_now()
    road.wait(3600)

    for source in ("salesforce", "kashflow"):
        loading = Loading(road, "product", source)
        foreseen = loading.rehearse()
        before = {one.kashflow_id for one in road.ledger.links_of("product")}
        loading.run()
        road.settle_down()
        made = len({one.kashflow_id for one in road.ledger.links_of("product")} - before)
        assert made == sum(foreseen.records.get(became, 0) for became in ("created", "linked"))
        assert loading.rehearse().records.keys() == {"unchanged"}

    assert len(products(road, Code="SHELF-W")) == 1
    assert len(products(road, Code="SHELF-O")) == 1
    assert len(road.in_salesforce("Product2", ProductCode="LAMP-1")) == 1


def test_the_movements_of_all_bank_accounts_are_estimated(on_the_road: Road) -> None:
    road = on_the_road
    accounts = road.keep(lambda books: [row["Id"] for row in books.bank_accounts.register.rows()])
    for account in accounts:
        body = {
            "Date": road.now().date().isoformat(),
            "MoneyType": 1,
            "PaidIn": "120.00",
            "Comment": "Takings",
        }
        road.keep(lambda books, account=account, body=body: books.transactions.create(account, body))  # type: ignore[misc]
    loading = Loading(road, "bank_transaction")

    assert len(accounts) > 1
    assert loading.estimate().count == len(loading.foresee()) - len(accounts)


def test_a_dry_run_foresees_what_the_other_side_would_bring_back(on_the_road: Road) -> None:
    road = on_the_road
    account = road.account("Minster Books", Type="Customer")
    road.add_customer("MINS01", "Minster Books", Addresses=[IN_LEEDS])
    road.begin_now()
    road.wait(3600)
    loading = Loading(road, "customer", "salesforce")

    (foreseen,) = [one for one in loading.foresee() if one.record_id == account]
    loading.run()
    road.settle_down()

    assert foreseen.became == "linked"
    assert "it is MINS01, which says what would be written here" in foreseen.text
    assert road.record(account)["BillingCity"] == "Leeds"


def test_a_dry_run_carries_nothing_out_for_what_is_deleted_meanwhile(
    on_the_road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    road = on_the_road
    pair = in_step(road)
    winner = road.account("Minster Books of York", Type="Customer")
    road.settle_down()
    road.merge(winner, pair.account_id)
    road.settle_down()
    (review,) = [one for one in reviews(road) if one.kind == "merge"]
    answer(road, review, "archive")
    # It was listed before it was merged away.
    monkeypatch.setattr(SalesforceRecords, "behind", lambda *_: iter([Found(pair.account_id)]))

    found = Loading(road, "customer", "salesforce").foresee()

    assert [one.became for one in found] == ["unchanged"]
    assert pair.customer["IsArchived"] is False
