"""The query string of a request: parameters in any case, typed on reading; not what they filter."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sandbox.kashflow.problems import invalid
from sandbox.kashflow.values import read_day, whole_number


class Query:
    """Query parameters; the last of several equal ones counts. Readers raise Problem 400 naming the parameter."""

    def __init__(self, items: Iterable[tuple[str, str]]) -> None:
        self._items = [(name.lower(), value.strip()) for name, value in items]
        self._last = dict(self._items)

    def text(self, *names: str) -> str:
        """The first of these parameters that is given, or ""."""
        return next((self._last[name] for name in names if self._last.get(name)), "")

    def all(self, name: str) -> list[str]:
        return [value for key, value in self._items if key == name and value]

    def whole(self, name: str, default: int) -> int:
        """A number from 1 up."""
        text = self.text(name)
        if not text:
            return default
        number = whole_number(text)
        if not number:
            raise invalid(f"{name}: {text!r} is not a number from 1 up")
        return number

    def flag(self, name: str) -> bool | None:
        word = self.text(name).lower()
        if word not in {"", "true", "false", "1", "0"}:
            raise invalid(f"{name}: {word!r} is neither true nor false")
        return word in {"true", "1"} if word else None

    def day(self, name: str) -> date | None:
        text = self.text(name)
        return read_day(text) if text else None

    def covers(self, day: date | None, start: str, end: str) -> bool:
        """Whether the day lies within these two inclusive date parameters, either of which may be absent."""
        first, last = self.day(start), self.day(end)
        if first is None and last is None:
            return True
        return day is not None and (first is None or first <= day) and (last is None or day <= last)


def mentions(search: str, *values: Any) -> bool:
    """Whether the searched text occurs in any of these values, in any case. An empty search always does."""
    return not search or any(search.lower() in str(value).lower() for value in values)
