"""Bank accounts and what moves on them show as records of Salesforce, where the org has objects for them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ledger.endings import State
from tests.support.firm import Row
from tests.support.road import Road


@pytest.fixture
def watched(on_the_road: Road) -> Road:
    """A road whose poll has looked at KashFlow once: what comes now is news."""
    on_the_road.look()
    on_the_road.rest()
    return on_the_road


def _accounts(road: Road) -> list[int]:
    return road.keep(lambda books: [row["Id"] for row in books.bank_accounts.register.rows()])


def _move(road: Road, account: int, **fields: object) -> int:
    """The bookkeeper enters a transaction of today; its id."""
    body = {"Date": road.now().date().isoformat(), "MoneyType": 1, **fields}
    return int(road.keep(lambda books: books.transactions.create(account, body))["Id"])


def _see(road: Road) -> None:
    road.look()
    road.rest()


def _movement(road: Road, account: int, transaction: int) -> Row:
    (row,) = road.in_salesforce("Bank_Transaction__c", KashFlow_Id__c=f"{account}-{transaction}")
    return row


def test_a_new_bank_account_becomes_a_record_and_follows_its_source(watched: Road) -> None:
    road = watched
    made = road.keep(lambda books: books.bank_accounts.create({"AccountName": "Euro account", "Code": 1220}))

    _see(road)
    (record,) = road.in_salesforce("Bank_Account__c")
    assert (record["Name"], record["Nominal_Code__c"]) == ("Euro account", "1220")
    assert record["KashFlow_Id__c"] == str(made["Id"])

    road.keep(lambda books: books.bank_accounts.edit(made["Id"], AccountName="Euro savings"))
    _see(road)
    assert road.record(record["Id"])["Name"] == "Euro savings"
    assert len(road.in_salesforce("Bank_Account__c")) == 1


def test_what_was_there_before_the_first_look_is_left_to_the_initial_load(watched: Road) -> None:
    assert watched.in_salesforce("Bank_Account__c") == []


@pytest.mark.both_ledgers
def test_a_transaction_brings_its_account_along(watched: Road) -> None:
    road = watched
    current, _ = _accounts(road)

    moved = _move(road, current, PaidIn="120.00", Comment="Takings")
    _see(road)

    (account,) = road.in_salesforce("Bank_Account__c", KashFlow_Id__c=str(current))
    record = _movement(road, current, moved)
    assert record["Bank_Account__c"] == account["Id"]
    assert (record["Amount__c"], record["Type__c"]) == (Decimal("120.00"), "Money In")
    assert (record["Description__c"], record["Is_Matched__c"]) == ("Takings", False)


@pytest.mark.both_ledgers
def test_the_two_halves_of_a_transfer_are_two_records(watched: Road) -> None:
    road = watched
    current, reserve = _accounts(road)
    today = road.now().date()

    moved = road.keep(lambda books: books.bank_accounts.transfer(current, reserve, Decimal(500), today))
    _see(road)

    assert _movement(road, current, moved)["Amount__c"] == Decimal("-500.00")
    assert _movement(road, reserve, moved)["Amount__c"] == Decimal("500.00")
    assert len(road.in_salesforce("Bank_Transaction__c")) == 2


def test_a_balance_that_moves_is_no_change_of_the_rows_before(watched: Road) -> None:
    road = watched
    current, _ = _accounts(road)
    later = _move(road, current, PaidIn="10.00", Comment="later")
    _see(road)
    before = len(road.deliveries(f"{current}-{later}"))

    yesterday = {"Date": "2026-03-09", "MoneyType": 1, "PaidIn": "99.00"}
    road.keep(lambda books: books.transactions.create(current, yesterday))
    _see(road)

    assert len(road.deliveries(f"{current}-{later}")) == before
    assert len(road.in_salesforce("Bank_Transaction__c")) == 2


def test_a_payment_of_an_invoice_is_a_movement_that_is_matched(watched: Road) -> None:
    road = watched
    road.pay(1004, "1440.00")

    _see(road)

    (record,) = road.in_salesforce("Bank_Transaction__c")
    assert (record["Document_Number__c"], record["Is_Matched__c"]) == ("1004", True)
    assert record["Party__c"] == "Dunmore Marine Survey LLP"


def test_a_row_that_leaves_the_window_by_age_is_not_taken_for_deleted(watched: Road) -> None:
    road = watched
    current, _ = _accounts(road)
    moved = _move(road, current, PaidIn="10.00")
    _see(road)

    for _ in range(3):
        road.wait(40 * 86_400)
        _see(road)
    road.wait(3 * 3600)
    _see(road)

    assert _movement(road, current, moved)["Amount__c"] == Decimal("10.00")
    assert [one.kind for one in road.deliveries(f"{current}-{moved}")] == ["created"]


def test_an_org_without_the_object_is_left_in_peace_and_told_why(watched: Road) -> None:
    road = watched
    road.fault("salesforce", "field_hidden", times=None, entity="Bank_Account__c", field="KashFlow_Id__c")
    road.desk.fields("Bank_Account__c")
    made = road.keep(lambda books: books.bank_accounts.create({"AccountName": "Till", "Code": 1230}))
    road.wait(600)

    _see(road)

    last = road.last(str(made["Id"]), "salesforce.bank_account")
    assert (last.state, last.reason_code) == (State.UNCHANGED, "no_object")
    assert last.reason_text == (
        "Salesforce has no Bank_Account__c with the field KashFlow_Id__c, or does not show it to us; "
        "`kashforce doctor` says what to create"
    )
    assert road.calls("GET", "/v2/bankaccounts/{key}") == 0
