"""What is an event, what is none, and what cannot be told."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from connectors.salesforce.streaming.events import notices_in
from connectors.salesforce.streaming.messages import Unparsable, read
from connectors.salesforce.streaming.source import Events, StreamEvent, Unreadable

CHANGES = "/data/ChangeEvents"
EVENT: dict[str, Any] = {"channel": CHANGES, "data": {"payload": {"a": 1}, "event": {"replayId": 9}}}


def notices(*elements: object) -> list[Events | Unreadable]:
    return list(notices_in(read(json.dumps(elements).encode())))


def with_data(**data: Any) -> dict[str, Any]:
    return {"channel": CHANGES, "data": EVENT["data"] | data}


def test_a_change_event_is_told_by_its_payload() -> None:
    assert notices(EVENT) == [
        Events(CHANGES, (StreamEvent(CHANGES, "9", {"a": 1}, EVENT["data"]),)),
    ]


def test_a_push_topic_notification_has_its_record_as_payload() -> None:
    topic = {"channel": "/topic/Won", "data": {"sobject": {"Id": "006"}, "event": {"replayId": 3}}}

    (found,) = notices(topic)

    assert isinstance(found, Events)
    assert found.events[0].payload == {"Id": "006"}


def test_an_opaque_replay_id_is_kept_as_it_is() -> None:
    (found,) = notices(with_data(event={"replayId": "AAB/9=="}))

    assert isinstance(found, Events)
    assert found.events[0].cursor == "AAB/9=="


def test_numbers_in_events_are_exact() -> None:
    raw = b'[{"channel":"/c","data":{"payload":{"n":7222782894212345678,"d":0.10,"e":1e2},"event":{"replayId":1}}}]'

    (found,) = notices_in(read(raw))

    assert isinstance(found, Events)
    assert found.events[0].payload == {"n": 7222782894212345678, "d": Decimal("0.10"), "e": Decimal("1e2")}
    assert type(found.events[0].payload["n"]) is int


@pytest.mark.parametrize(
    "reply",
    [
        {"channel": "/meta/connect", "id": "1", "successful": True},
        {"channel": "/meta/unheard-of", "data": {}},
        {"channel": CHANGES, "id": "4", "successful": True},
        {"successful": False, "error": "400::no"},
    ],
)
def test_replies_are_no_events(reply: object) -> None:
    assert notices(reply) == []


@pytest.mark.parametrize(
    ("element", "cursor", "why"),
    [
        ("text", None, "not a message"),
        (7, None, "not a message"),
        ({}, None, "names no channel"),
        ({"channel": 5, "data": EVENT["data"]}, "9", "names no channel"),
        ({"channel": CHANGES}, None, "data is not an object"),
        ({"channel": CHANGES, "data": json.dumps(EVENT["data"])}, None, "data is not an object"),
        (with_data(event=None), None, "replayId"),
        (with_data(event={"replayId": None}), None, "replayId"),
        (with_data(event={"replayId": True}), None, "replayId"),
        (with_data(event={"replayId": 1.5}), None, "replayId"),
        (with_data(event={"replayId": ""}), None, "replayId"),
        (with_data(payload="text"), "9", "payload"),
        (with_data(payload=None), "9", "payload"),
    ],
)
def test_what_cannot_be_read_is_reported_with_all_that_is_known(
    element: object, cursor: str | None, why: str
) -> None:
    (notice,) = notices(element)

    assert isinstance(notice, Unreadable)
    assert notice.cursor == cursor
    assert why in notice.why
    assert json.loads(notice.raw_text) is not None


def test_an_unreadable_event_leaves_its_neighbours_alone_and_keeps_its_place() -> None:
    found = notices(EVENT, EVENT, {"channel": CHANGES, "data": 0}, EVENT)

    assert [type(each).__name__ for each in found] == ["Events", "Unreadable", "Events"]


def test_the_raw_text_is_ascii_whatever_was_sent() -> None:
    (notice,) = notices({"channel": CHANGES, "data": "\ud800 \u2028 é"})

    assert isinstance(notice, Unreadable)
    assert notice.raw_text.isascii()


@pytest.mark.parametrize("body", [b"", b"{", b"5", b'"x"', b"\xff"])
def test_a_body_that_is_no_message_is_refused(body: bytes) -> None:
    with pytest.raises(Unparsable):
        read(body)


def test_a_single_message_may_come_without_its_array() -> None:
    assert read(b'{"channel":"/meta/connect"}') == ({"channel": "/meta/connect"},)
