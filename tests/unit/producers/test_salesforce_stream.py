"""What the stream producer registers for each kind of notice, against a real ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import NotAllowed, QuotaSpent, Unreachable
from connectors.salesforce.streaming.source import (
    ALL_RETAINED,
    NEW_ONLY,
    ChannelRefused,
    Counter,
    Events,
    Idle,
    Notices,
    PositionLost,
    QuotaReached,
    StreamEvent,
    Subscribed,
    Trouble,
    Unreadable,
)
from ledger import schema
from ledger.deliveries import Waiting
from ledger.ledger import Ledger
from ledger.overview import deliveries_of
from ledger.producing import Cursor, Incident, Lease, LeaseLost, open_incidents
from mappings.book import Book, load
from producers.salesforce_stream import SalesforceStream
from tests.support.ledger import START, TestClock

CHANNEL = "/data/ChangeEvents"
NAME = f"salesforce_stream:{CHANNEL}"
DEAL, OTHER_DEAL, ACCOUNT = "006000000000001AAA", "006000000000002AAA", "001000000000001AAA"


class _Silent:
    """A source that says what it is told to and remembers from where it was read."""

    def __init__(self, *notices: Any) -> None:
        self.notices = notices
        self.positions: Mapping[str, str] = {}

    def listen(self, channels: Mapping[str, str]) -> Notices:
        self.positions = dict(channels)
        yield from self.notices

    def distrust(self, channel: str) -> None: ...
    def close(self) -> None: ...


@pytest.fixture(scope="module")
def book() -> Book:
    return load()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    url = f"sqlite:///{tmp_path}/ledger.db"
    schema.upgrade(url)
    opened = Ledger.open(url)
    yield opened
    opened.close()


@pytest.fixture
def announced() -> list[Waiting]:
    return []


@pytest.fixture
def stream(ledger: Ledger, book: Book, announced: list[Waiting]) -> SalesforceStream:
    return _stream(_Silent(), ledger, book, announced)


def _stream(
    source: _Silent, ledger: Ledger, book: Book, announced: list[Waiting], lease: Lease | None = None
) -> SalesforceStream:
    return SalesforceStream(
        source,
        [CHANNEL],
        ledger=ledger,
        book=book,
        announce=announced.append,
        clock=TestClock(),
        lease=lambda: lease,
    )


def _event(cursor: str, *record_ids: str, entity: str = "Opportunity", **header: Any) -> StreamEvent:
    payload = {
        "ChangeEventHeader": {
            "entityName": entity,
            "recordIds": list(record_ids or [DEAL]),
            "changeType": "UPDATE",
            "changedFields": ["StageName"],
            "commitTimestamp": int(START.timestamp() * 1000),
            "commitNumber": 1,
            "transactionKey": "00000000-aaaa",
            "sequenceNumber": int(cursor),
            "commitUser": "005000000000001AAA",
            "changeOrigin": "",
            **header,
        }
    }
    return StreamEvent(CHANNEL, cursor, payload, {"payload": payload})


def _cursor(ledger: Ledger) -> Cursor | None:
    return ledger.cursors([NAME]).get(NAME)


def _incidents(ledger: Ledger) -> list[Incident]:
    with ledger.reading() as connection:
        return open_incidents(connection)


def _kinds(ledger: Ledger, record_id: str = DEAL) -> list[str]:
    with ledger.reading() as connection:
        return [delivery.kind for delivery in deliveries_of(connection, [record_id])]


def test_events_become_deliveries_and_move_the_cursor_to_the_last_of_them(
    stream: SalesforceStream, ledger: Ledger, announced: list[Waiting]
) -> None:
    stream.hear(Events(CHANNEL, (_event("7"), _event("8", OTHER_DEAL))))

    assert _kinds(ledger, DEAL) == _kinds(ledger, OTHER_DEAL) == ["updated"]
    assert _cursor(ledger) == Cursor(NAME, "8", START)
    assert [len(ids) for waiting in announced for ids in waiting.values()] == [2]


def test_one_event_of_several_records_is_one_delivery_each(stream: SalesforceStream, ledger: Ledger) -> None:
    stream.hear(Events(CHANNEL, (_event("7", DEAL, OTHER_DEAL),)))

    assert _kinds(ledger, DEAL) == _kinds(ledger, OTHER_DEAL) == ["updated"]


def test_the_same_events_again_bring_nothing_new(
    stream: SalesforceStream, ledger: Ledger, announced: list[Waiting]
) -> None:
    for _ in range(2):
        stream.hear(Events(CHANNEL, (_event("7"),)))

    assert _kinds(ledger) == ["updated"]
    assert announced[1] == {}


@pytest.mark.parametrize(
    ("change_type", "kinds"),
    [
        ("CREATE", ["created"]),
        ("UPDATE", ["updated"]),
        ("UNDELETE", ["undeleted"]),
        ("DELETE", ["deleted"]),
        ("GAP_CREATE", ["unknown"]),
        ("GAP_UPDATE", ["unknown"]),
        ("SNAPSHOT", ["unknown"]),
    ],
)
def test_each_change_type_is_one_kind_of_news(
    stream: SalesforceStream, ledger: Ledger, change_type: str, kinds: list[str]
) -> None:
    stream.hear(Events(CHANNEL, (_event("7", changeType=change_type, changedFields=[]),)))

    assert _kinds(ledger) == kinds
    assert _incidents(ledger) == []


def test_what_no_flow_watches_moves_the_cursor_only(
    stream: SalesforceStream, ledger: Ledger, announced: list[Waiting]
) -> None:
    stream.hear(
        Events(
            CHANNEL,
            (
                _event("7", "701000000000001AAA", entity="Campaign"),
                _event("8", changedFields=["NextStep"]),
            ),
        )
    )

    assert announced == [{}]
    assert _cursor(ledger) == Cursor(NAME, "8", START)


@pytest.mark.parametrize(
    "header",
    [
        {"recordIds": []},
        {"recordIds": ["not an id"]},
        {"recordIds": ["0" * 500]},
        {"recordIds": "006000000000001AAA"},
        {"transactionKey": "k" * 500},
        {"transactionKey": "half a character: \ud800"},
        {"sequenceNumber": 10**120},
        {"changedFields": ["StageName", "\ud800"]},
        {"entityName": ""},
        {"entityName": " "},
        {"entityName": "Opportunity\0"},
        {"entityName": 17},
        {"changeType": "EXPLODE"},
        {"commitTimestamp": "yesterday"},
        {"commitTimestamp": 10**30},
        {"sequenceNumber": None},
    ],
)
def test_a_malformed_event_among_others_is_noted_with_its_text_and_passed(
    stream: SalesforceStream, ledger: Ledger, header: Mapping[str, Any]
) -> None:
    broken = _event("8", **header)

    stream.hear(Events(CHANNEL, (_event("7"), broken, _event("9", OTHER_DEAL))))

    (incident,) = _incidents(ledger)
    assert (incident.kind, incident.subject) == ("unreadable", CHANNEL)
    assert incident.version.endswith(" at 8")
    assert next(iter(header)) in incident.detail["why"]
    assert "ChangeEventHeader" in incident.detail["raw"]
    assert _kinds(ledger, DEAL) == _kinds(ledger, OTHER_DEAL) == ["updated"]
    assert _cursor(ledger) == Cursor(NAME, "9", START)


def test_an_unreadable_message_is_noted_and_the_cursor_goes_past_it(
    stream: SalesforceStream, ledger: Ledger
) -> None:
    stream.hear(Unreadable(CHANNEL, '{"odd": true}', "12", "data is not an object"))

    (incident,) = _incidents(ledger)
    assert incident.detail == {"why": "data is not an object", "raw": '{"odd": true}'}
    assert _cursor(ledger) == Cursor(NAME, "12")


def test_two_unreadable_messages_that_claim_one_position_are_both_kept(
    stream: SalesforceStream, ledger: Ledger
) -> None:
    for raw in ("1", "2", "1"):
        stream.hear(Unreadable(CHANNEL, raw, "12", "not a message"))

    assert sorted(incident.detail["raw"] for incident in _incidents(ledger)) == ["1", "2"]


def test_an_event_of_a_channel_that_nobody_asked_for_moves_no_cursor(
    stream: SalesforceStream, ledger: Ledger
) -> None:
    garbled = CHANNEL + "\ud800"
    stream.hear(Events(garbled, (_event("7"),)))
    stream.hear(Unreadable(garbled, "17", "8", "data is not an object"))

    assert _kinds(ledger, DEAL) == ["updated"]
    assert [incident.kind for incident in _incidents(ledger)] == ["unreadable"]
    assert ledger.cursors_beginning_with("") == []


def test_an_unreadable_message_without_channel_and_cursor_is_noted_once(
    stream: SalesforceStream, ledger: Ledger
) -> None:
    for _ in range(2):
        stream.hear(Unreadable("", "17", None, "not a message"))

    (incident,) = _incidents(ledger)
    assert incident.kind == "unreadable"
    assert _cursor(ledger) is None


def test_a_wildcard_names_no_record_and_is_noted_for_a_person(
    stream: SalesforceStream, ledger: Ledger
) -> None:
    stream.hear(Events(CHANNEL, (_event("7", "006*", changeType="GAP_UPDATE"),)))

    (incident,) = _incidents(ledger)
    assert (incident.kind, incident.subject, incident.detail["record_ids"]) == (
        "gap",
        "Opportunity",
        ["006*"],
    )


def test_an_overflow_is_noted_for_its_object(stream: SalesforceStream, ledger: Ledger) -> None:
    stream.hear(
        Events(CHANNEL, (_event("7", "000000000000000AAA", entity="Account", changeType="GAP_OVERFLOW"),))
    )

    (incident,) = _incidents(ledger)
    assert (incident.kind, incident.subject) == ("overflow", "Account")
    assert _cursor(ledger) == Cursor(NAME, "7", START)


def test_a_lost_position_is_noted_with_what_is_read_instead(stream: SalesforceStream, ledger: Ledger) -> None:
    stream.hear(PositionLost(CHANNEL, "17", "400::The replayId {17} you provided was invalid", ALL_RETAINED))

    (incident,) = _incidents(ledger)
    assert (incident.kind, incident.subject, incident.version) == ("position_lost", CHANNEL, "17")
    assert incident.detail["resumed_from"] == ALL_RETAINED


def test_a_refused_channel_is_noted_once_per_reason(stream: SalesforceStream, ledger: Ledger) -> None:
    error = NotAllowed("no access to the entity", system="salesforce")
    for _ in range(3):
        stream.hear(ChannelRefused(CHANNEL, error, 300))

    (incident,) = _incidents(ledger)
    assert (incident.kind, incident.subject) == ("channel_refused", CHANNEL)


def test_a_spent_quota_is_noted_once_a_day(ledger: Ledger, book: Book) -> None:
    clock = TestClock()
    stream = SalesforceStream(
        _Silent(), [CHANNEL], ledger=ledger, book=book, announce=lambda _: None, clock=clock
    )
    spent = QuotaReached(QuotaSpent("daily limit", system="salesforce"), 900)

    for seconds in (0, 3600, 86_400):
        clock.tick(seconds)
        stream.hear(spent)

    assert [incident.kind for incident in _incidents(ledger)] == ["quota", "quota"]


@pytest.mark.parametrize(
    "notice",
    [
        Idle(),
        Subscribed(CHANNEL, "17"),
        Trouble(Unreachable("no network", system="salesforce"), 5, Counter.CONNECT),
    ],
)
def test_what_is_no_news_writes_nothing(
    stream: SalesforceStream, ledger: Ledger, announced: list[Waiting], notice: Any
) -> None:
    stream.hear(notice)

    assert announced == []
    assert _cursor(ledger) is None
    assert _incidents(ledger) == []


def test_a_channel_that_was_read_before_is_read_on_from_its_cursor(ledger: Ledger, book: Book) -> None:
    ledger.register([], cursors=[Cursor(NAME, "17")], now=START)
    source = _Silent()

    _stream(source, ledger, book, []).run()

    assert source.positions == {CHANNEL: "17"}


def test_a_first_start_that_ends_before_its_first_event_misses_nothing_that_comes_after_it(
    ledger: Ledger, book: Book
) -> None:
    first, second = _Silent(Subscribed(CHANNEL, NEW_ONLY)), _Silent(Events(CHANNEL, (_event("1"),)))

    _stream(first, ledger, book, []).run()
    _stream(second, ledger, book, []).run()

    assert (first.positions, second.positions) == ({CHANNEL: NEW_ONLY}, {CHANNEL: ALL_RETAINED})
    assert _kinds(ledger) == ["updated"]


def test_what_happened_before_the_first_start_is_not_read_from_the_stream(ledger: Ledger, book: Book) -> None:
    long_ago = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)
    source = _Silent(
        Subscribed(CHANNEL, NEW_ONLY),
        Events(CHANNEL, (_event("1", commitTimestamp=long_ago), _event("2", OTHER_DEAL))),
    )

    _stream(source, ledger, book, []).run()

    assert (_kinds(ledger, DEAL), _kinds(ledger, OTHER_DEAL)) == ([], ["updated"])
    assert _cursor(ledger) == Cursor(NAME, "2", START)


def test_a_producer_that_was_replaced_writes_nothing_any_more(
    ledger: Ledger, book: Book, announced: list[Waiting]
) -> None:
    old = ledger.take_lease("salesforce_stream", "a", now=START, seconds=0)
    clock = TestClock()
    clock.tick(1)
    ledger.take_lease("salesforce_stream", "b", now=clock(), seconds=10)
    stream = _stream(_Silent(), ledger, book, announced, lease=old)

    with pytest.raises(LeaseLost):
        stream.hear(Events(CHANNEL, (_event("7"),)))

    assert _kinds(ledger) == []
    assert _cursor(ledger) is None
    assert announced == []
