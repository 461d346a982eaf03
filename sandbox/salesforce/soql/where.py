"""A WHERE condition as one test of a row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, assert_never

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.soql import comparing, functions
from sandbox.salesforce.soql.comparing import Test
from sandbox.salesforce.soql.scope import Scope
from sandbox.salesforce.soql.tree import (
    AllOf,
    Among,
    AmongQuery,
    AnyOf,
    Compare,
    Condition,
    DateWord,
    Holds,
    Literal,
    Not,
    Path,
    Query,
)
from sandbox.salesforce.soql.view import View
from sandbox.salesforce.table import Row

RowTest = Callable[[Row], bool]

#: Gives the values that a semi-join's inner query selects; handed in, because queries contain conditions.
InnerValues = Callable[[Query], set[Any]]


def row_test(condition: Condition, scope: Scope, view: View, inner: InnerValues) -> RowTest:
    """Whether a row fits. ApiError when a name or a literal does not."""

    def of(part: Condition) -> RowTest:
        return row_test(part, scope, view, inner)

    match condition:
        case AllOf():
            tests = [of(part) for part in condition.parts]
            return lambda row: all(test(row) for test in tests)
        case AnyOf():
            tests = [of(part) for part in condition.parts]
            return lambda row: any(test(row) for test in tests)
        case Not():
            denied = of(condition.part)
            return lambda row: not denied(row)
        case Compare():
            return _compare(condition, scope, view)
        case Among():
            return _among(condition, scope, view)
        case AmongQuery():
            return _among_query(condition, scope, view, inner)
        case Holds():
            return _holds(condition, scope, view)
        case _:
            assert_never(condition)


def _compare(condition: Compare, scope: Scope, view: View) -> RowTest:
    field, value_of = functions.readable(condition.left, scope, view)
    test = comparing.test_for(field, condition.op, condition.value, view.today)
    return lambda row: test(value_of(row))


def _among(condition: Among, scope: Scope, view: View) -> RowTest:
    field, value_of = functions.readable(condition.left, scope, view)
    comparing.check_filterable(field)
    wanted = {comparing.typed(field, value) for value in condition.values if _plain(value)}
    by_day: list[Test] = [
        comparing.test_for(field, "=", value, view.today) for value in condition.values if not _plain(value)
    ]

    def among(row: Row) -> bool:
        value = value_of(row)
        found = comparing.comparable(field, value) in wanted or any(test(value) for test in by_day)
        return found is not condition.negated

    return among


def _among_query(condition: AmongQuery, scope: Scope, view: View, inner: InnerValues) -> RowTest:
    if not isinstance(condition.left, Path):
        raise ApiError("MALFORMED_QUERY", "a semi join needs a field on its left side")
    field, value_of = functions.readable(condition.left, scope, view)
    if field.type not in ("id", "reference"):
        message = f"The left operand '{field.name}' of a semi join must be an id or a reference field"
        raise ApiError("MALFORMED_QUERY", message)
    wanted = inner(condition.query)
    return lambda row: (value_of(row) in wanted) is not condition.negated


def _holds(condition: Holds, scope: Scope, view: View) -> RowTest:
    column = scope.column(condition.left)
    if column.field.type != "multipicklist":
        raise ApiError(
            "INVALID_QUERY_FILTER_OPERATOR",
            f"INCLUDES and EXCLUDES need a multipicklist, not {column.field.name}",
        )
    groups = [frozenset(text.value.casefold().split(";")) for text in condition.values]

    def holds(row: Row) -> bool:
        chosen = frozenset((column.value(view, row) or "").casefold().split(";"))
        return any(group <= chosen for group in groups) is not condition.negated

    return holds


def _plain(value: Literal) -> bool:
    return not isinstance(value, DateWord)
