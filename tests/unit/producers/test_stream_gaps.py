"""The stream says since when something may be missing, heeds what the sweep found, and lets a standby go on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import NotAllowed, QuotaSpent
from connectors.salesforce.streaming.change_event import EPOCH
from connectors.salesforce.streaming.source import (
    ALL_RETAINED,
    ChannelRefused,
    Events,
    Idle,
    Notice,
    Notices,
    PositionLost,
    QuotaReached,
    StreamEvent,
    Subscribed,
    Unreadable,
)
from ledger import schema
from ledger.ledger import Ledger
from ledger.producing import Incident, Lease, LeaseLost
from producers.salesforce_stream import SalesforceStream
from tests.support.ledger import START, TestClock
from tests.support.mappings import packaged

CHANNEL = "/data/ChangeEvents"


class _Script:
    """An event source that says what a test wants it to."""

    def __init__(self, *notices: Notice) -> None:
        self.notices = notices
        self.asked: dict[str, str] = {}
        self.distrusted: list[str] = []

    def listen(self, channels: Mapping[str, str]) -> Notices:
        self.asked = dict(channels)
        yield from self.notices

    def distrust(self, channel: str) -> None:
        self.distrusted.append(channel)

    def close(self) -> None:
        pass


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    url = f"sqlite:///{tmp_path}/ledger.db"
    schema.upgrade(url)
    opened = Ledger.open(url)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


def _stream(
    ledger: Ledger, clock: TestClock, source: _Script, lease: Lease | None = None
) -> SalesforceStream:
    return SalesforceStream(
        source,
        [CHANNEL],
        ledger=ledger,
        book=packaged(),
        announce=lambda _: None,
        clock=clock,
        lease=lambda: lease,
    )


def _won(number: int, cursor: str, at: datetime = START, **header: Any) -> StreamEvent:
    told = {
        "entityName": "Opportunity",
        "recordIds": [f"006{number:012d}AAA"],
        "changeType": "UPDATE",
        "changedFields": ["StageName"],
        "commitTimestamp": int((at - EPOCH).total_seconds() * 1000),
        "transactionKey": f"transaction {cursor}",
        "sequenceNumber": 1,
        "commitUser": "005000000000001AAA",
        **header,
    }
    payload = {"ChangeEventHeader": told, "StageName": "Closed Won"}
    return StreamEvent(CHANNEL, cursor, payload, {"payload": payload})


def _registered(ledger: Ledger) -> list[str]:
    claim = ledger.claim("kashflow.invoice", [], limit=100, now=START + timedelta(days=30), lease_seconds=30)
    return [delivery.record_id for delivery in claim.deliveries]


def _only_incident(ledger: Ledger) -> tuple[str, str, str | None]:
    (noted,) = ledger.incidents(only_open=True)
    return noted.kind, noted.subject, noted.detail.get("since")


def _has_heard(ledger: Ledger, clock: TestClock, cursor: str = "17") -> None:
    """As after a morning's work: the last event was `cursor`, heard when it happened."""
    _stream(ledger, clock, _Script(Events(CHANNEL, (_won(1, cursor, clock()),)))).run()


def test_a_replay_id_older_than_what_is_kept_is_noted_with_the_time_last_heard(
    ledger: Ledger, clock: TestClock
) -> None:
    _has_heard(ledger, clock)
    clock.tick(3600)
    lost = PositionLost(CHANNEL, "17", "400::The replayId {17} you provided was invalid.", ALL_RETAINED)

    _stream(ledger, clock, _Script(lost)).run()

    assert _only_incident(ledger) == ("position_lost", CHANNEL, START.isoformat())
    assert ledger.incidents()[0].detail["reason"].startswith("400::")


def test_an_undecodable_event_is_no_lost_position_and_the_stream_goes_on_behind_it(
    ledger: Ledger, clock: TestClock
) -> None:
    _has_heard(ledger, clock)

    _stream(ledger, clock, _Script(Unreadable(CHANNEL, "{}", "18", "data is not an object"))).run()

    assert _only_incident(ledger) == ("unreadable", CHANNEL, START.isoformat())
    cursor = ledger.cursors([f"salesforce_stream:{CHANNEL}"])[f"salesforce_stream:{CHANNEL}"]
    assert (cursor.value, cursor.position_at) == ("18", START)


def test_an_event_that_is_no_change_event_keeps_the_time_of_the_one_before(
    ledger: Ledger, clock: TestClock
) -> None:
    _has_heard(ledger, clock)
    strange = StreamEvent(CHANNEL, "18", {"no": "header"}, {})

    _stream(ledger, clock, _Script(Events(CHANNEL, (strange,)))).run()

    cursor = ledger.cursors([f"salesforce_stream:{CHANNEL}"])[f"salesforce_stream:{CHANNEL}"]
    assert (cursor.value, cursor.position_at) == ("18", START)


@pytest.mark.parametrize(("hours", "expected"), [(70, []), (73, ["long_outage"])])
def test_an_outage_longer_than_the_retention_is_noted_even_if_the_replay_id_is_accepted(
    ledger: Ledger, clock: TestClock, hours: int, expected: list[str]
) -> None:
    _has_heard(ledger, clock)
    clock.tick(hours * 3600)

    source = _Script(Subscribed(CHANNEL, "17"))
    _stream(ledger, clock, source).run()

    assert source.asked == {CHANNEL: "17"}
    assert [noted.kind for noted in ledger.incidents()] == expected


@pytest.mark.parametrize(
    ("notice", "kind"),
    [
        (QuotaReached(QuotaSpent("403::daily limit", system="salesforce"), 900), "quota"),
        (ChannelRefused(CHANNEL, NotAllowed("403::denied", system="salesforce"), 900), "channel_refused"),
    ],
)
def test_what_keeps_events_away_is_noted_with_the_time_last_heard(
    ledger: Ledger, clock: TestClock, notice: Notice, kind: str
) -> None:
    _has_heard(ledger, clock)
    clock.tick(60)

    _stream(ledger, clock, _Script(notice)).run()

    assert _only_incident(ledger) == (kind, CHANNEL, START.isoformat())


@pytest.mark.parametrize(
    ("header", "noted", "records"),
    [
        ({"changeType": "GAP_UPDATE"}, [], ["006000000000002AAA"]),
        ({"changeType": "GAP_UPDATE", "recordIds": ["006*"]}, ["gap"], []),
        ({"changeType": "GAP_OVERFLOW", "recordIds": ["000000000000000AAA"]}, ["overflow"], []),
    ],
)
def test_gap_events_lead_to_a_reading_of_the_records_or_of_the_object(
    ledger: Ledger, clock: TestClock, header: dict[str, Any], noted: list[str], records: list[str]
) -> None:
    _stream(ledger, clock, _Script(Events(CHANNEL, (_won(2, "18", **header),)))).run()

    assert [incident.kind for incident in ledger.incidents()] == noted
    assert _registered(ledger) == records


def test_a_subscription_that_is_dead_although_polls_are_answered_is_made_anew(
    ledger: Ledger, clock: TestClock
) -> None:
    source = _Script(Subscribed(CHANNEL, "-1"), Idle())
    stream = _stream(ledger, clock, source)
    stream.run()
    assert source.distrusted == []

    clock.tick(60)
    missed = Incident("watchdog", "salesforce", "Opportunity", "1", clock(), {})
    ledger.register([], incidents=[missed], now=clock())
    stream.hear(Idle())
    stream.hear(Idle())

    assert source.distrusted == [CHANNEL], "once, and not at every answer"


def test_a_standby_takes_over_from_a_killed_leader_without_a_gap_or_a_double(
    ledger: Ledger, clock: TestClock
) -> None:
    first = ledger.take_lease("salesforce_stream", "first", now=clock(), seconds=10)
    leader = _stream(ledger, clock, _Script(), first)
    leader.hear(Events(CHANNEL, (_won(1, "17"),)))
    # Killed here: it renews no more, and event 18 is under way.
    waited = 0
    while (second := ledger.take_lease("salesforce_stream", "second", now=clock(), seconds=10)) is None:
        clock.tick(2)
        waited += 2

    standby = _Script(Events(CHANNEL, (_won(2, "18"), _won(3, "19"))))
    _stream(ledger, clock, standby, second).run()
    with pytest.raises(LeaseLost):
        leader.hear(Events(CHANNEL, (_won(2, "18"),)))

    assert waited <= 15
    assert standby.asked == {CHANNEL: "17"}
    assert sorted(_registered(ledger)) == [f"006{number:012d}AAA" for number in (1, 2, 3)]
    cursor = ledger.cursors([f"salesforce_stream:{CHANNEL}"])[f"salesforce_stream:{CHANNEL}"]
    assert cursor.value == "19"
