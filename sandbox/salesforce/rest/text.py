"""JSON text of an answer, with Decimals as plain numbers that do not drift: 10.1 stays 10.1."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sandbox.salesforce.values import decimal_text, printed


def json_text(value: Any) -> str:
    """`value` may hold Decimals, dates and datetimes beside what JSON knows."""
    return "".join(_pieces(value))


def _pieces(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield "{"
        for index, (key, each) in enumerate(value.items()):
            yield f"{',' if index else ''}{json.dumps(key)}:"
            yield from _pieces(each)
        yield "}"
    elif isinstance(value, (list, tuple)):
        yield "["
        for index, each in enumerate(value):
            yield "," if index else ""
            yield from _pieces(each)
        yield "]"
    elif isinstance(value, Decimal):
        yield decimal_text(value)
    else:
        yield json.dumps(printed(value), ensure_ascii=False)
