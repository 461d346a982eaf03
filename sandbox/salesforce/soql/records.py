"""The SELECT list of a plain query: how a row becomes a record with its parents and children."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.fields import Entity, Field
from sandbox.salesforce.soql.functions import readable
from sandbox.salesforce.soql.lexer import malformed
from sandbox.salesforce.soql.scope import Column, Scope, field_value
from sandbox.salesforce.soql.tree import AllFields, Call, Path, Query, Selected
from sandbox.salesforce.soql.view import View
from sandbox.salesforce.table import Row
from sandbox.salesforce.values import printed

#: Gives the records of a child subquery for a parent's id: its relationship's name first.
Children = tuple[str, Callable[[str], list[dict[str, Any]]]]
#: Runs a child subquery; handed in by run.py, because subqueries are queries.
ChildPlan = Callable[[Query], Children]

_MOST_FIELDS_ROWS = 200


@dataclass
class Shape:
    """One level of a record: its own values, its parents (by lookup), its children, in SELECT order."""

    entity: Entity
    values: dict[str, Callable[[Row], Any]] = field(default_factory=dict)
    parents: dict[str, tuple[Field, Shape]] = field(default_factory=dict)
    children: dict[str, Callable[[str], list[dict[str, Any]]]] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)

    def record(self, view: View, row: Row, base: str) -> dict[str, Any]:
        """The record as REST JSON shows it; `base` is `/services/data/vNN.N`."""
        name = self.entity.name
        shown: dict[str, Any] = {"attributes": {"type": name, "url": f"{base}/sobjects/{name}/{row['Id']}"}}
        for key in self.order:
            if key in self.values:
                shown[key] = printed(self.values[key](row))
            elif key in self.parents:
                lookup, shape = self.parents[key]
                parent = view.row(row.get(lookup.name))
                shown[key] = None if parent is None else shape.record(view, parent, base)
            else:
                shown[key] = _wrapped(self.children[key](row["Id"]))
        return shown

    def add(self, name: str, read: Callable[[Row], Any]) -> None:
        self.values[name] = read
        self._mention(name)

    def parent(self, lookup: Field, entity: Entity) -> Shape:
        """The shape of the parent behind this lookup, made at its first mention."""
        known = self.parents.setdefault(lookup.relationship, (lookup, Shape(entity)))
        self._mention(lookup.relationship)
        return known[1]

    def add_children(self, name: str, records: Callable[[str], list[dict[str, Any]]]) -> None:
        self.children[name] = records
        self._mention(name)

    def _mention(self, key: str) -> None:
        if key not in self.order:
            self.order.append(key)


def shape_of(query: Query, scope: Scope, view: View, child_plan: ChildPlan) -> Shape:
    """What this SELECT list asks for; ApiError for unknown names and for FIELDS() without its limit."""
    shape = Shape(scope.entity)
    for item in query.select:
        match item.what:
            case Query():
                shape.add_children(*child_plan(item.what))
            case AllFields():
                _add_all(query, item.what, scope, shape)
            case Path() | Call():
                _add_one(item, item.what, scope, view, shape)
    return shape


def columns_of(query: Query, scope: Scope, view: View) -> list[tuple[str, Callable[[Row], Any]]]:
    """The SELECT list as flat columns for CSV, in query order; child subqueries are refused."""
    columns: list[tuple[str, Callable[[Row], Any]]] = []
    for item in query.select:
        if isinstance(item.what, (Query, AllFields)):
            raise ApiError(
                "FUNCTIONALITY_NOT_ENABLED", "Bulk API 2.0 queries take neither subqueries nor FIELDS()"
            )
        _, read = readable(item.what, scope, view)
        name = ".".join(scope.column(item.what).names) if isinstance(item.what, Path) else item.alias
        columns.append((name, read))
    return columns


def _add_one(item: Selected, what: Path | Call, scope: Scope, view: View, shape: Shape) -> None:
    if isinstance(what, Path):
        if item.alias:
            raise malformed(scope.soql, what.position, "only aggregate expressions use field aliasing")
        _add_column(scope.column(what), scope, shape)
        return
    field_type, read = readable(what, scope, view)
    shape.add(item.alias or field_type.name, read)


def _add_column(column: Column, scope: Scope, shape: Shape) -> None:
    for lookup in column.hops:
        shape = shape.parent(lookup, scope.schema.entity(lookup.reference_to))
    shape.add(column.field.name, lambda row: field_value(column.entity, column.field, row))


def _add_all(query: Query, what: AllFields, scope: Scope, shape: Shape) -> None:
    if what.which != "STANDARD" and (query.limit is None or query.limit > _MOST_FIELDS_ROWS):
        raise ApiError("MALFORMED_QUERY", "The SOQL FIELDS function must have a LIMIT of at most 200")
    for each in scope.schema.visible_fields(scope.entity):
        if what.which == "ALL" or each.custom is (what.which == "CUSTOM"):
            _add_column(Column((), scope.entity, each), scope, shape)


def _wrapped(records: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Child records in the envelope of a query; none at all is null."""
    return {"totalSize": len(records), "done": True, "records": records} if records else None
