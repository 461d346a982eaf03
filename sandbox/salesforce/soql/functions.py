"""SOQL functions of one value (not of groups: grouping.py), and reading what an operand names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from sandbox.salesforce.fields import Field
from sandbox.salesforce.soql.lexer import malformed
from sandbox.salesforce.soql.scope import Scope
from sandbox.salesforce.soql.tree import Call, Path
from sandbox.salesforce.soql.view import View
from sandbox.salesforce.table import Row

Reader = Callable[[Row], Any]


def _number(name: str) -> Field:
    return Field(name=name, label=name, type="int", precision=9)


#: What makes a number of a date or datetime. Weeks of a year or month begin with its first day, those of a person on Sunday.
_NUMBERS: Mapping[str, Callable[[date], int]] = {
    "CALENDAR_YEAR": lambda day: day.year,
    "CALENDAR_QUARTER": lambda day: (day.month + 2) // 3,
    "CALENDAR_MONTH": lambda day: day.month,
    "DAY_IN_YEAR": lambda day: day.timetuple().tm_yday,
    "DAY_IN_MONTH": lambda day: day.day,
    "DAY_IN_WEEK": lambda day: day.isoweekday() % 7 + 1,
    "WEEK_IN_YEAR": lambda day: (day.timetuple().tm_yday + 6) // 7,
    "WEEK_IN_MONTH": lambda day: (day.day + 6) // 7,
    "HOUR_IN_DAY": lambda day: day.hour if isinstance(day, datetime) else 0,
}
#: The fiscal year of this org is the calendar's.
_FISCAL = {f"FISCAL_{unit}": _NUMBERS[f"CALENDAR_{unit}"] for unit in ("YEAR", "QUARTER", "MONTH")}

#: name -> (type of the result, what it makes of a date or datetime)
_OF_DATES: Mapping[str, tuple[Field, Callable[[date], Any]]] = {
    **{name: (_number(name), function) for name, function in {**_NUMBERS, **_FISCAL}.items()},
    "DAY_ONLY": (
        Field(name="DAY_ONLY", label="DAY_ONLY", type="date"),
        lambda day: day.date() if isinstance(day, datetime) else day,
    ),
}

#: These change how a value is shown to a person; in an org of one language and currency they change nothing.
_FOR_SHOW = frozenset({"TOLABEL", "FORMAT", "CONVERTCURRENCY"})


def readable(operand: Path | Call, scope: Scope, view: View) -> tuple[Field, Reader]:
    """The type that an operand has and how to read it from a row. ApiError for an unknown name."""
    if isinstance(operand, Path):
        column = scope.column(operand)
        return column.field, lambda row: column.value(view, row)
    if operand.argument is None or operand.name not in _FOR_SHOW | _OF_DATES.keys():
        raise malformed(scope.soql, operand.position, f"Invalid function: {operand.name}")
    column = scope.column(operand.argument)
    if operand.name in _FOR_SHOW:
        return column.field, lambda row: column.value(view, row)
    if column.field.type not in ("date", "datetime"):
        raise malformed(scope.soql, operand.position, f"{operand.name} needs a date or datetime field")
    field, function = _OF_DATES[operand.name]

    def read(row: Row) -> Any:
        value = column.value(view, row)
        return None if value is None else function(value)

    return field, read
