"""How values travel: money as numbers with four decimals, days at noon; not which fields a record has."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from sandbox.kashflow.problems import invalid

#: One record by its PascalCase field names: money is Decimal, a day is `date`, a moment is `datetime`.
Row = dict[str, Any]

#: How "never" is printed in aggregates and paid dates (reference kashflow.md section 2.2).
NEVER = date(1900, 1, 1)

#: What a datetime of KashFlow's database can hold, less a year for terms of payment.
_FIRST_YEAR, _LAST_YEAR = 1753, 9998

_MOST_DIGITS = 18

ZERO = Decimal("0.0000")
_FOUR_PLACES = Decimal("0.0001")
_TWO_PLACES = Decimal("0.01")
_DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?( ?([+-]\d{2}:?\d{2}|Z))?")


def money(value: Decimal | int | str) -> Decimal:
    """The amount with the four decimals it is printed with. Raises Problem 400."""
    try:
        amount = Decimal(value).quantize(_FOUR_PLACES, ROUND_HALF_UP)
    except (InvalidOperation, TypeError, ValueError):
        raise invalid(f"{value!r} is not an amount") from None
    if amount.is_nan():
        raise invalid(f"{value!r} is not an amount")
    return amount


def pennies(value: Decimal) -> Decimal:
    """The amount rounded to whole pennies, halves away from zero."""
    return money(value.quantize(_TWO_PLACES, ROUND_HALF_UP))


def whole_number(text: str) -> int | None:
    """The number that these digits say; None for any other text, or for more digits than any number here has."""
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else None


def read_day(text: str) -> date:
    """The civil day of any shape that section 2.2 lists; a time and an offset are read over."""
    match = _DAY.fullmatch(text.strip())
    if match is None:
        raise invalid(f"{text!r} is not a date like 2026-03-02 12:00:00")
    try:
        day = date(*(int(part) for part in match.group(1, 2, 3)))
    except ValueError:
        raise invalid(f"{text!r} is not a day of the calendar") from None
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise invalid(f"{text!r} is not between the years {_FIRST_YEAR} and {_LAST_YEAR}")
    return day


def read_json(body: bytes) -> Any:
    """The JSON of a request, its broken numbers as Decimal."""
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_no_such_number)
    except (ValueError, RecursionError) as reason:
        raise invalid(f"The request body is not JSON: {reason}") from None


#: The text of one scalar. Kept, because json.dumps would make an encoder anew for each.
_scalar = json.JSONEncoder(ensure_ascii=False).encode


def write_json(value: Any) -> str:
    """JSON text. The standard encoder cannot print a Decimal as a number without losing its trailing zeros."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{_scalar(key)}:{write_json(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(write_json, value)) + "]"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return f'"{value.replace(tzinfo=None).isoformat(" ", "seconds")}"'
    if isinstance(value, date):
        return f'"{value.isoformat()} 12:00:00"'
    return _scalar(value)


def json_bytes(value: Any) -> bytes:
    """The text in UTF-8. Half of a surrogate pair, which has none, is written as the escape that it came as."""
    return write_json(value).encode(errors="backslashreplace")


def _no_such_number(text: str) -> None:
    raise ValueError(f"{text} is not a number of JSON")
