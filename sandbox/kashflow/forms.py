"""Reads what a client writes: which fields a record takes, of which kind, and what a left-out one becomes.

A form always answers every field, so reading a PUT with it is already the full replacement that
KashFlow makes of it (reference kashflow.md section 2.9). Keys bind in any case; unknown ones are ignored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.kashflow.problems import Problem, invalid
from sandbox.kashflow.values import ZERO, Row, money, read_day


@dataclass(frozen=True)
class Field:
    """One writable field; `read` makes the stored value of a given one, `empty` that of a left-out or null one."""

    name: str
    read: Callable[[Any], Any]
    empty: Callable[[], Any]


class Form:
    """The writable fields of one kind of record."""

    def __init__(self, *groups: list[Field]) -> None:
        self._fields = [field for group in groups for field in group]

    def read(self, body: Any) -> Row:
        """Every field of the form. Raises Problem 400 naming the field that cannot be read."""
        if not isinstance(body, dict):
            raise invalid("a JSON object is expected")
        given = {key.lower(): value for key, value in body.items()}
        return {field.name: _read_one(field, given.get(field.name.lower())) for field in self._fields}


def _read_one(field: Field, value: Any) -> Any:
    if value is None:
        return field.empty()
    try:
        return field.read(value)
    except Problem as problem:
        raise invalid(f"{field.name}: {problem.message}") from None


def texts(*names: str) -> list[Field]:
    return [Field(name, _text, str) for name in names]


def amounts(*names: str) -> list[Field]:
    return [Field(name, _amount, lambda: ZERO) for name in names]


def optional_amounts(*names: str) -> list[Field]:
    """Amounts whose absence means something else than nought."""
    return [Field(name, _amount, lambda: None) for name in names]


def wholes(*names: str) -> list[Field]:
    return [Field(name, _whole, int) for name in names]


def flags(*names: str) -> list[Field]:
    return [Field(name, _flag, bool) for name in names]


def flags_on(*names: str) -> list[Field]:
    """Flags that stand unless they are written as false."""
    return [Field(name, _flag, lambda: True) for name in names]


def days(*names: str) -> list[Field]:
    return [Field(name, _day, lambda: None) for name in names]


def bare_days(*names: str) -> list[Field]:
    """Days that are printed without a time, as bank accounts do (section 2.2)."""
    return [Field(name, lambda value: _day(value).isoformat(), lambda: None) for name in names]


def part(name: str, form: Form) -> list[Field]:
    """One nested object; left out it is the form's empty record."""
    return [Field(name, form.read, lambda: form.read({}))]


def parts(name: str, form: Form) -> list[Field]:
    """A list of nested objects; left out it is empty."""
    return [Field(name, lambda value: [form.read(row) for row in _list(value)], list)]


def _text(value: Any) -> str:
    if isinstance(value, bool | dict | list):
        raise invalid("a text is expected")
    return str(value)


def _amount(value: Any) -> Decimal:
    if isinstance(value, bool | dict | list):
        raise invalid("a number is expected")
    return money(value)


def _whole(value: Any) -> int:
    if isinstance(value, str) and not value.strip():
        return 0
    number = _amount(value)
    if number != int(number):
        raise invalid(f"{value} is not a whole number")
    return int(number)


def _flag(value: Any) -> bool:
    word = str(value).strip().lower()
    if word not in {"true", "false", "1", "0", ""}:
        raise invalid(f"{value!r} is neither true nor false")
    return word in {"true", "1"}


def _day(value: Any) -> date:
    return read_day(_text(value))


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise invalid("a list is expected")
    return value
