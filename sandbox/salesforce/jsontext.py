"""JSON as the platform reads and writes it, in REST and in the Streaming API alike; not what the values mean."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from sandbox.salesforce.values import decimal_text, printed

#: The text of one scalar. Kept, because json.dumps would make an encoder anew for each.
_scalar = json.JSONEncoder(ensure_ascii=False).encode


def read_json(body: bytes | str) -> Any:
    """The value of a JSON text, its numbers as int or Decimal. ValueError when it is none."""
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_no_such_number)
    except RecursionError:
        raise ValueError("the text is nested too deeply") from None


def json_text(value: Any) -> str:
    """`value` may hold Decimals, dates and datetimes beside what JSON knows. TypeError for anything else.

    A Decimal is a plain number with all its digits that does not drift on the way: 10.1 stays 10.1.
    """
    return "".join(_pieces(value))


def json_bytes(value: Any) -> bytes:
    """The text in UTF-8. Half of a surrogate pair, which has none, is written as the escape that it came as."""
    return json_text(value).encode(errors="backslashreplace")


def _no_such_number(text: str) -> None:
    raise ValueError(f"{text} is not a number of JSON")


def _pieces(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield "{"
        for index, (key, each) in enumerate(value.items()):
            yield f"{',' if index else ''}{_scalar(key)}:"
            yield from _pieces(each)
        yield "}"
    elif isinstance(value, list | tuple):
        yield "["
        for index, each in enumerate(value):
            yield "," if index else ""
            yield from _pieces(each)
        yield "]"
    elif isinstance(value, Decimal):
        yield decimal_text(value)
    else:
        yield _scalar(printed(value))
