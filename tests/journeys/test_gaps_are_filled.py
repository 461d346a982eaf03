"""What the event stream keeps from us is read again: once, with a note of what was read, and nothing is doubled."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from ledger.endings import State
from ledger.incidents import NotedIncident
from ledger.producing import Incident
from mappings.flows import Flow
from producers.salesforce_sweep import SweepRules
from producers.sweep_page import Page, SalesforceReader
from producers.sweep_round import OVERLAP, Round
from tests.support.road import CHANNEL, Road

HOUR = 3600.0


@pytest.fixture
def swept_road(on_the_road: Road) -> Road:
    """The sweep has begun: what happens from now on is its business."""
    on_the_road.sweep()
    on_the_road.wait(1)
    return on_the_road


def _incident(road: Road, kind: str, subject: str, **detail: Any) -> None:
    told = Incident(kind, "salesforce", subject, "7", road.now(), detail)
    road.ledger.register([], incidents=[told], now=road.now())


def _read_again(noted: NotedIncident) -> dict[str, Any]:
    assert noted.note is not None, "it is still open"
    (told,) = [one for one in noted.note["rounds"] if one["flow"] == "opportunity_to_invoice"]
    return dict(told)


def _missed(road: Road) -> list[NotedIncident]:
    """What the sweep says that the stream had not told about deals."""
    return [noted for noted in road.noted("watchdog") if noted.subject == "Opportunity"]


def _won_deals(road: Road, count: int) -> list[str]:
    deals = [road.deal(road.account(f"Firm {number} of {road.now():%d %H %M}")) for number in range(count)]
    road.win(*deals)
    return deals


def test_a_deal_that_no_event_told_of_is_found_by_the_next_periodic_sweep(swept_road: Road) -> None:
    road = swept_road
    (deal,) = _won_deals(road, 1)

    road.sweep()
    assert road.deliveries(deal) == [], "it is not due yet"
    road.wait(900)
    road.sweep()
    road.rest()

    assert len(road.invoices(deal)) == 1


def test_what_the_stream_told_is_not_delivered_again_because_the_sweep_saw_it_too(swept_road: Road) -> None:
    road = swept_road
    deals = _won_deals(road, 3)
    road.catch_up()
    road.catch_up()
    delivered = [road.deliveries(deal) for deal in deals]

    for _ in range(3):
        road.wait(900)
        road.sweep()

    assert [road.deliveries(deal) for deal in deals] == delivered


def test_a_replay_id_older_than_the_retention_leads_to_a_bounded_read_and_a_note(swept_road: Road) -> None:
    road = swept_road
    before = _won_deals(road, 1)
    road.catch_up()
    heard_until = road.now()
    road.wait(2 * HOUR)
    lost = _won_deals(road, 2)
    _incident(road, "position_lost", CHANNEL, reason="invalid", since=heard_until.isoformat())

    road.wait(60)
    swept_at = road.now()
    road.sweep()
    road.rest()

    assert [len(road.invoices(deal)) for deal in (*before, *lost)] == [1, 1, 1]
    (noted,) = road.noted("position_lost")
    # It read more than the two: the deal of before, for one, which our own write-back changed. That needs nothing.
    told = _read_again(noted)
    # One call for the page, one for what was deleted.
    assert (told["object"], told["changes"], told["calls"]) == ("Opportunity", 2, 2)
    assert told["since"] <= heard_until.isoformat() < told["until"] == swept_at.isoformat()
    assert road.incidents() == []


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("overflow", "Opportunity"),
        ("gap", "Opportunity"),
        ("quota", CHANNEL),
        ("channel_refused", "/data/OpportunityChangeEvent"),
        ("unreadable", CHANNEL),
        ("long_outage", "/data/Our__chn"),
    ],
)
def test_each_kind_of_gap_is_filled_and_closed(swept_road: Road, kind: str, subject: str) -> None:
    road = swept_road
    (deal,) = _won_deals(road, 1)
    _incident(road, kind, subject)

    road.wait(59)
    road.sweep(SweepRules(seconds=0))
    assert road.noted(kind)[0].closed_at is None, "what was committed just before might not be visible yet"
    road.wait(1)
    road.sweep(SweepRules(seconds=0))

    assert road.noted(kind)[0].closed_at == road.now()
    assert road.last(deal).state is State.WAITING


def test_a_gap_in_an_object_that_no_flow_reads_is_closed_without_a_call(swept_road: Road) -> None:
    road = swept_road
    _incident(road, "gap", "Case")
    calls = road.sandbox.requests["salesforce"].count()

    road.sweep()

    assert road.noted("gap")[0].note == {"text": "no flow reads what it concerns"}
    assert road.sandbox.requests["salesforce"].count() == calls


def test_an_incident_that_comes_back_after_it_was_closed_is_open_again(swept_road: Road) -> None:
    road = swept_road
    _incident(road, "channel_refused", CHANNEL)
    road.wait(60)
    road.sweep()
    (deal,) = _won_deals(road, 1)

    _incident(road, "channel_refused", CHANNEL)
    assert len(road.incidents()) == 1
    road.wait(60)
    road.sweep()

    assert road.incidents() == []
    assert road.last(deal).state is State.WAITING


def test_a_row_that_shows_30_seconds_after_its_timestamp_is_not_passed_over(swept_road: Road) -> None:
    road = swept_road
    (deal,) = _won_deals(road, 1)
    road.fault("salesforce", "query_commit_lag", times=None, seconds=30)
    _incident(road, "gap", "Opportunity")

    road.wait(10)
    road.sweep(SweepRules(seconds=5))
    assert road.deliveries(deal) == []
    road.wait(50)
    road.sweep(SweepRules(seconds=0))

    assert len(road.deliveries(deal)) == 1
    assert road.incidents() == []


def test_a_deal_of_the_second_in_which_sweeping_began_is_found_and_stops_no_sweep(on_the_road: Road) -> None:
    """SystemModstamp has whole seconds, clocks have not: the deal's lies before the moment at which we began."""
    road = on_the_road
    road.wait(0.3)
    road.sweep()
    road.wait(0.3)
    (deal,) = _won_deals(road, 1)

    road.wait(900)
    road.sweep()

    assert len(road.deliveries(deal)) == 1
    assert road.swept_until() == road.now()


def test_a_deal_of_the_very_second_back_to_which_a_round_reaches_stops_no_sweep(on_the_road: Road) -> None:
    road = on_the_road
    road.sweep()
    road.wait(1800.5)
    (deal,) = _won_deals(road, 1)
    road.catch_up()
    heard = road.deliveries(deal)
    for _ in range(3):
        road.wait(OVERLAP.total_seconds())
        road.sweep()

        assert road.swept_until() == road.now()
    assert road.deliveries(deal) == heard


def test_a_thousand_rows_share_one_systemmodstamp_and_the_page_ends_inside(swept_road: Road) -> None:
    road = swept_road
    deals = _many_deals(road, 1000)
    road.win(*deals)
    road.wait(900)

    for _ in range(2):
        road.sweep(SweepRules(page_size=300))
        assert [len(road.deliveries(deal)) for deal in deals] == [1] * 1000
        road.wait(900)


class _Killed(Exception):
    pass


class _KilledOnEverySecondPage(SalesforceReader):
    def __init__(self, road: Road) -> None:
        super().__init__(road.salesforce, road.desk.salesforce_meter, road.desk.fields)
        self.pages = 0
        self.lists = 0

    def page(self, flow: Flow, round_: Round, limit: int) -> Page:
        self.pages += 1
        if self.pages % 2 == 0:
            raise _Killed
        return super().page(flow, round_, limit)

    def deleted(self, flow: Flow, since: datetime, until: datetime) -> dict[str, datetime]:
        self.lists += 1
        return super().deleted(flow, since, until)


def test_a_sweep_that_is_killed_again_and_again_goes_on_where_it_was(swept_road: Road) -> None:
    road = swept_road
    deals = _many_deals(road, 9)
    road.win(*deals)
    road.wait(900)
    reader, kills = _KilledOnEverySecondPage(road), 0

    while road.swept_until() < road.now():
        try:
            road.sweeper(SweepRules(page_size=2), reader).turn()
        except _Killed:
            kills += 1

    assert kills >= 4
    assert [len(road.deliveries(deal)) for deal in deals] == [1] * 9
    pages_read = reader.pages - kills
    assert pages_read + reader.lists == road.last_round().calls, "no page was read twice"
    assert reader.lists == 1, "nor the list of what was deleted"


def test_a_record_updated_five_times_within_the_overlap_is_delivered_as_it_is_at_last(
    swept_road: Road,
) -> None:
    road = swept_road
    deal = road.deal(road.account("Many minds Ltd"), "100.00")
    for amount in ("200.00", "300.00", "400.00", "500.00"):
        road.change(deal, Amount=amount)
        road.wait(10)
    road.win(deal)
    road.wait(900)

    for _ in range(2):
        road.sweep()
        road.rest()
        road.wait(900)

    (invoice,) = road.invoices(deal)
    assert invoice["NetAmount"] == 500
    swept = [delivery for delivery in road.deliveries(deal) if delivery.queue == "kashflow.invoice"]
    assert [delivery.kind for delivery in swept] == ["created"]


def test_three_days_of_pause_lose_nothing(swept_road: Road) -> None:
    road = swept_road
    first = _won_deals(road, 1)
    road.catch_up()
    deals = []
    for _ in range(3):
        road.wait(24 * HOUR)
        deals += _won_deals(road, 1)

    road.sweep()
    road.rest()

    assert [len(road.invoices(deal)) for deal in (*first, *deals)] == [1] * 4


def test_an_object_without_events_has_the_sweep_as_its_only_source(swept_road: Road) -> None:
    road = swept_road
    alone = SweepRules(seconds=0, swept_only=frozenset({"Opportunity"}), swept_only_seconds=60)
    (deal,) = _won_deals(road, 1)
    road.wait(20 * 60)

    road.sweep(alone)
    road.rest()

    assert len(road.invoices(deal)) == 1
    assert road.noted("watchdog") == [], "nobody expected an event"


def test_changes_that_the_stream_should_have_told_raise_an_incident(swept_road: Road) -> None:
    road = swept_road
    _won_deals(road, 1)
    road.wait(20 * 60)

    road.sweep()
    (noted,) = _missed(road)
    assert noted.closed_at is None
    road.wait(60)
    road.sweep()

    assert _missed(road)[0].closed_at == road.now()
    assert len(_missed(road)) == 1


def test_a_field_that_is_emptied_and_filled_again_is_two_changes_to_the_sweep(swept_road: Road) -> None:
    road = swept_road
    deal = road.deal(road.account("Null and Sons"), "100.00")
    road.wait(900)
    seen = []
    for amount in ("100.00", None, "100.00"):
        road.change(deal, Amount=amount, StageName="Closed Won" if amount is None else "Proposal/Price Quote")
        road.wait(900)
        road.hear()
        road.work()
        road.wait(900)
        road.sweep()
        seen.append(len(road.deliveries(deal)))

    assert seen == [1, 2, 3], "each was told once, by the stream"


def _many_deals(road: Road, count: int) -> list[str]:
    account = road.account("Bulk buyers")
    values = {
        "StageName": "Proposal/Price Quote",
        "CloseDate": road.now().date().isoformat(),
        "AccountId": account,
        "Amount": "10.00",
    }

    def work() -> list[str]:
        world = road.sandbox.salesforce
        with world.store.transaction(world.org.admin_id) as tx:
            return [tx.create("Opportunity", {**values, "Name": f"Deal {n}"}) for n in range(count)]

    return road.sandbox.run(work)


def test_the_window_reaches_back_over_the_overlap_and_never_before_the_beginning(swept_road: Road) -> None:
    road = swept_road
    begun = road.now() - timedelta(seconds=1)
    _incident(road, "gap", "Opportunity")
    road.wait(60)
    road.sweep()

    note = road.noted("gap")[0].note
    assert note is not None
    assert note["rounds"][0]["since"] == begun.isoformat()


def test_a_sweep_that_begins_in_the_middle_of_a_second_reads_what_changed_in_it(on_the_road: Road) -> None:
    road = on_the_road
    road.wait(0.6)
    (deal,) = _won_deals(road, 1)
    road.catch_up()

    road.wait(1)
    road.sweep()

    assert road.last_round().done
    assert len(road.invoices(deal)) == 1


def test_the_overlap_may_begin_in_the_middle_of_a_second_in_which_something_changed(
    swept_road: Road,
) -> None:
    road = swept_road
    road.wait(3 * HOUR)
    _won_deals(road, 1)
    road.catch_up()
    road.wait(20 * 60 + 0.4)
    road.sweep()

    road.wait(900)
    road.sweep()

    assert road.swept_until() == road.now()


def test_a_sweep_that_begins_in_the_middle_of_a_second_misses_nothing_of_that_second(
    on_the_road: Road,
) -> None:
    road = on_the_road
    road.wait(0.6)
    (deal,) = _won_deals(road, 1)

    road.sweep()
    assert road.last_round("account_to_customer").done
    road.wait(900)
    road.sweep()
    road.rest()

    assert len(road.invoices(deal)) == 1
