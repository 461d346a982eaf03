"""What the ledger promises to those who look for what is missing, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger.deliveries import Settlement
from ledger.endings import Dead, Delivered, Ending, Failed, Reason, Unchanged
from ledger.incidents import Closing
from ledger.ledger import Ledger
from ledger.producing import Cursor, Incident, LeaseLost, Sighting
from tests.support.ledger import START, TestClock, opportunity, take

FLOW = "opportunity_to_invoice"
WHY = Reason("send", "VALIDATION", "the postcode is missing")


def _record(number: int) -> str:
    return opportunity(number).record_id


def _end(ledger: Ledger, clock: TestClock, ending: Ending, digest: str | None) -> None:
    claim = take(ledger, clock)
    ledger.settle(
        claim, [Settlement(one, ending, read_digest=digest) for one in claim.deliveries], now=clock()
    )


def _covers(ledger: Ledger, digest: str) -> bool:
    return ledger.newest_deliveries(FLOW, [_record(1)])[_record(1)].covers(digest)


@pytest.mark.parametrize("ending", [Delivered("done"), Unchanged(WHY), Dead(WHY)])
def test_a_delivery_that_ended_covers_what_it_read_and_nothing_else(
    ledger: Ledger, clock: TestClock, ending: Ending
) -> None:
    ledger.register([opportunity(1)], now=clock())
    _end(ledger, clock, ending, "as read")

    assert _covers(ledger, "as read")
    assert not _covers(ledger, "as changed since")


def test_a_delivery_that_read_nothing_covers_nothing(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(1)], now=clock())
    _end(ledger, clock, Unchanged(WHY), None)

    assert not _covers(ledger, "anything")


def test_a_delivery_that_waits_will_read_whatever_can_be_seen_now(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(1)], now=clock())
    assert _covers(ledger, "anything")

    _end(ledger, clock, Failed(clock() + timedelta(hours=1), WHY), "as read")

    assert _covers(ledger, "anything else")


def test_a_delivery_that_runs_may_have_read_too_early(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(1)], now=clock())
    take(ledger, clock)

    assert not _covers(ledger, "anything")


def test_the_newest_delivery_counts_and_each_flow_for_itself(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(1, "1")], now=clock())
    _end(ledger, clock, Delivered("done"), "A")
    ledger.register([opportunity(1, "2")], now=clock())
    _end(ledger, clock, Delivered("done"), "B")

    assert _covers(ledger, "B")
    assert not _covers(ledger, "A")
    assert ledger.newest_deliveries("another_flow", [_record(1)]) == {}
    assert ledger.newest_deliveries(FLOW, [_record(number) for number in range(2, 3000)]) == {}


def _gap(version: str = "1") -> Incident:
    return Incident("gap", "salesforce", "Opportunity", version, START, {"change_type": "GAP_UPDATE"})


def test_an_incident_is_closed_with_a_note_and_stays_in_the_list(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([], incidents=[_gap()], now=clock())
    (noted,) = ledger.incidents(only_open=True)
    clock.tick(60)

    ledger.close_incidents([Closing(noted.id, {"text": "read again"})], now=clock())

    (closed,) = ledger.incidents(source="salesforce")
    assert (closed.closed_at, closed.note) == (clock(), {"text": "read again"})
    assert ledger.incidents(only_open=True) == []
    assert ledger.incidents(source="kashflow") == []


def test_an_incident_that_is_open_is_noted_once_and_one_that_was_closed_is_open_again(
    ledger: Ledger, clock: TestClock
) -> None:
    ledger.register([], incidents=[_gap()], now=clock())
    clock.tick(60)
    ledger.register([], incidents=[_gap(), _gap("2")], now=clock())
    newer, older = ledger.incidents()
    assert (older.noted_at, newer.noted_at) == (START, clock())

    ledger.close_incidents([Closing(older.id, {"text": "read"})], now=clock())
    clock.tick(60)
    ledger.register([], incidents=[_gap()], now=clock())

    (again,) = [noted for noted in ledger.incidents(only_open=True) if noted.id == older.id]
    assert again.noted_at == clock()
    assert len(ledger.incidents()) == 2
    assert ledger.was_noted("gap", "salesforce", since=clock() - timedelta(seconds=1))
    assert not ledger.was_noted("gap", "salesforce", since=clock())


def test_a_replaced_sweeper_closes_nothing(ledger: Ledger, clock: TestClock) -> None:
    first = ledger.take_lease("sweep", "first", now=clock(), seconds=10)
    ledger.register([], incidents=[_gap()], now=clock())
    clock.tick(11)
    ledger.take_lease("sweep", "second", now=clock(), seconds=10)
    (noted,) = ledger.incidents()

    with pytest.raises(LeaseLost):
        ledger.close_incidents([Closing(noted.id, {})], now=clock(), lease=first)

    assert len(ledger.incidents(only_open=True)) == 1


def test_since_when_a_record_is_absent_is_kept_with_what_was_seen_of_it(
    ledger: Ledger, clock: TestClock
) -> None:
    seen = Sighting("kashflow", "Invoice", "7", "digest", 3, absent_since=START)
    ledger.register([], sightings=[seen], now=clock())

    assert ledger.sightings("kashflow", "Invoice") == {"7": seen}


def test_the_cursors_of_one_producer_are_found_by_its_name(ledger: Ledger, clock: TestClock) -> None:
    ours = [Cursor("sweep:a_flow", "1", START), Cursor("sweep:another", "2", None)]
    ledger.register([], cursors=[*ours, Cursor("sweeper", "3")], now=clock())

    assert sorted(ledger.cursors_beginning_with("sweep:"), key=lambda one: one.name) == ours
