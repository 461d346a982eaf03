"""One comparison of a field with a literal: does the literal fit the field's type, and does a value pass."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.fields import Field
from sandbox.salesforce.ids import full_id
from sandbox.salesforce.soql.dates import days_of
from sandbox.salesforce.soql.tree import DateWord, Literal, Text

Test = Callable[[Any], bool]

_ORDERINGS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

#: Text longer than this cannot be filtered on.
_LONGEST_FILTERABLE = 255


def test_for(field: Field, op: str, literal: Literal, today: date) -> Test:
    """The test that a value of `field` must pass. ApiError when the literal is of another type."""
    check_filterable(field)
    if op == "LIKE":
        return _like(field, literal)
    if isinstance(literal, DateWord):
        return _in_days(field, op, literal, today)
    return _compared(field, op, typed(field, literal))


def typed(field: Field, literal: Literal) -> Any:
    """The literal as comparable with `comparable(field, value)`; ApiError when its type is another."""
    if literal is None:
        return None
    if field.type == "datetime" and isinstance(literal, datetime):
        return literal
    if field.type == "date" and isinstance(literal, date) and not isinstance(literal, datetime):
        return literal
    if field.type == "boolean" and isinstance(literal, bool):
        return literal
    if field.is_number and isinstance(literal, Decimal):
        return literal
    if field.type in ("id", "reference") and isinstance(literal, Text):
        return _id(field, literal)
    if field.is_text and isinstance(literal, Text):
        return comparable(field, literal.value) or None
    raise _wrong_type(field)


def comparable(field: Field, value: Any) -> Any:
    """A stored value in the form that comparisons and sorting use: text in any case is the same, ids are not."""
    return value.casefold() if isinstance(value, str) and field.is_text else value


def check_filterable(field: Field) -> None:
    if field.type == "address" or (field.type == "textarea" and field.length > _LONGEST_FILTERABLE):
        raise ApiError("INVALID_FIELD", f"field '{field.name}' can not be filtered in a query call")


def _compared(field: Field, op: str, wanted: Any) -> Test:
    if op == "=":
        return lambda value: comparable(field, value) == wanted
    if op == "!=":
        return lambda value: comparable(field, value) != wanted
    ordering = _ORDERINGS[op]
    return lambda value: (
        value is not None and wanted is not None and ordering(comparable(field, value), wanted)
    )


def _like(field: Field, literal: Literal) -> Test:
    if not isinstance(literal, Text) or not (field.is_text or field.type in ("id", "reference")):
        raise ApiError("INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on {field.name} field")
    pattern = literal.pattern
    return lambda value: value is not None and pattern.fullmatch(value) is not None


def _in_days(field: Field, op: str, word: DateWord, today: date) -> Test:
    if field.type not in ("date", "datetime"):
        raise _wrong_type(field)
    first, after = (_bound(field, day) for day in days_of(word.name, word.count, today))
    tests: Mapping[str, Test] = {
        "=": lambda value: first <= value < after,
        "!=": lambda value: not first <= value < after,
        "<": lambda value: value < first,
        "<=": lambda value: value < after,
        ">": lambda value: value >= after,
        ">=": lambda value: value >= first,
    }
    test = tests[op]
    return lambda value: op == "!=" if value is None else test(value)


def _bound(field: Field, day: date) -> Any:
    return day if field.type == "date" else datetime.combine(day, time(), UTC)


def _id(field: Field, literal: Text) -> str | None:
    if not literal.value:
        return None
    known = full_id(literal.value)
    if known is None:
        raise ApiError("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {literal.value}")
    return known


def _wrong_type(field: Field) -> ApiError:
    if field.is_text or field.type in ("id", "reference"):
        need = "of type string and should be enclosed in quotes"
    else:
        kind = {"datetime": "dateTime", "currency": "double", "percent": "double"}.get(field.type, field.type)
        need = f"of type {kind} and should not be enclosed in quotes"
    return ApiError("INVALID_FIELD", f"value of filter criterion for field '{field.name}' must be {need}")
