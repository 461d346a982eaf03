"""Aggregate queries: GROUP BY, HAVING, and the functions of groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.salesforce.fields import Field
from sandbox.salesforce.soql.comparing import comparable, test_for
from sandbox.salesforce.soql.functions import readable
from sandbox.salesforce.soql.lexer import malformed
from sandbox.salesforce.soql.ordering import ordered
from sandbox.salesforce.soql.scope import Scope
from sandbox.salesforce.soql.tree import (
    AllOf,
    Among,
    AnyOf,
    Call,
    Compare,
    Condition,
    Not,
    Order,
    Path,
    Query,
    Selected,
)
from sandbox.salesforce.soql.view import View
from sandbox.salesforce.table import Row
from sandbox.salesforce.values import printed

Group = Sequence[Row]


#: What a function makes of the values that are not null; `key` gives a value's comparable form.
AGGREGATES: Mapping[str, Callable[[Sequence[Any], Callable[[Any], Any]], Any]] = {
    "COUNT": lambda values, key: len(values),
    "COUNT_DISTINCT": lambda values, key: len({key(value) for value in values}),
    "SUM": lambda values, key: sum(values, Decimal(0)) if values else None,
    "AVG": lambda values, key: sum(values, Decimal(0)) / len(values) if values else None,
    "MIN": lambda values, key: min(values, key=key, default=None),
    "MAX": lambda values, key: max(values, key=key, default=None),
}

_COUNT_FIELD = Field(name="COUNT", label="COUNT", type="int", precision=9)


def is_aggregate(query: Query) -> bool:
    return bool(query.group_by) or any(_aggregates(item.what) for item in query.select)


def is_plain_count(query: Query) -> bool:
    """`SELECT COUNT() FROM …`, whose answer is totalSize alone."""
    return [item.what for item in query.select] == [Call("COUNT", None)] and not query.group_by


@dataclass(frozen=True)
class _Output:
    name: str
    read: Callable[[Group], Any]


class Grouping:
    """One aggregate query over `scope`; ApiError for what cannot be grouped."""

    def __init__(self, query: Query, scope: Scope, view: View) -> None:
        self._query = query
        self._scope = scope
        self._view = view
        self._keys = [readable(each, scope, view) for each in query.group_by]
        self._outputs = self._name_outputs(query.select)

    def names(self) -> list[str]:
        return [output.name for output in self._outputs]

    def records(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        groups = self._groups(rows)
        if self._query.having is not None:
            passes = self._group_test(self._query.having)
            groups = [group for group in groups if passes(group)]
        groups = ordered(groups, [(order, self._sort_key(order)) for order in self._query.order_by])
        return [self._record(group) for group in groups]

    def _sort_key(self, order: Order) -> Callable[[Group], Any]:
        field, read = self._reader(order.by)
        return lambda group: comparable(field, read(group))

    def _record(self, group: Group) -> dict[str, Any]:
        shown: dict[str, Any] = {"attributes": {"type": "AggregateResult"}}
        return shown | {output.name: printed(output.read(group)) for output in self._outputs}

    def _groups(self, rows: Sequence[Row]) -> list[Group]:
        if not self._keys:
            return [rows]
        groups: dict[tuple[Any, ...], list[Row]] = {}
        for row in rows:
            groups.setdefault(tuple(comparable(field, read(row)) for field, read in self._keys), []).append(
                row
            )
        return list(groups.values())

    def _name_outputs(self, select: Sequence[Selected]) -> list[_Output]:
        outputs = []
        unnamed = 0
        for item in select:
            if not isinstance(item.what, (Path, Call)):
                raise malformed(
                    self._scope.soql, 0, "an aggregate query selects grouped fields and aggregates only"
                )
            name = item.alias
            if not name and isinstance(item.what, Path):
                name = self._scope.column(item.what).field.name
            if not name:
                name, unnamed = f"expr{unnamed}", unnamed + 1
            outputs.append(_Output(name, self._reader(item.what)[1]))
        return outputs

    def _reader(self, operand: Path | Call) -> tuple[Field, Callable[[Group], Any]]:
        """What an operand means for a group: an aggregate of it, or the value that all its rows share."""
        if isinstance(operand, Call) and operand.name in AGGREGATES:
            return self._aggregate(operand)
        if operand not in self._query.group_by and not self._same_column(operand):
            raise malformed(
                self._scope.soql, operand.position, f"Field must be grouped or aggregated: {operand}"
            )
        field, read = readable(operand, self._scope, self._view)
        return field, lambda group: read(group[0]) if group else None

    def _same_column(self, operand: Path | Call) -> bool:
        """Names are the same in any case and with or without the alias of FROM."""
        if not isinstance(operand, Path):
            return False
        grouped = [self._scope.column(each).names for each in self._query.group_by if isinstance(each, Path)]
        return self._scope.column(operand).names in grouped

    def _aggregate(self, call: Call) -> tuple[Field, Callable[[Group], Any]]:
        function = AGGREGATES[call.name]
        if call.argument is None:
            if call.name != "COUNT":
                raise malformed(self._scope.soql, call.position, f"{call.name} needs a field")
            return _COUNT_FIELD, len
        field, read = readable(call.argument, self._scope, self._view)
        if call.name in ("SUM", "AVG") and not field.is_number:
            message = f"field {field.name} does not support aggregate operator {call.name}"
            raise malformed(self._scope.soql, call.position, message)

        def aggregate(group: Group) -> Any:
            values = [value for row in group if (value := read(row)) is not None]
            return function(values, lambda value: comparable(field, value))

        return (_COUNT_FIELD if call.name.startswith("COUNT") else field), aggregate

    def _group_test(self, condition: Condition) -> Callable[[Group], bool]:
        match condition:
            case AllOf():
                tests = [self._group_test(part) for part in condition.parts]
                return lambda group: all(test(group) for test in tests)
            case AnyOf():
                tests = [self._group_test(part) for part in condition.parts]
                return lambda group: any(test(group) for test in tests)
            case Not():
                denied = self._group_test(condition.part)
                return lambda group: not denied(group)
            case Compare():
                field, read = self._reader(condition.left)
                test = test_for(field, condition.op, condition.value, self._view.today)
                return lambda group: test(read(group))
            case Among():
                either = AnyOf(tuple(Compare(condition.left, "=", value) for value in condition.values))
                return self._group_test(Not(either) if condition.negated else either)
            case _:
                raise malformed(
                    self._scope.soql, 0, "HAVING takes comparisons of aggregates and grouped fields only"
                )


def _aggregates(what: object) -> bool:
    return isinstance(what, Call) and what.name in AGGREGATES
