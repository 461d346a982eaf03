"""Which days a tie-out is about: `2026-10`, `2026-Q3`, `2026`, `2026-10-01..2026-10-31`, or what a person means by nothing."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

_MONTH = re.compile(r"(\d{4})-(\d{2})")
_QUARTER = re.compile(r"(\d{4})-?Q([1-4])", re.IGNORECASE)
_YEAR = re.compile(r"\d{4}")


class BadPeriod(ValueError):
    """The text names no period; it says what would."""


@dataclass(frozen=True)
class Period:
    """From `first` to `last`, both among them."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def __str__(self) -> str:
        return f"{self.first.isoformat()}..{self.last.isoformat()}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises BadPeriod."""
        said = text.strip()
        try:
            if month := _MONTH.fullmatch(said):
                return cls._months(int(month[1]), int(month[2]), 1)
            if quarter := _QUARTER.fullmatch(said):
                return cls._months(int(quarter[1]), 3 * int(quarter[2]) - 2, 3)
            if _YEAR.fullmatch(said):
                return cls._months(int(said), 1, 12)
            first, two_dots, last = said.partition("..")
            found = cls(date.fromisoformat(first.strip()), date.fromisoformat(last.strip()))
        except ValueError:
            raise _bad(text) from None
        if not two_dots or found.first > found.last:
            raise _bad(text)
        return found

    @classmethod
    def usual(cls, today: date) -> Self:
        """This month and the one before."""
        before = today.replace(day=1) - timedelta(days=1)
        return cls(before.replace(day=1), _end_of(today))

    @classmethod
    def _months(cls, year: int, month: int, count: int) -> Self:
        return cls(date(year, month, 1), _end_of(date(year, month + count - 1, 1)))


def _end_of(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _bad(text: str) -> BadPeriod:
    return BadPeriod(f"{text!r} is no period; expected 2026-10, 2026-Q3, 2026 or 2026-10-01..2026-10-31")
