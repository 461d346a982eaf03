"""JSON as the Streaming API writes it: a Decimal is a number with all its digits, never a float."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.salesforce.values import decimal_text

Message = dict[str, Any]


def json_text(value: Any) -> str:
    """The JSON text of nested mappings, lists and scalars. Raises TypeError for anything JSON has no word for."""
    if isinstance(value, Mapping):
        return (
            "{" + ",".join(f"{json.dumps(str(key))}:{json_text(item)}" for key, item in value.items()) + "}"
        )
    if isinstance(value, list | tuple):
        return "[" + ",".join(json_text(item) for item in value) + "]"
    if isinstance(value, Decimal):
        return decimal_text(value)
    return json.dumps(value)


def read_messages(body: bytes) -> list[Message]:
    """The Bayeux messages of a request body, an array or a single object. Raises ValueError if it is neither."""
    try:
        parsed = json.loads(body)
    except RecursionError:
        raise ValueError("the body is nested too deeply") from None
    messages = parsed if isinstance(parsed, list) else [parsed]
    if not messages or not all(_is_message(message) for message in messages):
        raise ValueError("the body is not a Bayeux message nor an array of them")
    return messages


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("channel"), str)
