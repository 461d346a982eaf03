"""Salesforce refuses, hides or is away: each Opportunity gets what it can, and the ledger says what it cannot."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger.endings import State
from tests.support.backlog import linked_deals
from tests.support.road import Road

WRITTEN = (
    "KashFlow_Invoice_Number__c",
    "KashFlow_Invoice_Id__c",
    "KashFlow_Invoice_Status__c",
    "KashFlow_Net__c",
    "KashFlow_VAT__c",
    "KashFlow_Gross__c",
    "KashFlow_Due__c",
    "KashFlow_Invoice_Url__c",
    "KashFlow_Paid__c",
    "KashFlow_Invoice_Date__c",
    "KashFlow_Due_Date__c",
    "KashFlow_Paid_Date__c",
)


def _won_deal(road: Road, name: str = "Larkfield Ceramics Ltd") -> str:
    deal = road.deal(road.account(name))
    road.win(deal)
    return deal


def _shows_its_number(road: Road, deal: str) -> bool:
    (invoice,) = road.invoices(deal)
    return bool(road.record(deal)["KashFlow_Invoice_Number__c"] == str(invoice["Number"]))


@pytest.mark.parametrize(
    "trouble",
    ["rest_503_html", "rest_500_before_commit", "rest_500_after_commit", "rest_drop_after_commit"],
)
def test_a_write_back_without_a_usable_answer_is_written_again(on_the_road: Road, trouble: str) -> None:
    road = on_the_road
    deal = _won_deal(road)
    road.fault("salesforce", trouble, match={"method": "PATCH"})

    road.catch_up()

    assert _shows_its_number(road, deal)
    assert road.written_back(deal).state in {State.DELIVERED, State.UNCHANGED}


def test_a_session_that_ends_between_two_calls_is_renewed(on_the_road: Road) -> None:
    road = on_the_road
    deal = _won_deal(road)
    road.hear()
    road.fault("salesforce", "rest_session_expired", match={"method": "GET"})
    road.fault("salesforce", "rest_session_expired", match={"method": "PATCH"})

    road.rest()

    assert _shows_its_number(road, deal)
    assert [ending for ending, _ in road.story(deal)] == ["not_now", "delivered"]


def test_an_hour_without_salesforce_ends_no_delivery(on_the_road: Road) -> None:
    road = on_the_road
    deal = _won_deal(road)
    road.hear()
    road.fault("salesforce", "rest_503_html", times=None)

    for _ in range(20):
        road.work()
        road.wait(180)
    assert road.last(deal).state is State.WAITING
    road.recover("salesforce")
    road.rest(within=timedelta(minutes=20))

    assert _shows_its_number(road, deal)


def test_when_the_daily_calls_are_spent_everybody_waits(on_the_road: Road) -> None:
    road = on_the_road
    deal = _won_deal(road)
    road.hear()
    road.fault("salesforce", "rest_request_limit", kind="daily")

    road.rest()

    assert _shows_its_number(road, deal)
    assert road.last(deal).attempts <= 1


def test_a_record_that_is_locked_for_a_moment_is_written_when_it_is_free(on_the_road: Road) -> None:
    road = on_the_road
    deal, neighbour = _won_deal(road), _won_deal(road, "Minster Books")
    road.fault("salesforce", "rest_row_lock", times=2, match={"entity": "Opportunity", "id": deal})

    road.catch_up()

    assert _shows_its_number(road, deal)
    assert _shows_its_number(road, neighbour)
    (invoice,) = road.invoices(deal)
    endings = road.story(str(invoice["Id"]), "salesforce.opportunity")
    assert [ending for ending, _ in endings] == ["failed", "failed", "delivered"]
    assert "UNABLE_TO_LOCK_ROW" in endings[0][1]


def test_the_text_of_a_validation_rule_is_what_a_person_reads(on_the_road: Road) -> None:
    road = on_the_road
    deal, neighbour = _won_deal(road), _won_deal(road, "Minster Books")
    said = "Deals over £1,000 need a purchase order number (ask Sales Ops)."
    road.fault(
        "salesforce", "rest_validation_rule", times=None, match={"id": deal}, message=said, field="StageName"
    )

    road.catch_up()

    dead = road.written_back(deal)
    assert (dead.state, dead.reason_code) == (State.DEAD, "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    assert said in str(dead.reason_text)
    assert len(road.invoices(deal)) == 1, "the invoice itself stands"
    assert _shows_its_number(road, neighbour)


def test_three_bad_rows_of_two_hundred_take_no_neighbour_with_them(on_the_road: Road) -> None:
    road = on_the_road
    deals = linked_deals(road, 200)
    for bad in (deals[3], deals[77], deals[150]):
        road.fault("salesforce", "rest_validation_rule", match={"id": bad}, message="Closed for the year.")

    report = road.work_on("salesforce.opportunity")

    assert (report.claimed, report.endings) == (200, {"delivered": 197, "dead": 3})
    written = [road.record(deal)["KashFlow_Invoice_Number__c"] for deal in deals]
    assert [number for number, shown in enumerate(written) if shown is None] == [3, 77, 150]
    patches = [each for each in road.sandbox.requests["salesforce"].entries if each.method == "PATCH"]
    assert len(patches) == 1, "one call for all"


def test_a_record_that_spoils_the_whole_call_is_found_and_its_neighbours_are_written(
    on_the_road: Road,
) -> None:
    road = on_the_road
    deals = linked_deals(road, 200)
    for bad in (deals[3], deals[150]):
        road.fault("salesforce", "rest_collections_refused", times=None, match={"id": bad})

    report = road.work_on("salesforce.opportunity")

    assert report.endings == {"delivered": 198, "dead": 2}
    written = [road.record(deal)["KashFlow_Invoice_Number__c"] for deal in deals]
    assert [number for number, shown in enumerate(written) if shown is None] == [3, 150]
    requests = road.sandbox.requests["salesforce"].entries
    assert sum(one.method == "PATCH" for one in requests) <= 2 * 2 * 8, "halves, and not one by one"


def test_an_optional_field_that_is_hidden_from_us_is_done_without(on_the_road: Road) -> None:
    road = on_the_road
    for entity, field in (("Product2", "VAT_Rate__c"), ("Opportunity", "KashFlow_Due__c")):
        road.fault("salesforce", "field_hidden", times=None, entity=entity, field=field)
    deal = road.deal(road.account("Larkfield Ceramics Ltd"), None)
    road.line(deal, road.product("Steel bracket", "4.50"), 2, "4.50")

    road.win(deal)
    road.catch_up()

    assert _shows_its_number(road, deal)
    assert road.written_back(deal).state is State.DELIVERED


def test_when_all_fields_for_the_write_back_are_hidden_the_dead_letter_names_them(on_the_road: Road) -> None:
    road = on_the_road
    for field in WRITTEN:
        road.fault("salesforce", "field_hidden", times=None, entity="Opportunity", field=field)
    deal = _won_deal(road)

    road.catch_up()

    assert len(road.invoices(deal)) == 1
    dead = road.written_back(deal)
    assert (dead.state, dead.reason_code) == (State.DEAD, "no_fields")
    assert all(field in str(dead.reason_text) for field in WRITTEN)


def test_an_opportunity_that_was_deleted_before_the_write_back_is_said_to_be_gone(on_the_road: Road) -> None:
    road = on_the_road
    deal = _won_deal(road)
    road.hear()
    for queue in ("kashflow.invoice", "kashflow.customer", "kashflow.invoice"):
        road.work_on(queue)

    road.delete(deal)
    road.rest()

    last = road.written_back(deal)
    assert (last.state, last.reason_text) == (
        State.DEAD,
        f"the Opportunity {deal} no longer exists in Salesforce",
    )
