"""SOQL functions of one value (not of groups: grouping.py), and reading what an operand names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
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


#: name -> (type of the result, what it makes of a date or datetime)
_OF_DATES: Mapping[str, tuple[Field, Callable[[date], Any]]] = {
    "CALENDAR_YEAR": (_number("CALENDAR_YEAR"), lambda day: Decimal(day.year)),
    "CALENDAR_QUARTER": (_number("CALENDAR_QUARTER"), lambda day: Decimal((day.month + 2) // 3)),
    "CALENDAR_MONTH": (_number("CALENDAR_MONTH"), lambda day: Decimal(day.month)),
    "DAY_IN_MONTH": (_number("DAY_IN_MONTH"), lambda day: Decimal(day.day)),
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
