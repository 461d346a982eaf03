"""Picks the events out of a reply, in order; what cannot be read is reported, never dropped. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from connectors.salesforce.streaming.messages import Message, cursor_of, in_ascii
from connectors.salesforce.streaming.source import Events, StreamEvent, Unreadable


def notices_in(elements: Sequence[object]) -> Iterator[Events | Unreadable]:
    """The events among these elements of a reply; neighbours of one channel come together."""
    read = [_read(element) for element in elements if not _is_reply(element)]
    for channel, run in groupby(
        read, key=lambda item: item.channel if isinstance(item, StreamEvent) else None
    ):
        if channel is None:
            yield from (item for item in run if isinstance(item, Unreadable))
        else:
            yield Events(channel, tuple(item for item in run if isinstance(item, StreamEvent)))


def _is_reply(element: object) -> bool:
    """True for what answers a request: all of `/meta/`, and acknowledged publishes, which we never send."""
    if not isinstance(element, Mapping):
        return False
    channel = element.get("channel")
    is_meta = isinstance(channel, str) and channel.startswith("/meta/")
    return is_meta or ("successful" in element and "data" not in element)


def _read(element: object) -> StreamEvent | Unreadable:
    if not isinstance(element, Mapping):
        return Unreadable("", in_ascii(element), None, "not a message")
    channel = element.get("channel")
    if not isinstance(channel, str) or not channel:
        return Unreadable("", in_ascii(element), _cursor_in(element), "the message names no channel")
    return _read_event(channel, element)


def _read_event(channel: str, message: Message) -> StreamEvent | Unreadable:
    """Change and platform events carry `data.payload`, PushTopics `data.sobject` (section 1.2)."""
    cursor = _cursor_in(message)
    data = message.get("data")
    if not isinstance(data, Mapping):
        return Unreadable(channel, in_ascii(message), cursor, "data is not an object")
    if cursor is None:
        return Unreadable(channel, in_ascii(message), None, "data.event.replayId is missing or no replay id")
    payload = data.get("payload", data.get("sobject"))
    if not isinstance(payload, Mapping):
        return Unreadable(channel, in_ascii(message), cursor, "data.payload is missing or not an object")
    return StreamEvent(channel, cursor, payload, data)


def _cursor_in(message: Message) -> str | None:
    data = message.get("data")
    event = data.get("event") if isinstance(data, Mapping) else None
    return cursor_of(event.get("replayId")) if isinstance(event, Mapping) else None
