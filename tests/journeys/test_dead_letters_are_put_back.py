"""A dead letter says what to mend; mended and replayed it becomes what it should have been, once, and its story tells."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connectors.budget import SALESFORCE, LocalBudget
from connectors.meter import Meter
from console.operations import queues, replay, requeue
from console.operations.carrying import Hands, Pace
from console.operations.dead import causes, dead_letter, dead_letters_of
from console.operations.explain import Unknown, explain
from console.operations.requeue import Named
from console.operations.source_records import in_kashflow, in_salesforce
from ledger.endings import State
from ledger.operations import Operation, Progress
from ledger.selection import Selection
from producers.kashflow_reading import KashFlowReader
from tests.support.road import Road


def _odd_deal(road: Road, name: str, price: str = "300.00") -> str:
    """A won deal for a product with a VAT rate that KashFlow has not set up."""
    entry = road.product("Old stock", price, VAT_Rate__c="17.5")
    deal = road.deal(road.account(name), None)
    road.line(deal, entry, "2", price)
    road.win(deal)
    return deal


def _lock_the_period(road: Road, times: int | None = 1) -> None:
    road.fault("kashflow", "period_locked", times, {"method": "POST", "resource": "invoices"})


def _set_up_rate(road: Road) -> None:
    office = road.sandbox.kashflow.office
    road.sandbox.run(lambda: office.add_vat_rate(Decimal("17.5")))
    # The rates are read again after five minutes.
    road.wait(301)


def _hands(road: Road) -> Hands:
    def wait(seconds: float) -> bool:
        road.wait(seconds)
        road.work()
        return False

    return Hands(road.ledger, road.now, wait)


def _replay(road: Road, selection: Selection, pace: Pace | None = None) -> Operation:
    return replay.start(
        _hands(road), "replay", selection, who="kim", reason="the rate is set up now", pace=pace
    )


def test_a_dead_letter_is_mended_replayed_and_becomes_one_invoice(on_the_road: Road) -> None:
    road = on_the_road
    deal = _odd_deal(road, "Larkfield Ceramics Ltd")
    road.catch_up()
    (cause,) = causes(road.ledger, Selection())
    assert (cause.count, cause.at_risk, cause.code) == (1, "600.00", "mapping")
    assert "17.5" in cause.text

    _set_up_rate(road)
    done = _replay(road, Selection(fingerprint=cause.fingerprint), Pace(canary=1))
    road.rest()

    assert done.state is Progress.FINISHED
    (invoice,) = road.invoices(deal)
    assert road.record(deal)["KashFlow_Invoice_Number__c"] == str(invoice["Number"])
    assert dead_letters_of(road.ledger, Selection()).total == 0


def test_a_replay_before_anything_was_mended_stops_at_its_canary(on_the_road: Road) -> None:
    road = on_the_road
    deals = [_odd_deal(road, f"Larkfield {number} Ltd") for number in range(3)]
    road.catch_up()

    done = _replay(road, Selection(code="mapping"), Pace(canary=1))
    road.rest()

    assert done.state is Progress.STOPPED
    assert [len(road.story(deal)) for deal in deals] == [3, 1, 1]
    assert road.invoices() == []


def test_a_refused_invoice_shows_what_was_sent_and_answered(on_the_road: Road) -> None:
    road = on_the_road
    _lock_the_period(road, times=None)
    deal = road.deal(road.account("Larkfield Ceramics Ltd"))
    road.win(deal)
    road.catch_up()

    (letter,) = dead_letters_of(road.ledger, Selection(queue="kashflow.invoice")).letters
    attempt = dead_letter(road.ledger, letter.id).attempts[-1]

    assert (letter.error_class, letter.at_risk) == ("Refused", "1200.00")
    assert attempt.request is not None
    assert attempt.request.startswith("POST /v2/invoices\n{")
    assert road.stamp(deal) in attempt.request
    assert attempt.answer is not None
    assert attempt.answer.startswith("400\n")
    told = f"{attempt.request}{attempt.answer}".casefold()
    login = road.sandbox.announcement()["kashflow"]
    assert login["password"].casefold() not in told
    assert "kftoken" not in told


def test_a_later_success_ends_the_older_dead_letter_and_a_replay_leaves_it_alone(on_the_road: Road) -> None:
    road = on_the_road
    _lock_the_period(road)
    deal = road.deal(road.account("Larkfield Ceramics Ltd"))
    road.win(deal)
    road.catch_up()
    (letter,) = dead_letters_of(road.ledger, Selection()).letters
    road.change(deal, Name="Larkfield again")
    road.catch_up()

    done = _replay(road, Selection(ids=(letter.id,)))
    road.rest()

    assert (done.planned, done.done) == (0, 0)
    assert len(road.invoices(deal)) == 1


def test_the_story_of_an_invoice_is_told_from_the_deal_to_the_number_by_any_of_its_names(
    on_the_road: Road,
) -> None:
    road = on_the_road
    account = road.account("Larkfield Ceramics Ltd")
    _lock_the_period(road)
    deal = road.deal(account)
    road.win(deal)
    road.catch_up()
    (letter,) = dead_letters_of(road.ledger, Selection()).letters
    _replay(road, Selection(ids=(letter.id,)))
    road.rest()
    (invoice,) = road.invoices(deal)

    by_deal = explain(road.ledger, deal, road.now())
    told = "\n".join(line.text for line in by_deal.lines)

    for words in (
        f"Opportunity {deal} was changed in Salesforce",
        "put off",
        "given up at send",
        "period",
        "by kim: the rate is set up now",
        f"created invoice {invoice['Number']}",
        f"Opportunity {deal} and the KashFlow invoice {invoice['Number']}",
        "waits on salesforce.opportunity",
        "done",
    ):
        assert words in told
    assert [line.at for line in by_deal.lines] == sorted(line.at for line in by_deal.lines)
    assert by_deal.now == ()
    assert explain(road.ledger, str(invoice["Number"]), road.now()).lines == by_deal.lines
    assert explain(road.ledger, deal[:15], road.now()).lines == by_deal.lines


def test_the_story_of_a_customer_is_told_by_its_code_and_by_its_account(on_the_road: Road) -> None:
    road = on_the_road
    account = road.account("Larkfield Ceramics Ltd")
    deal = road.deal(account)
    road.win(deal)
    road.catch_up()
    (customer,) = road.customers("Larkfield Ceramics Ltd")

    by_code = explain(road.ledger, str(customer["Code"]), road.now())

    assert any(f"created customer {customer['Code']}" in line.text for line in by_code.lines)
    assert explain(road.ledger, account, road.now()).lines


def test_what_nobody_ever_heard_of_has_no_story(on_the_road: Road) -> None:
    with pytest.raises(Unknown, match="give an invoice's number"):
        explain(on_the_road.ledger, "999999", on_the_road.now())


def test_a_dead_letter_stands_at_the_end_of_its_story(on_the_road: Road) -> None:
    road = on_the_road
    deal = _odd_deal(road, "Larkfield Ceramics Ltd")
    road.catch_up()

    (now,) = explain(road.ledger, deal, road.now()).now

    assert "is a dead letter" in now
    assert "17.5" in now


def test_deals_that_salesforce_changed_in_a_window_are_requeued_and_the_invoiced_ones_stay_as_they_are(
    on_the_road: Road,
) -> None:
    road = on_the_road
    account = road.account("Larkfield Ceramics Ltd")
    before = road.deal(account)
    road.win(before)
    road.catch_up()
    road.wait(600)
    since = road.now()
    heard, missed = road.deal(account), road.deal(account)
    road.win(heard)
    road.catch_up()
    # As if no event had told of it: it is won without being heard.
    road.win(missed)
    flow = road.book.flow("opportunity_to_invoice")
    meter = Meter(
        "salesforce", LocalBudget(SALESFORCE, lambda: road.now().timestamp()), lambda: road.now().timestamp()
    )

    found = tuple(in_salesforce(road.salesforce, meter, flow, since, None))
    done = requeue.start(
        _hands(road), road.book, Named((flow.name,), found), who="kim", reason="the stream was away"
    )
    road.rest()

    assert sorted(found) == sorted([heard, missed])
    assert (done.state, done.done) == (Progress.FINISHED, 2)
    assert [len(road.invoices(deal)) for deal in (before, heard, missed)] == [1, 1, 1]
    assert road.last(heard).reason_code == "already_invoiced"


def test_invoices_that_kashflow_issued_in_a_window_are_found_by_their_date(on_the_road: Road) -> None:
    road = on_the_road
    deal = road.deal(road.account("Larkfield Ceramics Ltd"))
    road.win(deal)
    road.catch_up()
    (invoice,) = road.invoices(deal)
    flow = road.book.flow("invoice_to_opportunity")
    reader = KashFlowReader(road.kashflow, road.desk.kashflow_meter, lambda _: True)

    everything = in_kashflow(reader, flow, None, None)
    of_today = in_kashflow(reader, flow, road.now(), None)

    assert str(invoice["Id"]) in of_today
    assert len(of_today) < len(everything)


def test_a_paused_queue_keeps_what_is_heard_until_it_goes_on(on_the_road: Road) -> None:
    road = on_the_road
    queues.pause(road.ledger, "kashflow.invoice", who="kim", reason="year end", now=road.now())
    deal = road.deal(road.account("Larkfield Ceramics Ltd"))
    road.win(deal)
    road.hear()
    road.work()
    assert road.last(deal).state is State.WAITING
    assert road.invoices(deal) == []

    queues.resume(road.ledger, "kashflow.invoice")
    road.rest()

    assert len(road.invoices(deal)) == 1


def test_after_three_days_of_pause_everything_in_between_is_delivered(on_the_road: Road) -> None:
    road = on_the_road
    account = road.account("Larkfield Ceramics Ltd")
    queues.pause(road.ledger, "kashflow.invoice", who="kim", reason="year end", now=road.now())
    deals = []
    for _ in range(3):
        deal = road.deal(account)
        road.win(deal)
        deals.append(deal)
        road.hear()
        road.work()
        road.wait(86_400)

    queues.resume(road.ledger, "kashflow.invoice")
    road.rest()

    assert [len(road.invoices(deal)) for deal in deals] == [1, 1, 1]
