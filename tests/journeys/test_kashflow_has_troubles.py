"""KashFlow is away, slow, strict or odd: nothing is lost, and the ledger says in plain words what is the matter."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger.endings import State
from tests.support.road import Road

FIRMS = [f"Firm number {number}" for number in range(4)]


def _won_deals(road: Road) -> list[str]:
    deals = [road.deal(road.account(name)) for name in FIRMS]
    road.win(*deals)
    return deals


def _all_invoiced_once(road: Road, deals: list[str]) -> None:
    assert [len(road.invoices(deal)) for deal in deals] == [1] * len(deals)
    assert [len(road.customers(name)) for name in FIRMS] == [1] * len(FIRMS)
    for deal in deals:
        assert road.record(deal)["KashFlow_Invoice_Number__c"] == str(road.invoices(deal)[0]["Number"])


@pytest.mark.parametrize("resource", ["customers", "invoices"])
def test_a_session_that_ends_in_the_middle_of_a_batch_is_renewed(on_the_road: Road, resource: str) -> None:
    road = on_the_road
    deals = _won_deals(road)
    road.fault("kashflow", "session_expired", times=2, match={"method": "POST", "resource": resource})

    road.catch_up()

    _all_invoiced_once(road, deals)
    assert road.story(deals[0])[-1][0] == "delivered"


@pytest.mark.parametrize("trouble", ["html_503", "drop_before_commit"])
def test_an_hour_without_kashflow_ends_no_delivery_and_all_go_on_by_themselves(
    on_the_road: Road, trouble: str
) -> None:
    road = on_the_road
    road.win(road.deal(road.account("First of the day")))
    road.catch_up()
    deals = _won_deals(road)
    road.fault("kashflow", trouble, times=None)
    road.hear()

    for _ in range(20):
        road.work()
        road.wait(180)
    assert {road.last(deal).state for deal in deals} == {State.WAITING}
    assert "kashflow: " in str(road.last(deals[0]).reason_text)
    asked = road.sandbox.requests["salesforce"].count()
    assert asked < 200, "nobody spends the calls of one system to learn that the other is away"
    road.recover("kashflow")
    road.rest(within=timedelta(minutes=20))

    _all_invoiced_once(road, deals)


def test_a_user_without_permission_is_told_and_the_work_goes_on_when_it_was_given(on_the_road: Road) -> None:
    road = on_the_road
    deals = _won_deals(road)
    road.fault("kashflow", "permission_denied", times=None, match={"method": "POST", "path": "/v2/customers"})
    road.hear()
    road.work()
    customer = road.last(deals[0], "kashflow.customer")
    assert customer.state is State.WAITING
    assert "the KashFlow user lacks the role for this" in str(customer.reason_text)

    road.recover("kashflow")
    road.rest()

    _all_invoiced_once(road, deals)


def test_permission_that_is_never_given_ends_dead_with_the_number_of_tries(on_the_road: Road) -> None:
    road = on_the_road
    deal = _won_deals(road)[0]
    road.fault("kashflow", "permission_denied", times=None, match={"method": "POST", "path": "/v2/invoices"})

    road.catch_up()

    dead = road.last(deal)
    assert (dead.state, dead.attempts) == (State.DEAD, 12)
    assert str(dead.reason_text).endswith("(given up after 12 attempts)")


def test_after_429_everybody_waits_as_long_as_kashflow_asked(on_the_road: Road) -> None:
    road = on_the_road
    deals = _won_deals(road)
    road.fault("kashflow", "too_many_requests", match={"method": "POST"}, retry_after=40)
    road.hear()
    road.work()
    asked = road.calls("POST", "/v2/customers")

    road.wait(39)
    road.work()
    assert road.calls("POST", "/v2/customers") == asked
    started = road.now()
    road.rest()

    assert road.now() - started < timedelta(minutes=2)
    _all_invoiced_once(road, deals)
    assert road.last(deals[0], "kashflow.customer").attempts <= 1, "waiting does not count as an attempt"


def test_a_locked_period_is_a_reason_a_person_can_read(on_the_road: Road) -> None:
    road = on_the_road
    deal = road.deal(road.account("Larkfield Ceramics Ltd"))
    road.win(deal)
    road.fault("kashflow", "period_locked", match={"path": "/v2/invoices"})

    road.catch_up()

    dead = road.last(deal)
    assert (dead.state, dead.reason_stage, dead.reason_code) == (State.DEAD, "send", "PeriodLocked")
    assert "locked" in str(dead.reason_text)


def test_fields_that_nobody_knows_are_no_trouble(on_the_road: Road) -> None:
    road = on_the_road
    road.fault("kashflow", "extra_fields", times=None)
    deals = _won_deals(road)

    road.catch_up()

    _all_invoiced_once(road, deals)


def test_lists_without_contacts_and_addresses_are_no_trouble(on_the_road: Road) -> None:
    road = on_the_road
    road.fault("kashflow", "null_collections", times=None)
    road.add_customer("HAND01", FIRMS[0])
    deals = _won_deals(road)

    road.catch_up()

    _all_invoiced_once(road, deals)


def test_lists_in_their_other_shape_are_no_trouble(on_the_road: Road) -> None:
    road = on_the_road
    road.fault("kashflow", "other_list_shape", times=None)
    road.fault("kashflow", "drop_after_commit", times=2, match={"path": "/v2/invoices"})
    deals = _won_deals(road)

    road.catch_up()

    _all_invoiced_once(road, deals)


def test_an_answer_without_totals_is_a_clear_dead_letter_that_the_next_look_makes_good(
    on_the_road: Road,
) -> None:
    road = on_the_road
    gone = ["GrossAmount", "NetAmount", "VATAmount"]
    road.fault("kashflow", "missing_fields", match={"method": "POST", "path": "/v2/invoices"}, fields=gone)
    deal = road.deal(road.account("Larkfield Ceramics Ltd"))
    road.win(deal)
    road.catch_up()
    dead = road.written_back(deal)
    assert (dead.state, dead.reason_code) == (State.DEAD, "mapping")
    assert "NetAmount: is blank, and must not be" in str(dead.reason_text)

    road.wait(120)
    road.look()
    road.rest()

    (invoice,) = road.invoices(deal)
    assert road.record(deal)["KashFlow_Invoice_Number__c"] == str(invoice["Number"])
    told = [one for one in road.deliveries(str(invoice["Id"])) if one.queue == "salesforce.opportunity"]
    assert [one.state for one in told] == [State.SUPERSEDED, State.DELIVERED]


def test_a_locked_user_is_tried_once_and_then_left_alone(on_the_road: Road) -> None:
    road = on_the_road
    _won_deals(road)
    road.fault("kashflow", "account_locked", times=None, match={"resource": "sessiontoken"})
    road.hear()

    for _ in range(5):
        road.work()
        road.wait(30)

    assert road.calls("POST", "/v2/sessiontoken") == 1


@pytest.mark.parametrize(
    ("trouble", "resource"), [("account_locked", "sessiontoken"), ("password_expired", None)]
)
def test_a_login_that_a_person_has_mended_is_noticed_soon(
    on_the_road: Road, trouble: str, resource: str | None
) -> None:
    road = on_the_road
    deals = _won_deals(road)
    road.fault("kashflow", trouble, times=None, match={"resource": resource} if resource else {})
    road.hear()
    for _ in range(12):
        road.work()
        road.wait(5)

    road.recover("kashflow")
    road.breaker.reset()
    road.rest(within=timedelta(minutes=1))

    _all_invoiced_once(road, deals)
