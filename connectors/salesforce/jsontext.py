"""JSON as Salesforce's REST API wants it, with exact decimals both ways. Knows nothing of records."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.exact import exact


def encode(value: object) -> bytes:
    """`value` as JSON: dicts, lists, text, int, bool, None, and Decimal written digit by digit as a number.

    The json module would turn a Decimal into a float on its way, and 0.1 + 0.2 pence go missing there. Raises
    TypeError naming the place of anything else, floats above all, and of a Decimal that is no number.
    """
    return _text(value, "$").encode()


def decode(content: bytes) -> Any:
    """The value that `content` holds; fractions become Decimal. Raises ValueError when it is not JSON."""
    try:
        return json.loads(content, parse_float=exact, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def _text(value: object, place: str) -> str:
    if isinstance(value, Mapping):
        return "{" + ",".join(_member(key, item, place) for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_text(item, f"{place}[{at}]") for at, item in enumerate(value)) + "]"
    if isinstance(value, Decimal) and value.is_finite():
        return str(value)
    if value is None or isinstance(value, str | bool | int):
        return json.dumps(value)
    raise TypeError(f"{place} is {value!r} ({type(value).__name__}): use Decimal, int, str, bool or None")


def _member(key: object, item: object, place: str) -> str:
    if not isinstance(key, str):
        raise TypeError(f"{place} has the key {key!r}: keys are field names, and text")
    return f"{json.dumps(key)}:{_text(item, f'{place}.{key}')}"


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is not JSON")
