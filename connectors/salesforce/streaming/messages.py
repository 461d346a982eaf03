"""Bayeux messages: built, written as JSON, read from JSON. Pure; what a reply means is decided in `verdict.py`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

Message = Mapping[str, Any]

HANDSHAKE = "/meta/handshake"
CONNECT = "/meta/connect"
SUBSCRIBE = "/meta/subscribe"
DISCONNECT = "/meta/disconnect"

LONG_POLLING = "long-polling"

#: As Python writes an int; the length keeps clear of what Python refuses to read back.
PLAIN_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,999}")


class Unparsable(ValueError):
    """The body is not a JSON array of messages (or a single one)."""


def handshake(message_id: str) -> Message:
    """Opens a session. Goes alone in its request; `ext.replay` as Salesforce's own client sends it (section 1.2)."""
    return {
        "id": message_id,
        "channel": HANDSHAKE,
        "version": "1.0",
        "minimumVersion": "1.0",
        "supportedConnectionTypes": [LONG_POLLING],
        "ext": {"replay": True},
    }


def connect(message_id: str, client_id: str, *, answer_at_once: bool = False) -> Message:
    """A long poll. `answer_at_once` asks the server not to park it; some do not listen (section 7.0, item 5)."""
    message = {
        "id": message_id,
        "channel": CONNECT,
        "clientId": client_id,
        "connectionType": LONG_POLLING,
    }
    return {**message, "advice": {"timeout": 0}} if answer_at_once else message


def subscribe(message_id: str, client_id: str, channel: str, cursor: str) -> Message:
    """Deliver what came to `channel` after `cursor`. The replay map names this channel only (section 1.2)."""
    return {
        "id": message_id,
        "channel": SUBSCRIBE,
        "clientId": client_id,
        "subscription": channel,
        "ext": {"replay": {channel: replay_id_of(cursor)}},
    }


def disconnect(message_id: str, client_id: str) -> Message:
    """The goodbye: the server forgets the client at once."""
    return {"id": message_id, "channel": DISCONNECT, "clientId": client_id}


def cursor_of(replay_id: object) -> str | None:
    """The replay id as text, or None when it is none: Salesforce sends a number, and says not to rely on it.

    Half a character, or a control character, could be neither kept nor sent back.
    """
    if isinstance(replay_id, int) and not isinstance(replay_id, bool):
        return str(replay_id)
    return replay_id if isinstance(replay_id, str) and replay_id and replay_id.isprintable() else None


def replay_id_of(cursor: str) -> int | str:
    """The cursor as it goes over the wire: what reads as a plain number was one, and is sent as one."""
    return int(cursor) if PLAIN_NUMBER.fullmatch(cursor) else cursor


def write(message: Message) -> bytes:
    """The body of a request. Bayeux wants an array, however many there are."""
    return json.dumps([message], separators=(",", ":")).encode()


def read(body: bytes) -> tuple[object, ...]:
    """The elements of a reply, which may be anything that JSON can say: a server may send nonsense among messages.

    Integers become int, all other numbers Decimal. Raises Unparsable.
    """
    try:
        document = json.loads(body, parse_float=Decimal, parse_constant=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise Unparsable(f"no JSON: {type(error).__name__}") from error
    if isinstance(document, list):
        return tuple(document)
    if isinstance(document, dict):
        return (document,)
    raise Unparsable(f"JSON, but neither an array nor an object: {type(document).__name__}")


def in_ascii(element: object) -> str:
    """An element of a reply as JSON again, for people and for stores that take no odd characters."""
    try:
        return json.dumps(element, default=str)
    except RecursionError:
        return '"nested too deeply to be shown"'


def reply_to(request: Message, elements: Sequence[object]) -> Message | None:
    """The reply to this request, wherever in the array it stands. Where ids are left away the channels must do."""
    for element in elements:
        if not isinstance(element, Mapping) or element.get("channel") != request["channel"]:
            continue
        if element.get("id") is None:
            same = element.get("subscription") in (None, request.get("subscription"))
        else:
            same = str(element["id"]) == request["id"]
        if same:
            return element
    return None
