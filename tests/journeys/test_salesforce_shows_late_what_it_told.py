"""A query shows an edit later than the event that told of it: no won deal is passed over, and no old amount invoiced."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import unquote_plus

from ledger.endings import State
from tests.support.road import Road

LAG_SECONDS = 30


def _old_deal(road: Road) -> str:
    deal = road.deal(road.account("Larkfield Ceramics Ltd"))
    road.wait(120)
    return deal


def _lag(road: Road, seconds: float = LAG_SECONDS) -> None:
    road.fault("salesforce", "query_commit_lag", times=None, match={"entity": "Opportunity"}, seconds=seconds)


def _queries(road: Road) -> int:
    """How often deals were asked for."""
    return sum(
        "/query" in one.path and "FROM Opportunity WHERE" in unquote_plus(one.query)
        for one in road.sandbox.requests["salesforce"].entries
    )


def test_a_deal_that_still_shows_as_open_when_it_was_told_to_be_won_is_invoiced(on_the_road: Road) -> None:
    road = on_the_road
    deal = _old_deal(road)
    _lag(road)
    road.win(deal)

    road.hear()
    road.work()
    assert (road.last(deal).state, road.last(deal).reason_code) == (State.WAITING, "not_shown_yet")
    won_at = road.now()
    road.rest()

    assert len(road.invoices(deal)) == 1
    assert (road.now() - won_at).total_seconds() <= 2 * LAG_SECONDS + 5


def test_a_deal_that_was_made_and_won_at_once_and_does_not_show_yet_is_invoiced(on_the_road: Road) -> None:
    road = on_the_road
    account = road.account("Larkfield Ceramics Ltd")
    _lag(road)
    deal = road.deal(account, StageName="Closed Won")

    road.hear()
    road.rest()

    assert len(road.invoices(deal)) == 1


def test_an_amount_that_was_changed_after_the_deal_was_won_is_the_one_invoiced(on_the_road: Road) -> None:
    road = on_the_road
    deal = _old_deal(road)
    road.win(deal)
    road.wait(60)
    _lag(road)
    road.change(deal, Amount="1500.00")

    road.hear()
    road.rest()

    (invoice,) = road.invoices(deal)
    assert Decimal(invoice["NetAmount"]) == Decimal("1500.00")


def test_open_deals_that_show_what_was_told_cost_one_query_for_all(on_the_road: Road) -> None:
    road = on_the_road
    deals = [_old_deal(road) for _ in range(3)]
    for deal in deals:
        road.change(deal, Amount="1.00")
    road.hear()
    before = _queries(road)

    road.work()

    assert _queries(road) - before == 1
    assert {road.last(deal).reason_code for deal in deals} == {"condition_not_met"}


def test_a_copy_that_stays_behind_is_not_asked_for_ever(on_the_road: Road) -> None:
    road = on_the_road
    deal = _old_deal(road)
    _lag(road, 86_400)
    road.win(deal)
    road.hear()
    before = _queries(road)

    road.rest()

    assert road.last(deal).state is State.UNCHANGED
    assert _queries(road) - before <= 8
    assert road.last(deal).attempts == 1
