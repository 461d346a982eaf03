"""A query from text to result: parse, bind names, filter, order, cut, show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.soql.comparing import comparable
from sandbox.salesforce.soql.functions import readable
from sandbox.salesforce.soql.grouping import Grouping, is_aggregate, is_plain_count
from sandbox.salesforce.soql.lexer import malformed, pointed
from sandbox.salesforce.soql.ordering import ordered
from sandbox.salesforce.soql.parser import parse
from sandbox.salesforce.soql.records import Children, columns_of, shape_of
from sandbox.salesforce.soql.scope import Scope, source_entity
from sandbox.salesforce.soql.tree import Order, Path, Query
from sandbox.salesforce.soql.view import View
from sandbox.salesforce.soql.where import row_test
from sandbox.salesforce.table import Row

_MAX_OFFSET = 2000
_MAX_LENGTH = 100_000


@dataclass(frozen=True)
class Result:
    """`total` matches; `items` are shown one by one with `record`, so that only a page's worth is ever built."""

    total: int
    items: Sequence[Any]
    record: Callable[[Any], dict[str, Any]]


def run(soql: str, view: View, base: str, *, tooling: bool = False) -> Result:
    """The result as REST shows it; `base` is `/services/data/vNN.N`. ApiError for whatever is wrong with the text."""
    query, scope, view = _prepared(soql, view, tooling)
    rows = _matching(query, scope, view)
    if is_plain_count(query):
        return Result(len(_cut(query, rows)), (), _as_it_is)
    if is_aggregate(query):
        groups = _cut(query, Grouping(query, scope, view).records(rows))
        return Result(len(groups), groups, _as_it_is)
    shape = shape_of(query, scope, view, lambda inner: _children(inner, scope, view, base))
    chosen = _cut(query, _ordered(query, rows, scope, view))
    return Result(len(chosen), chosen, lambda row: shape.record(view, row, base))


def run_flat(soql: str, view: View) -> tuple[list[str], list[list[Any]]]:
    """The result as columns and rows of stored values, for Bulk API 2.0."""
    query, scope, view = _prepared(soql, view, tooling=False)
    if is_aggregate(query) or query.offset is not None:
        raise ApiError("FUNCTIONALITY_NOT_ENABLED", "Bulk API 2.0 queries take neither aggregates nor OFFSET")
    columns = columns_of(query, scope, view)
    chosen = _cut(query, _ordered(query, _matching(query, scope, view), scope, view))
    return [name for name, _ in columns], [[read(row) for _, read in columns] for row in chosen]


def _prepared(soql: str, view: View, tooling: bool) -> tuple[Query, Scope, View]:
    if len(soql) > _MAX_LENGTH:
        raise malformed(soql, _MAX_LENGTH, f"SOQL statement is longer than {_MAX_LENGTH} characters")
    query = parse(soql)
    if query.offset is not None and query.offset > _MAX_OFFSET:
        raise ApiError("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {_MAX_OFFSET}")
    entity = source_entity(view.schema, query.source, tooling=tooling)
    scope = Scope(view.schema, entity, query.alias, soql)
    return query, scope, replace(view, with_deleted=True) if query.all_rows else view


def _matching(query: Query, scope: Scope, view: View) -> list[Row]:
    rows = view.rows(scope.entity.name)
    if query.where is None:
        return rows
    test = row_test(query.where, scope, view, lambda inner: _semi_join(inner, scope, view))
    return [row for row in rows if test(row)]


def _ordered(query: Query, rows: list[Row], scope: Scope, view: View) -> list[Row]:
    return ordered(rows, [(order, _sort_key(order, scope, view)) for order in query.order_by])


def _sort_key(order: Order, scope: Scope, view: View) -> Callable[[Row], Any]:
    field, read = readable(order.by, scope, view)
    return lambda row: comparable(field, read(row))


def _cut(query: Query, items: Sequence[Any]) -> Sequence[Any]:
    start = query.offset or 0
    return items[start : None if query.limit is None else start + query.limit]


def _semi_join(query: Query, outer: Scope, view: View) -> set[Any]:
    """The one column that the inner query of `IN (SELECT …)` selects."""
    entity = source_entity(outer.schema, query.source)
    scope = Scope(outer.schema, entity, query.alias, outer.soql)
    if len(query.select) != 1 or not isinstance(query.select[0].what, Path):
        raise malformed(outer.soql, query.source_position, "a semi join selects exactly one field")
    column = scope.column(query.select[0].what)
    return {column.value(view, row) for row in _cut(query, _matching(query, scope, view))} - {None}


def _children(query: Query, outer: Scope, view: View, base: str) -> Children:
    """A child subquery: `FROM` names a relationship of the outer object."""
    relation = outer.schema.child(outer.entity.name, query.source)
    if relation is None:
        reason = f"Didn't understand relationship '{query.source}' in FROM part of query call."
        raise ApiError("INVALID_TYPE", pointed(outer.soql, query.source_position, reason))
    scope = Scope(outer.schema, outer.schema.entity(relation.child), query.alias, outer.soql)
    shape = shape_of(query, scope, view, lambda inner: _children(inner, scope, view, base))
    test = (
        None
        if query.where is None
        else row_test(query.where, scope, view, lambda inner: _semi_join(inner, scope, view))
    )

    def records(parent_id: str) -> list[dict[str, Any]]:
        rows = view.children(relation.child, relation.field, parent_id)
        found = [row for row in rows if test is None or test(row)]
        return [shape.record(view, row, base) for row in _cut(query, _ordered(query, found, scope, view))]

    return relation.name, records


def _as_it_is(item: dict[str, Any]) -> dict[str, Any]:
    return item
