"""SOQL that brings records as a plan wants them, by id or page by page (reference salesforce.md section 3.6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from canonical.money import plain
from mappings.conditions import Clause, Condition
from mappings.document import Scalar
from mappings.plan import Children, FieldPlan

_OPERATORS = {"equals": "=", "not_equals": "!=", "greater_than": ">", "less_than": "<"}


def soql(plan: FieldPlan, ids: Iterable[str], missing: frozenset[str] = frozenset(), *more: str) -> str:
    """The query for the records `ids`, without the fields `missing` (paths as in `plan.optional`) and with `more`.

    Raises ValueError when there are no ids: such a query would bring the whole table.
    """
    wanted = ", ".join(quoted(one) for one in ids)
    if not wanted:
        raise ValueError("a query needs at least one id")
    return f"{_select(plan, missing, *more)} WHERE Id IN ({wanted})"


def page_soql(
    plan: FieldPlan,
    place: tuple[datetime, str],
    until: datetime,
    limit: int,
    missing: frozenset[str] = frozenset(),
) -> str:
    """The query for the next `limit` records behind `place`, in order of change, up to and with `until`.

    A place is the SystemModstamp and the id of the last record read; with a blank id the records of that very
    moment are still to be read. Many records may share one moment, so a page may end inside it.
    """
    at, after_id = place
    behind = (
        f"(SystemModstamp > {_moment(at)} OR (SystemModstamp = {_moment(at)} AND Id > {quoted(after_id)}))"
        if after_id
        else f"SystemModstamp >= {_moment(at)}"
    )
    select = _select(plan, missing, "SystemModstamp", "CreatedDate")
    return (
        f"{select} WHERE {behind} AND SystemModstamp <= {_moment(until)} "
        f"ORDER BY SystemModstamp, Id LIMIT {limit}"
    )


def ids_soql(
    entity: str, condition: Condition | None, since: datetime | None = None, after_id: str = ""
) -> str:
    """The query for the ids behind `after_id`, in their order, of the records that changed since and may meet the condition."""
    return f"SELECT Id FROM {entity}{_behind(condition, since, after_id)} ORDER BY Id"  # noqa: S608  # see _select


def count_soql(
    entity: str, condition: Condition | None, since: datetime | None = None, after_id: str = ""
) -> str:
    """The query that counts them, as `total`."""
    where = _behind(condition, since, after_id)
    return f"SELECT COUNT(Id) total FROM {entity}{where}"  # noqa: S608  # see _select


def _behind(condition: Condition | None, since: datetime | None, after_id: str) -> str:
    """Salesforce compares more loosely than the condition does, without regard to case: nothing that meets it is left out."""
    told = [
        f"({_where(condition)})" if condition else "",
        f"SystemModstamp >= {_moment(since)}" if since else "",
        f"Id > {quoted(after_id)}" if after_id else "",
    ]
    parts = [part for part in told if part]
    return f" WHERE {' AND '.join(parts)}" if parts else ""


def _select(plan: FieldPlan, missing: frozenset[str], *more: str) -> str:
    columns = [path for path in plan.fields if path not in missing]
    columns += [name for name in more if name not in columns]
    columns += [_subquery(name, child, missing) for name, child in plan.children.items()]
    # Names were checked when the file was loaded.
    return f"SELECT {', '.join(columns)} FROM {plan.entity}"  # noqa: S608  # see above


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def quoted(said: str) -> str:
    """A string literal: quotes and backslashes are escaped, so that no value can end it."""
    for plainly, escaped in (("\\", "\\\\"), ("'", "\\'"), ("\n", "\\n"), ("\r", "\\r")):
        said = said.replace(plainly, escaped)
    return f"'{said}'"


def _subquery(relationship: str, children: Children, missing: frozenset[str]) -> str:
    columns = [path for path in children.fields if f"{relationship}.{path}" not in missing] or ["Id"]
    parts = [f"SELECT {', '.join(columns)} FROM {relationship}"]  # noqa: S608  # names were checked at load
    if children.where is not None:
        parts.append(f"WHERE {_where(children.where)}")
    if children.order:
        parts.append(f"ORDER BY {', '.join(children.order)}")
    if children.limit is not None:
        parts.append(f"LIMIT {children.limit}")
    return f"({' '.join(parts)})"


def _where(condition: Condition) -> str:
    return (" OR " if condition.any_will_do else " AND ").join(_clause(one) for one in condition.clauses)


def _clause(clause: Clause) -> str:
    operand = clause.operand
    if clause.comparison == "blank":
        return f"{clause.field} {'=' if operand else '!='} null"
    if isinstance(operand, tuple):
        return f"{clause.field} IN ({', '.join(_literal(one) for one in operand)})"
    return f"{clause.field} {_OPERATORS[clause.comparison]} {_literal(operand)}"


def _literal(value: Scalar) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return quoted(value) if isinstance(value, str) else plain(Decimal(value))
