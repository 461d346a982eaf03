"""However often a deal is seen, and by however many workers at once, it is one invoice of one customer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from functools import partial

from ledger.endings import ENDED, State
from tests.support.road import Road
from workers.desk import Desk

LARKFIELD = "Larkfield Ceramics Ltd"


def _at_once(*jobs: Callable[[], object]) -> None:
    """Run the jobs in threads that start together; the first error of any is raised here."""
    ready = threading.Barrier(len(jobs))
    errors: list[BaseException] = []

    def run(job: Callable[[], object]) -> None:
        ready.wait()
        try:
            job()
        except BaseException as error:  # noqa: BLE001 - raised again in the thread of the test
            errors.append(error)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_the_stage_set_again_and_again_makes_one_invoice(on_the_road: Road) -> None:
    road = on_the_road
    deal = road.deal(road.account(LARKFIELD))

    for stage in ("Closed Won", "Negotiation/Review", "Closed Won"):
        road.change(deal, StageName=stage)
        road.catch_up()

    (invoice,) = road.invoices(deal)
    assert road.last(deal).reason_text == (
        f"it is invoice {invoice['Number']} already; an issued invoice is not rewritten"
    )


def test_many_changes_before_the_first_work_are_one_piece_of_work(on_the_road: Road) -> None:
    road = on_the_road
    deal = road.deal(road.account(LARKFIELD))
    for stage in ("Closed Won", "Negotiation/Review", "Closed Won", "Closed Lost", "Closed Won"):
        road.change(deal, StageName=stage)

    road.catch_up()

    assert len(road.invoices(deal)) == 1
    invoiced = [one.state for one in road.deliveries(deal) if one.queue == "kashflow.invoice"]
    assert invoiced == [State.SUPERSEDED] * 5 + [State.DELIVERED]


def test_an_event_that_is_delivered_twice_is_one_change(on_the_road: Road) -> None:
    road = on_the_road
    deal = road.deal(road.account(LARKFIELD))
    road.win(deal)
    road.fault("salesforce", "cometd_duplicate_delivery", times=None)

    road.catch_up()

    assert len(road.invoices(deal)) == 1
    versions = [one.version for one in road.deliveries(deal) if one.queue == "kashflow.invoice"]
    assert len(versions) == len(set(versions)) == 2, "made, and won"


def test_a_connection_cut_in_mid_reply_loses_and_doubles_nothing(on_the_road: Road) -> None:
    road = on_the_road
    account = road.account(LARKFIELD)
    deals = [road.deal(account) for _ in range(3)]
    road.win(*deals)
    road.fault("salesforce", "cometd_drop_after_delivery")

    road.catch_up()

    assert [len(road.invoices(deal)) for deal in deals] == [1, 1, 1]


def test_two_deals_of_a_new_account_won_in_the_same_second_make_one_customer(on_the_road: Road) -> None:
    road = on_the_road
    account = road.account(LARKFIELD)
    first, second = road.deal(account, "100.00"), road.deal(account, "200.00")

    road.win(first, second)
    road.catch_up()

    (customer,) = road.customers(LARKFIELD)
    invoices = road.invoices()
    assert [invoice["CustomerCode"] for invoice in invoices] == [customer["Code"]] * 2
    assert sorted(invoice["NetAmount"] for invoice in invoices) == [Decimal(100), Decimal(200)]
    endings = {road.story(deal, "kashflow.customer")[-1] for deal in (first, second)}
    assert endings == {
        ("delivered", f"created customer {customer['Code']}"),
        ("unchanged", f"it is customer {customer['Code']} already"),
    }


def test_two_workers_with_one_deal_each_of_a_new_account_make_one_customer(on_the_road: Road) -> None:
    road = on_the_road
    account = road.account(LARKFIELD)
    first, second = road.deal(account), road.deal(account)
    desks = [road.desk, road.another_desk()]
    for deal in (first, second):
        road.win(deal)
        road.hear()

    for queue in ("kashflow.invoice", "kashflow.customer", "kashflow.invoice"):
        _at_once(*(partial(road.work_on, queue, desk) for desk in desks))
    road.rest()

    (customer,) = road.customers(LARKFIELD)
    assert [invoice["CustomerCode"] for invoice in road.invoices()] == [customer["Code"]] * 2
    assert road.calls("POST", "/v2/customers") == 1
    assert road.calls("POST", "/v2/invoices") == 2


def test_many_workers_over_many_deals_make_each_invoice_once(on_the_road: Road) -> None:
    road = on_the_road
    accounts = [road.account(f"Firm number {number}") for number in range(6)]
    deals = [road.deal(accounts[number % 6], f"{number + 1}.00") for number in range(18)]
    road.win(*deals)
    road.hear()
    desks = [road.desk, road.another_desk(), road.another_desk()]

    def work(desk: Desk) -> None:
        for queue in road.queues * 4:
            road.work_on(queue, desk)

    _at_once(*(partial(work, desk) for desk in desks))
    road.rest()

    assert sorted(road.stamp(deal) for deal in deals) == sorted(
        str(invoice["CustomerReference"]) for invoice in road.invoices()
    )
    for number in range(6):
        assert len(road.customers(f"Firm number {number}")) == 1
    for deal in deals:
        (invoice,) = road.invoices(deal)
        assert road.record(deal)["KashFlow_Invoice_Number__c"] == str(invoice["Number"])
        assert {one.state for one in road.deliveries(deal)} <= ENDED


def test_two_workers_with_the_same_message_make_one_invoice(on_the_road: Road) -> None:
    road = on_the_road
    deal = road.deal(road.account(LARKFIELD))
    road.win(deal)
    road.hear()
    road.work_on("kashflow.invoice")
    road.work_on("kashflow.customer")
    other = road.another_desk()

    _at_once(*(partial(road.work_on, "kashflow.invoice", desk) for desk in (road.desk, other)))
    road.rest()

    assert len(road.invoices(deal)) == 1
    assert road.calls("POST", "/v2/invoices") == 1
