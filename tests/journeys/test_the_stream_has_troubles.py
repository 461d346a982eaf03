"""What the event stream cannot show as ordinary changes is noted, and whatever it does show arrives all the same."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.producing import Cursor, Incident
from tests.support.road import CHANNEL, CURSOR, Road


def _quiet_road(road: Road) -> str:
    """Everything that was there before the story is heard and done; a deal that is still open."""
    deal = road.deal(road.account("Larkfield Ceramics Ltd"))
    road.catch_up()
    return deal


def _incident(road: Road) -> Incident:
    (incident,) = road.incidents()
    return incident


@pytest.mark.parametrize(
    "data",
    [
        {"payload": {"ChangeEventHeader": "not an object"}, "event": {"replayId": 1}},
        {"payload": {}, "event": {}},
        "no object at all",
        None,
    ],
)
def test_a_malformed_event_is_noted_whole_and_its_neighbours_are_delivered(
    on_the_road: Road, data: Any
) -> None:
    road = on_the_road
    deal = _quiet_road(road)
    road.change(deal, NextStep="the event that will be broken")
    road.win(deal)
    if data is None:
        road.fault("salesforce", "cometd_malformed_event")
    else:
        road.fault("salesforce", "cometd_malformed_event", data=data)

    road.catch_up()

    assert len(road.invoices(deal)) == 1
    incident = _incident(road)
    assert (incident.kind, incident.source) == ("unreadable", "salesforce")
    assert incident.detail["why"]
    assert incident.detail["raw"]
    road.hear()
    assert road.has_heard_all(), "the cursor has moved past it"
    assert len(road.incidents()) == 1


def test_a_malformed_event_that_is_heard_again_is_noted_once(on_the_road: Road) -> None:
    road = on_the_road
    deal = _quiet_road(road)
    position = road.ledger.cursors([CURSOR])[CURSOR]
    road.change(deal, NextStep="the event that will be broken")
    road.win(deal)
    for _ in range(2):
        road.fault("salesforce", "cometd_malformed_event", data={"payload": {}, "event": {"replayId": 1}})
        road.ledger.register([], cursors=[Cursor(CURSOR, position.value)], now=road.now())
        road.hear()

    assert _incident(road).kind == "unreadable"


def test_a_gap_event_makes_us_read_the_record_again(on_the_road: Road) -> None:
    road = on_the_road
    deal = _quiet_road(road)
    road.fault("salesforce", "cometd_gap", match={"entity": "Opportunity"}, changeType="GAP_UPDATE")
    road.win(deal)

    road.catch_up()

    assert len(road.invoices(deal)) == 1
    assert road.last(deal).kind == "unknown"
    assert road.incidents() == [], "it named the record, so nothing is missing"


def test_a_gap_that_names_no_record_is_noted_for_a_person(on_the_road: Road) -> None:
    road = on_the_road
    deal = _quiet_road(road)
    road.fault("salesforce", "cometd_gap", match={"entity": "Opportunity"}, recordIds=["006*"])
    road.win(deal)

    road.catch_up()

    assert road.invoices(deal) == []
    incident = _incident(road)
    assert (incident.kind, incident.subject) == ("gap", "Opportunity")
    assert incident.detail["record_ids"] == ["006*"]
    assert road.has_heard_all(), "the cursor has moved past it"


def test_an_overflow_is_noted_and_later_events_are_heard(on_the_road: Road) -> None:
    road = on_the_road
    deal = _quiet_road(road)
    road.fault("salesforce", "cometd_overflow", match={"entity": "Opportunity"})
    road.win(deal)
    road.catch_up()
    assert road.invoices(deal) == []
    incident = _incident(road)
    assert (incident.kind, incident.subject) == ("overflow", "Opportunity")

    road.change(deal, Name="Refit, second try")
    road.catch_up()

    assert len(road.invoices(deal)) == 1


def test_a_lost_position_is_noted_and_all_that_salesforce_still_has_is_read_again(on_the_road: Road) -> None:
    road = on_the_road
    deal = _quiet_road(road)
    road.win(deal)
    position = road.ledger.cursors([CURSOR])[CURSOR].value
    road.fault("salesforce", "cometd_invalid_replay")

    road.catch_up()

    incident = _incident(road)
    assert (incident.kind, incident.subject, incident.version) == ("position_lost", CHANNEL, position)
    assert incident.detail["resumed_from"] == "-2"
    assert len(road.invoices(deal)) == 1
    versions = [one.version for one in road.deliveries(deal) if one.queue == "kashflow.invoice"]
    assert len(versions) == len(set(versions)), "what was heard before is known"


def test_events_of_objects_that_no_flow_knows_are_passed_over(on_the_road: Road) -> None:
    road = on_the_road
    deal = _quiet_road(road)
    purchase = road.create("Invoice__c", Name="Stationery")
    bank = road.create("Bank_Account__c", Name="Current account")
    road.win(deal)

    road.catch_up()

    assert len(road.invoices(deal)) == 1
    assert road.deliveries(purchase) == road.deliveries(bank) == []
    assert road.incidents() == []


def test_the_server_forgetting_our_session_loses_nothing(on_the_road: Road) -> None:
    road = on_the_road
    deal = _quiet_road(road)
    road.win(deal)
    road.fault("salesforce", "cometd_unknown_client", match={"connects": 1})

    road.catch_up()

    assert len(road.invoices(deal)) == 1
