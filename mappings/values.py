"""How a value of either system is understood: as a number, as text, as blank; and when two say the same."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from canonical.money import plain

#: As both systems write one.
_PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
#: Digits, with or without commas between thousands, and decimals; JSON may bring an exponent.
_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d+)?([eE][+-]?\d{1,3})?")
#: A date, alone or with a time and a zone after it.
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2})?)?")
#: A date as a British bookkeeper writes it.
_BRITISH = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
#: What KashFlow writes for "never" (reference kashflow.md section 2.2).
_NEVER = frozenset({date(1900, 1, 1), date(1970, 1, 1)})
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


def is_blank(value: object) -> bool:
    """Nothing, or nothing but white space."""
    return value is None or (isinstance(value, str) and (not value or value.isspace()))


def number_of(value: object) -> Decimal:
    """`value` as an exact number, or ValueError. A float is refused: its pence are a guess."""
    if isinstance(value, str) and _PLAIN_NUMBER.fullmatch(value):
        return Decimal(value)
    if isinstance(value, (bool, float)):
        raise ValueError(f"{value!r} is not an exact number")
    if isinstance(value, (int, Decimal)):
        return Decimal(value)
    said = value.strip() if isinstance(value, str) else ""
    if not _NUMBER.fullmatch(said) or not any(letter.isdigit() for letter in said.lower().partition("e")[0]):
        raise ValueError(f"{value!r} is not a number")
    return Decimal(said.replace(",", ""))


def date_of(value: object) -> date | None:
    """The calendar date that `value` names, or ValueError; None for KashFlow's "never".

    A time and a zone after it are ignored: both systems mean the date as it is written (reference kashflow.md
    section 2.2, salesforce.md section 6).
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        return _date_in(value.strip())
    raise ValueError(f"{value!r} is not a date")


@lru_cache(maxsize=10_000)
def _date_in(said: str) -> date | None:
    """Kept, for there are few dates: of a thousand records most are of the same weeks."""
    if found := _DATE.fullmatch(said):
        written = date.fromisoformat(found[1])
    elif found := _BRITISH.fullmatch(said):
        written = date(int(found[3]), int(found[2]), int(found[1]))
    else:
        raise ValueError(f"{said!r} is not a date")
    return None if written in _NEVER else written


def text_of(value: object) -> str:
    """`value` as people write it: no exponent, no trailing zeros, true and false in small letters."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain(value)
    return value.strip() if isinstance(value, str) else str(value)


def flag_of(value: object) -> bool:
    """`value` as yes or no, or ValueError; KashFlow writes booleans, 0 and 1, and "0" and "1" (section 2.1)."""
    said = text_of(value).lower()
    if said not in _FLAGS:
        raise ValueError(f"{value!r} is neither true nor false")
    return _FLAGS[said]


def same(one: object, other: object) -> bool:
    """Do both say the same? 100 is 100.0000 and "100", nothing is "", true is 1, line ends do not matter."""
    if isinstance(one, str) and one == other:
        return True
    if is_blank(one) or is_blank(other):
        return is_blank(one) and is_blank(other)
    try:
        if isinstance(one, bool) or isinstance(other, bool):
            return flag_of(one) == flag_of(other)
        if isinstance(one, (int, Decimal)) or isinstance(other, (int, Decimal)):
            return number_of(one) == number_of(other)
    except ValueError:
        return False
    return _lines(one) == _lines(other)


def same_day(one: object, other: object) -> bool:
    """Do both name the same calendar date, whatever their shape?"""
    if is_blank(one) or is_blank(other):
        return is_blank(one) and is_blank(other)
    try:
        return date_of(one) == date_of(other)
    except ValueError:
        return same(one, other)


def _lines(value: object) -> object:
    return value.strip().splitlines() if isinstance(value, str) else value
