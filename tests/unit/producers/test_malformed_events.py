"""Ten thousand malformed messages of the event stream: the session and the producer live on, and each leaves its trace."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from connectors.salesforce.streaming.answers import Answered
from connectors.salesforce.streaming.change_event import ChangeType, MalformedChange, read_change
from connectors.salesforce.streaming.messages import Unparsable, read
from connectors.salesforce.streaming.session import Session
from connectors.salesforce.streaming.source import (
    ALL_RETAINED,
    NEW_ONLY,
    Events,
    Notice,
    StreamEvent,
    Subscribed,
    Trouble,
    Unreadable,
)
from connectors.salesforce.streaming.steps import Exchange, LogIn, Rest
from ledger import schema
from ledger.ledger import Ledger
from ledger.tables import DeliveryRow
from mappings.book import load
from producers.salesforce_stream import SalesforceStream
from tests.support.deaf_source import DeafSource
from tests.support.ledger import START, TestClock
from tests.support.spoilt import Spoiler, rendered

CHANNEL = "/data/ChangeEvents"
CURSOR = f"salesforce_stream:{CHANNEL}"
#: PostgreSQL is the more particular of the two, and the slower.
MESSAGES = {"sqlite": 10_000, "postgresql": 2_000}
IN_ONE_ANSWER = 8
WATCHED = {"StageName", "Amount", "AccountId", "CloseDate", "Name", "CurrencyIsoCode"}


class _Server:
    """Answers a session: well to all but its long polls, whose events it spoils."""

    def __init__(self, seed: int) -> None:
        self.spoiler = Spoiler(seed)
        self.rng = random.Random(seed)
        self.sent = 0
        #: Where the session asked to go on, whenever it subscribed.
        self.asked_from: list[str] = []
        #: Events of the last answer that nothing happened to.
        self.intact: list[dict[str, Any]] = []

    def answer(self, exchange: Exchange) -> bytes:
        reply = {"channel": exchange.channel, "id": exchange.request["id"], "successful": True}
        match exchange.channel:
            case "/meta/handshake":
                return json.dumps([{**reply, "clientId": "c", "version": "1.0"}]).encode()
            case "/meta/subscribe":
                self.asked_from.append(str(exchange.request["ext"]["replay"][CHANNEL]))
                return json.dumps([{**reply, "subscription": CHANNEL}]).encode()
            case "/meta/connect" if exchange.request.get("advice") is None:
                return self._events(reply)
        return json.dumps([reply]).encode()

    def _events(self, reply: dict[str, Any]) -> bytes:
        events = [self._event() for _ in range(IN_ONE_ANSWER)]
        if self.rng.random() < 0.05:
            self.intact = []
            return self.spoiler.body([*events, reply])
        said = [self.spoiler.value(event) if self.rng.random() < 0.8 else event for event in events]
        self.intact = [event for event in said if event in events]
        return rendered([*said, reply], random.Random(self.sent))

    def _event(self) -> dict[str, Any]:
        self.sent += 1
        header = {
            "entityName": self.rng.choice(["Opportunity", "Opportunity", "Opportunity", "Account"]),
            "recordIds": [f"006{self.sent:012d}AAA"],
            "changeType": self.rng.choice(
                ["UPDATE", "UPDATE", "CREATE", "DELETE", "GAP_UPDATE", "GAP_OVERFLOW"]
            ),
            "changedFields": self.rng.choice(
                [["StageName"], ["Amount", "BillingAddress.City"], ["Description"]]
            ),
            "changeOrigin": "com/salesforce/api/soap/66.0;client=x",
            "transactionKey": f"key-{self.sent}",
            "sequenceNumber": 1,
            "commitTimestamp": int(START.timestamp() * 1000) + self.sent,
            "commitNumber": self.sent,
            "commitUser": "005000000000001AAA",
        }
        payload = {"ChangeEventHeader": header, "Amount": 12.5, "Name": {"LastName": "☃"}}
        data = {"schema": "s", "payload": payload, "event": {"replayId": self.sent}}
        return {"channel": CHANNEL, "data": data}


@pytest.fixture(params=["sqlite", "postgres"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    url = (
        f"sqlite:///{tmp_path}/ledger.db"
        if request.param == "sqlite"
        else request.getfixturevalue("postgres_url")
    )
    schema.upgrade(url)
    opened = Ledger.open(url)
    yield opened
    opened.close()


class _Stream:
    """A session, its server and the producer that hears it, hand in hand."""

    def __init__(self, ledger: Ledger, seed: int) -> None:
        self.ledger = ledger
        self.server = _Server(seed)
        self.seconds = 0.0
        self.session = Session({CHANNEL: "-1"}, clock=lambda: self.seconds, rng=random.Random(seed))
        self.producer = SalesforceStream(
            DeafSource(), [CHANNEL], ledger=ledger, book=load(), announce=lambda _: None, clock=TestClock()
        )

    def turn(self) -> tuple[bytes, list[Notice]]:
        """One exchange; the answer, and the notices that came of it."""
        while not isinstance(step := self.session.next_step(), Exchange):
            match step:
                case Rest(seconds):
                    self.seconds += seconds
                case LogIn():
                    self.session.logged_in()
        self.server.intact = []
        answer = self.server.answer(step)
        self.seconds += 1
        notices = []
        for notice in self.session.take(step, Answered(200, answer)):
            self.producer.hear(notice)
            notices.append(notice)
        if isinstance(notices[0] if notices else None, Subscribed):
            self._assert_nothing_is_skipped()
        return answer, notices

    def _assert_nothing_is_skipped(self) -> None:
        """Whatever was given up, the stream goes on behind the last message that the ledger knows of."""
        asked, stored = self.server.asked_from[-1], self.ledger.cursors([CURSOR])[CURSOR].value
        assert asked == stored or (asked, stored) == (NEW_ONLY, ALL_RETAINED)


def test_ten_thousand_malformed_messages_stop_nothing_and_each_leaves_a_trace(ledger: Ledger) -> None:
    with ledger.reading() as connection:
        messages = MESSAGES[connection.dialect.name]
    stream = _Stream(ledger, 7)
    heard: list[StreamEvent] = []
    unreadable: list[Unreadable] = []
    intact: list[dict[str, Any]] = []

    while stream.server.sent < messages:
        answer, notices = stream.turn()

        events = [event for notice in notices if isinstance(notice, Events) for event in notice.events]
        unclear = [notice for notice in notices if isinstance(notice, Unreadable)]
        elements = _elements(answer)
        if elements is None:
            assert [type(notice) for notice in notices] == [Trouble]
            continue
        assert len(events) + len(unclear) == sum(not _is_reply(element) for element in elements), answer
        heard += events
        unreadable += unclear
        intact += stream.server.intact

    assert len(intact) > messages / 10
    kept = _Kept(ledger)
    assert [event for event in intact if _is_of_interest(event) and not kept.delivers(event)] == []
    assert [event for event in heard if not kept.traces(event)] == []
    assert [notice for notice in unreadable if notice.raw_text not in kept.raw] == []


def _elements(answer: bytes) -> list[object] | None:
    try:
        return list(read(answer))
    except Unparsable:
        return None


def _is_reply(element: object) -> bool:
    """Told apart from an event by its channel, or by its form."""
    return isinstance(element, dict) and (
        str(element.get("channel")).startswith("/meta/")
        or ("successful" in element and "data" not in element)
    )


def _is_of_interest(event: dict[str, Any]) -> bool:
    header = event["data"]["payload"]["ChangeEventHeader"]
    is_news = header["changeType"] == "CREATE" or (
        header["changeType"] == "UPDATE" and {"StageName", "Amount"} & set(header["changedFields"])
    )
    return header["entityName"] == "Opportunity" and bool(is_news)


class _Kept:
    """What the ledger holds of all that was heard."""

    def __init__(self, ledger: Ledger) -> None:
        with ledger.reading() as connection:
            rows = connection.execute(select(DeliveryRow.record_id, DeliveryRow.version))
            self.deliveries = {(row.record_id, row.version) for row in rows}
        incidents = ledger.incidents(limit=20_000)
        self.raw = {incident.detail["raw"] for incident in incidents if incident.kind == "unreadable"}
        self.gaps = {incident.version for incident in incidents if incident.kind in ("gap", "overflow")}

    def delivers(self, event: dict[str, Any]) -> bool:
        header = event["data"]["payload"]["ChangeEventHeader"]
        version = f"{header['transactionKey']}:{header['sequenceNumber']}"
        return all((record_id, version) in self.deliveries for record_id in header["recordIds"])

    def traces(self, event: StreamEvent) -> bool:
        """It is a delivery, a gap to be read again, none of our business, or kept whole for a person to look at."""
        if json.dumps(event.data, default=str) in self.raw:
            return True
        try:
            heard = read_change(event.payload)
        except MalformedChange:
            return False
        version = f"{heard.transaction_key}:{heard.sequence_number}"
        return (
            heard.entity != "Opportunity"
            or version[:120] in self.gaps
            or all((record_id, version) in self.deliveries for record_id in heard.record_ids)
            or heard.change_type in (ChangeType.DELETE, ChangeType.SNAPSHOT)
            or not WATCHED & set(heard.changed_fields)
        )
