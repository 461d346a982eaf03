"""SOQL's date words, such as LAST_N_DAYS:30, as half-open ranges of days. All days are UTC days, weeks begin on Monday."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

#: A unit of the calendar: the first day of the one that holds a day, moved by so many units.
Unit = Callable[[date, int], date]


def _day(day: date, moved: int) -> date:
    return day + timedelta(days=moved)


def _week(day: date, moved: int) -> date:
    return day + timedelta(days=7 * moved - day.weekday())


def _months(day: date, months_in_unit: int, moved: int) -> date:
    month = day.year * 12 + day.month - 1
    first = (month // months_in_unit + moved) * months_in_unit
    return date(first // 12, first % 12 + 1, 1)


_UNITS: Mapping[str, Unit] = {
    "DAY": _day,
    "WEEK": _week,
    "MONTH": lambda day, moved: _months(day, 1, moved),
    "QUARTER": lambda day, moved: _months(day, 3, moved),
    "YEAR": lambda day, moved: _months(day, 12, moved),
    # The fiscal year of this org is the calendar's.
    "FISCAL_QUARTER": lambda day, moved: _months(day, 3, moved),
    "FISCAL_YEAR": lambda day, moved: _months(day, 12, moved),
}
#: All but the day, whose words are irregular.
_LONG_UNITS = tuple(unit for unit in _UNITS if unit != "DAY")

#: word -> (unit, first unit, unit after the last), counted from the present one
WORDS: Mapping[str, tuple[str, int, int]] = {
    "YESTERDAY": ("DAY", -1, 0),
    "TODAY": ("DAY", 0, 1),
    "TOMORROW": ("DAY", 1, 2),
    "LAST_90_DAYS": ("DAY", -90, 1),
    "NEXT_90_DAYS": ("DAY", 1, 91),
    **{f"LAST_{unit}": (unit, -1, 0) for unit in _LONG_UNITS},
    **{f"THIS_{unit}": (unit, 0, 1) for unit in _LONG_UNITS},
    **{f"NEXT_{unit}": (unit, 1, 2) for unit in _LONG_UNITS},
}

#: word that takes a count -> (unit, what the count makes of it)
COUNTED: Mapping[str, tuple[str, Callable[[int], tuple[int, int]]]] = {
    # The last n days reach up to now, so today belongs to them; the last n weeks end where this week begins.
    "LAST_N_DAYS": ("DAY", lambda count: (-count, 1)),
    "NEXT_N_DAYS": ("DAY", lambda count: (1, count + 1)),
    "N_DAYS_AGO": ("DAY", lambda count: (-count, -count + 1)),
    **{f"LAST_N_{unit}S": (unit, lambda count: (-count, 0)) for unit in _LONG_UNITS},
    **{f"NEXT_N_{unit}S": (unit, lambda count: (1, count + 1)) for unit in _LONG_UNITS},
    **{f"N_{unit}S_AGO": (unit, lambda count: (-count, -count + 1)) for unit in _LONG_UNITS},
}


def days_of(word: str, count: int | None, today: date) -> tuple[date, date]:
    """The first day that the word covers and the day after its last; a range beyond the calendar ends with it."""
    unit, first, after = WORDS[word] if count is None else _counted(word, count)
    return _within_calendar(_UNITS[unit], today, first), _within_calendar(_UNITS[unit], today, after)


def _counted(word: str, count: int) -> tuple[str, int, int]:
    unit, bounds = COUNTED[word]
    return (unit, *bounds(count))


def _within_calendar(unit: Unit, today: date, moved: int) -> date:
    try:
        return unit(today, moved)
    except (OverflowError, ValueError):
        return date.min if moved < 0 else date.max
