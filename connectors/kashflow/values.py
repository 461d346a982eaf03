"""Dates and amounts as KashFlow writes them, read into ours and back. Knows no records."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from connectors.errors import Unreadable

_DATE = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?\s*(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_ID = re.compile(r"[1-9][0-9]{0,17}")
#: Their own have at most 20 characters.
_LONGEST_CODE = 64
#: How KashFlow writes "never" (reference section 2.2).
_NEVER = frozenset({date(1900, 1, 1), date(1970, 1, 1)})
#: No amount, quantity or rate has more digits before the point; more would only make arithmetic explode.
_MOST_DIGITS = 18


def read_date(text: object) -> date | None:
    """The civil date in any shape of reference section 2.2; None for null, "" and the "never" placeholders.

    The calendar day is taken as written: KashFlow names no zone, and converting could move the day.
    Raises Unreadable for anything else.
    """
    if text is None or (isinstance(text, str) and not text.strip()):
        return None
    found = _DATE.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise _unreadable("date", text)
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise _unreadable("date", text) from None
    return None if day in _NEVER else day


def write_date(day: date) -> str:
    """`day` as KashFlow writes it: at noon, which shields the calendar day from zone shifts (section 2.2)."""
    return f"{day.isoformat()} 12:00:00"


def read_decimal(value: object) -> Decimal | None:
    """A JSON number, or a number in text, exactly; None for null and "".

    Raises Unreadable for floats (they have lost digits already), booleans, NaN, infinities and other text.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    number = _exact(value)
    if number is None or not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        raise _unreadable("number", value)
    return number


def read_id(value: object) -> str:
    """An `Id` or a `Number`, which name a record: a positive whole number, as text. Raises Unreadable for anything else."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not _ID.fullmatch(text):
        raise _unreadable("record's number", value)
    return text


def read_code(value: object) -> str:
    """A `Code`, which names a record: text that can be shown. Raises Unreadable for anything else."""
    if (
        not isinstance(value, str)
        or not value.strip()
        or not value.isprintable()
        or len(value) > _LONGEST_CODE
    ):
        raise _unreadable("record's code", value)
    return value


def _exact(value: object) -> Decimal | None:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return Decimal(value.strip())
    return None


def _unreadable(kind: str, value: object) -> Unreadable:
    shown = repr(value)[:60]
    return Unreadable(f"KashFlow sent {shown} where a {kind} was expected", system="kashflow")
