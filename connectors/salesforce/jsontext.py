"""JSON as Salesforce's REST API wants it, with exact decimals both ways. Knows nothing of records."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.exact import exact

_quoted = json.encoder.encode_basestring_ascii
_WORDS = {None: "null", True: "true", False: "false"}


def encode(value: object) -> bytes:
    """`value` as JSON: dicts, lists, text, int, bool, None, and Decimal written digit by digit as a number.

    The json module would turn a Decimal into a float on its way, and 0.1 + 0.2 pence go missing there. Raises
    TypeError naming the place of anything else, floats above all, and of a Decimal that is no number.
    """
    try:
        return _text(value).encode()
    except TypeError:
        raise TypeError(_fault(value, "$")) from None


def decode(content: bytes) -> Any:
    """The value that `content` holds; fractions become Decimal. Raises ValueError when it is not JSON."""
    try:
        return json.loads(content, parse_float=exact, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def _text(value: object) -> str:
    """Raises TypeError, as `_quoted` does for a key that is no text; `_fault` finds the place."""
    if isinstance(value, str):
        return _quoted(value)
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    if isinstance(value, Decimal) and value.is_finite():
        return str(value)
    if isinstance(value, int):
        return int.__repr__(value)
    # dict by itself: to be a Mapping is asked of a class with a protocol, which takes three times as long.
    if isinstance(value, (dict, Mapping)):
        return "{" + ",".join([f"{_quoted(key)}:{_text(item)}" for key, item in value.items()]) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join([_text(item) for item in value]) + "]"
    raise TypeError


def _fault(value: object, place: str) -> str:
    """Where in `value` the first thing is that cannot be sent, and what it is; blank when there is none. Looked for only
    when it is known that there is one: to keep count of the place costs more than to write the text."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                return f"{place} has the key {key!r}: keys are field names, and text"
            if fault := _fault(item, f"{place}.{key}"):
                return fault
        return ""
    if isinstance(value, list | tuple):
        faults = (_fault(item, f"{place}[{at}]") for at, item in enumerate(value))
        return next(filter(None, faults), "")
    try:
        _text(value)
    except TypeError:
        return f"{place} is {value!r} ({type(value).__name__}): use Decimal, int, str, bool or None"
    return ""


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is not JSON")
