"""The Bayeux messages of a request body; what they ask for is for others to say."""

from __future__ import annotations

from typing import Any

from sandbox.salesforce.jsontext import read_json

Message = dict[str, Any]


def read_messages(body: bytes) -> list[Message]:
    """The Bayeux messages of a request body, an array or a single object. Raises ValueError if it is neither."""
    parsed = read_json(body)
    messages = parsed if isinstance(parsed, list) else [parsed]
    if not messages or not all(_is_message(message) for message in messages):
        raise ValueError("the body is not a Bayeux message nor an array of them")
    return messages


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("channel"), str)
