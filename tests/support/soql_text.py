"""A Query of the sandbox back into SOQL text, such that parsing it gives the same Query."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sandbox.salesforce.soql.tree import (
    AllFields,
    AllOf,
    Among,
    AmongQuery,
    AnyOf,
    Call,
    Compare,
    Condition,
    DateWord,
    Holds,
    Literal,
    Not,
    Order,
    Path,
    Query,
    Selected,
    Text,
)


def render(query: Query) -> str:
    clauses = [f"SELECT {', '.join(map(_selected, query.select))} FROM {query.source}", query.alias]  # noqa: S608  SOQL, read by our own parser
    if query.where is not None:
        clauses.append(f"WHERE {_condition(query.where)}")
    if query.group_by:
        clauses.append(f"GROUP BY {', '.join(map(_operand, query.group_by))}")
    if query.having is not None:
        clauses.append(f"HAVING {_condition(query.having)}")
    if query.order_by:
        clauses.append(f"ORDER BY {', '.join(map(_order, query.order_by))}")
    clauses.append("" if query.limit is None else f"LIMIT {query.limit}")
    clauses.append("" if query.offset is None else f"OFFSET {query.offset}")
    clauses.append("ALL ROWS" if query.all_rows else "")
    return " ".join(clause for clause in clauses if clause)


def _selected(item: Selected) -> str:
    match item.what:
        case Query():
            return f"({render(item.what)})"
        case AllFields():
            return f"FIELDS({item.what.which})"
        case _:
            return f"{_operand(item.what)} {item.alias}".rstrip()


def _operand(operand: Path | Call) -> str:
    if isinstance(operand, Path):
        return str(operand)
    return f"{operand.name}({operand.argument or ''})"


def _order(order: Order) -> str:
    direction = " DESC" if order.descending else ""
    return f"{_operand(order.by)}{direction}{' NULLS LAST' if order.nulls_last else ''}"


def _condition(condition: Condition) -> str:
    match condition:
        case Compare():
            return f"{_operand(condition.left)} {condition.op} {_literal(condition.value)}"
        case Among():
            return f"{_operand(condition.left)} {_in(condition.negated)} ({', '.join(map(_literal, condition.values))})"
        case AmongQuery():
            return f"{_operand(condition.left)} {_in(condition.negated)} ({render(condition.query)})"
        case Holds():
            word = "EXCLUDES" if condition.negated else "INCLUDES"
            return f"{condition.left} {word} ({', '.join(map(_literal, condition.values))})"
        case Not():
            return f"NOT ({_condition(condition.part)})"
        case AllOf():
            return " AND ".join(f"({_condition(part)})" for part in condition.parts)
        case AnyOf():
            return " OR ".join(f"({_condition(part)})" for part in condition.parts)


def _in(negated: bool) -> str:
    return "NOT IN" if negated else "IN"


def _literal(value: Literal) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case Text():
            return f"'{value.raw}'"
        case Decimal():
            return f"{value:f}"
        case DateWord():
            return value.name if value.count is None else f"{value.name}:{value.count}"
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
