"""Deals that were won before Kashforce came become invoices by an initial load, once, and what they need comes first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from connectors.budget import SALESFORCE, LocalBudget
from connectors.meter import Meter
from ledger.deliveries import LAST
from ledger.endings import State
from tests.support.load import Loading
from tests.support.road import TODAY, Road
from workers.rules import Rules
from workers.ways import Pace


def _won_before(road: Road, *names: str) -> list[str]:
    """A won deal of a new Account each, of which no event ever told."""
    deals = [road.deal(road.account(f"{name} Ltd"), Name=name) for name in names]
    road.win(*deals)
    return deals


def _invoiced(road: Road, deals: list[str]) -> list[int]:
    return [len(road.invoices(deal)) for deal in deals]


def test_old_deals_become_invoices_once_and_their_numbers_come_back(on_either_ledger: Road) -> None:
    road = on_either_ledger
    older = _won_before(road, "Last year's desks")
    road.wait(48 * 3600)
    deals = _won_before(road, "Studio desks", "Boathouse chairs")
    open_deal = road.deal(road.account("Not yet Ltd"), Name="Not yet")
    road.begin_now()
    road.wait(60)
    loading = Loading(road, "invoice", "salesforce", since=TODAY + timedelta(days=1))

    first = loading.run()
    road.settle_down()
    again = loading.run()
    road.settle_down()

    assert (first.done, again.done, again.skipped) == (2, 2, 2)
    assert _invoiced(road, [*deals, *older, open_deal]) == [1, 1, 0, 0]
    for deal in deals:
        (invoice,) = road.invoices(deal)
        assert road.record(deal)["KashFlow_Invoice_Number__c"] == str(invoice["Number"])
        assert len(road.customers(f"{road.record(deal)['Name']} Ltd")) == 1


def test_a_dry_run_foresees_invoices_and_the_customers_that_come_first(on_either_ledger: Road) -> None:
    road = on_either_ledger
    account = road.account("Studio Ltd")
    deals = [road.deal(account, Name="Desks"), road.deal(account, Name="Chairs")]
    road.win(*deals)
    doubtful = road.deal(road.account("Taxing Ltd"), Name="A rate that KashFlow lacks")
    road.line(doubtful, road.product("Odd", "10.00", VAT_Rate__c=17.5), 1, "10.00")
    road.win(doubtful)
    road.begin_now()
    road.wait(60)
    loading = Loading(road, "invoice", "salesforce")
    before = road.written()

    foreseen = loading.rehearse()

    assert foreseen.records == {"created": 2, "cannot be done": 1}
    assert foreseen.needed == {"created": 1}
    assert road.written() == before
    loading.run()
    road.settle_down()
    assert _invoiced(road, [*deals, doubtful]) == [1, 1, 0]
    assert len(road.customers("Studio Ltd")) == 1
    assert road.last(doubtful).state is State.DEAD


def test_what_a_load_causes_comes_last_like_the_load_itself(on_the_road: Road) -> None:
    road = on_the_road
    (deal,) = _won_before(road, "Studio desks")
    road.begin_now()
    road.wait(60)

    Loading(road, "invoice", "salesforce").run()
    road.rest()

    (invoice,) = road.invoices(deal)
    caused = [one for record in (deal, str(invoice["Id"])) for one in road.deliveries(record)]
    assert {one.queue for one in caused} >= {
        "kashflow.invoice",
        "kashflow.customer",
        "salesforce.opportunity",
    }
    assert {one.priority for one in caused} == {LAST}


def test_a_live_deal_overtakes_a_load_that_waits_before_it(on_either_ledger: Road) -> None:
    road = on_either_ledger
    old = _won_before(road, *(f"Old deal {number}" for number in range(60)))
    road.begin_now()
    road.wait(60)
    operation = Loading(road, "invoice", "salesforce").run()
    new = road.deal(road.account("Fresh Ltd"), Name="Fresh")
    road.win(new)
    road.hear()
    hinted = [one.id for deal in old for one in road.deliveries(deal)]

    claim = road.ledger.claim("kashflow.invoice", hinted, limit=50, now=road.now(), lease_seconds=30)

    assert operation.done == 60
    assert [one.record_id for one in claim.deliveries] == [new]


def test_a_live_invoice_does_not_wait_for_its_customers_turn_in_the_load(on_the_road: Road) -> None:
    road = on_the_road
    account = road.account("Studio Ltd", Type="Customer")
    road.begin_now()
    road.wait(60)
    Loading(road, "customer", "salesforce").run()
    deal = road.deal(account, Name="Desks")
    road.win(deal)
    road.hear()

    road.work_on("kashflow.invoice")

    needed = [one for one in road.deliveries(deal) if one.queue == "kashflow.customer"]
    assert [one.priority for one in needed] == [0]


def test_the_share_of_the_day_that_is_kept_for_what_is_live_is_not_touched(on_the_road: Road) -> None:
    road = on_the_road
    _won_before(road, "Studio desks", "Boathouse chairs")
    road.begin_now()
    road.wait(60)
    daily = SALESFORCE.daily
    assert daily is not None
    budget = LocalBudget(replace(SALESFORCE, daily=replace(daily, allowed=100)), road.desk.clock().timestamp)
    budget.observe_usage(50, 100)
    spent = Meter("salesforce", budget, lambda: road.now().timestamp())
    free = road.desk
    road.desk = replace(free, salesforce_meter=spent)
    loading = Loading(road, "invoice", "salesforce")

    refused = loading.begin(planned=2)

    assert (refused.state, refused.done) == ("interrupted", 0)
    assert "daily" in refused.note
    assert spent.call(lambda: "a live invoice", priority=0) == "a live invoice"
    road.desk = free
    assert loading.go_on(refused).state == "finished"
    road.settle_down()
    assert len(road.invoices()) == 2


def test_a_big_load_is_read_by_one_query_job(on_either_ledger: Road) -> None:
    road = on_either_ledger
    deals = _won_before(road, *(f"Old deal {number}" for number in range(12)))
    road.begin_now()
    road.wait(60)
    road.desk = replace(road.desk, rules=Rules(pace=Pace(query_seconds=400.0)))

    operation = Loading(road, "invoice", "salesforce").run()

    assert operation.done == 12
    jobs = [e for e in road.sandbox.requests["salesforce"].entries if "/jobs/query" in e.path]
    assert [e.method for e in jobs if e.path.endswith("/jobs/query")] == ["POST", "POST"], (
        "orders have one, too"
    )
    assert [e.method for e in jobs].count("DELETE") == 2
    road.settle_down()
    assert _invoiced(road, deals) == [1] * 12


def test_a_query_job_that_fails_is_made_up_for_by_pages(on_the_road: Road) -> None:
    road = on_the_road
    deals = _won_before(road, "Studio desks", "Boathouse chairs")
    road.begin_now()
    road.wait(60)
    road.desk = replace(road.desk, rules=Rules(pace=Pace(query_seconds=400.0)))
    road.fault("salesforce", "bulk_job_failed", times=None, message="InvalidBatch : no")

    Loading(road, "invoice", "salesforce").run()
    road.recover("salesforce")
    road.settle_down()

    assert _invoiced(road, deals) == [1, 1]
