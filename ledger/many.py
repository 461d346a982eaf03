"""Many rows in one statement, and lists in its conditions. On PostgreSQL they come as one JSON text: a statement with thousands of parameters is
taken apart and put together again in Python at every use, and that costs more than all the database does with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    Dialect,
    Insert,
    Row,
    String,
    Table,
    Text,
    TypeDecorator,
    Update,
    any_,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute
from sqlalchemy.sql.dml import ReturningInsert

from ledger.database import insert_or_ignore

Rows = Sequence[Mapping[str, Any]]
Names = tuple[str, ...]


def among(dialect: str, one: InstrumentedAttribute[Any], name: str) -> ColumnElement[bool]:
    """Is `one` among the numbers or texts in the list that the parameter `name` is? However many they are, the statement's
    text stays the same, and so the statement can be made once."""
    if dialect != "postgresql":
        return one.in_(bindparam(name, expanding=True))
    kind = BigInteger if isinstance(one.type, BigInteger) else String
    return one == any_(bindparam(name, type_=_ArrayText(kind)))


class _ArrayText(TypeDecorator[Sequence[int | str]]):
    """An array that is sent as PostgreSQL writes one: the driver would do it member by member, each with a dumper of its own."""

    impl = ARRAY
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str]:
        return _array_text


def _array_text(members: Iterable[int | str]) -> str:
    return "{" + ",".join([_quoted(one) if isinstance(one, str) else str(one) for one in members]) + "}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def insert_new(
    connection: Connection, entity: type[DeclarativeBase], rows: Rows, *returning: InstrumentedAttribute[Any]
) -> Sequence[Row[Any]]:
    """Insert `rows`, all with the same columns, in their order, but for those that a unique key already has.

    Returns what `returning` names of the inserted ones.
    """
    if not _is_postgresql(connection):
        statement = insert_or_ignore(connection.dialect.name, entity).returning(*returning)
        return connection.execute(statement, list(rows)).all()
    shared, own = _shared_and_own(rows)
    new = _insert_new_from_rows(entity, shared, own, returning)
    return connection.execute(new, _parameters(connection, entity, rows, shared, own)).all()


def insert_all(connection: Connection, entity: type[DeclarativeBase], rows: Rows) -> None:
    """Insert `rows`, all with the same columns, in their order."""
    if _is_postgresql(connection):
        _execute(connection, _insert_from_rows, entity, rows)
    else:
        connection.execute(insert(entity), list(rows))


def update_each(connection: Connection, entity: type[DeclarativeBase], rows: Rows) -> None:
    """Give each row that has the `id` of one of `rows` its other values; all `rows` have the same columns."""
    if _is_postgresql(connection):
        _execute(connection, _update_from_rows, entity, rows)
    else:
        names = tuple(name for name in rows[0] if name != "id")
        connection.execute(_update_by_id(entity, names), [{**row, "row_id": row["id"]} for row in rows])


def _is_postgresql(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _execute(
    connection: Connection,
    make: Callable[[type[DeclarativeBase], Names, Names], Insert | Update],
    entity: type[DeclarativeBase],
    rows: Rows,
) -> None:
    shared, own = _shared_and_own(rows)
    connection.execute(make(entity, shared, own), _parameters(connection, entity, rows, shared, own))


def _shared_and_own(rows: Rows) -> tuple[Names, Names]:
    """The columns in which all rows are alike, which are said once, and the others; the first is always one of these."""
    key, *others = rows[0].items()
    alike = frozenset(name for name, value in others if all(row[name] == value for row in rows))
    return tuple(sorted(alike)), (key[0], *(name for name, _ in others if name not in alike))


@cache
def _insert_from_rows(entity: type[DeclarativeBase], shared: Names, own: Names) -> postgresql.Insert:
    table = _table(entity)
    values = _values(table, shared, own)
    return postgresql.insert(table).from_select(
        list(values), select(*values.values()), include_defaults=False
    )


@cache
def _insert_new_from_rows(
    entity: type[DeclarativeBase],
    shared: Names,
    own: Names,
    returning: tuple[InstrumentedAttribute[Any], ...],
) -> ReturningInsert[Any]:
    return _insert_from_rows(entity, shared, own).on_conflict_do_nothing().returning(*returning)


@cache
def _update_from_rows(entity: type[DeclarativeBase], shared: Names, own: Names) -> Update:
    table = _table(entity)
    values = _values(table, shared, own)
    key = values.pop("id")
    return update(table).values(values).where(table.c.id == key)


@cache
def _update_by_id(entity: type[DeclarativeBase], names: Names) -> Update:
    table = _table(entity)
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    return update(table).values(values).where(table.c.id == bindparam("row_id"))


def _table(entity: type[DeclarativeBase]) -> Table:
    table = entity.__table__
    assert isinstance(table, Table), "every entity of the ledger is one table"  # noqa: S101
    return table


def _values(table: Table, shared: Names, own: Names) -> dict[str, ColumnElement[Any]]:
    """For each column what it gets: a parameter, or a column of the rows that are in one parameter."""
    told = cast(bindparam("rows", type_=Text()), JSON)
    columns = [column(name, Text() if _is_json(table, name) else table.c[name].type) for name in own]
    rows = func.json_to_recordset(told).table_valued(*columns).render_derived(with_types=True)
    values: dict[str, ColumnElement[Any]] = {
        name: bindparam(f"all_{name}", type_=table.c[name].type) for name in shared
    }
    for name in own:
        values[name] = cast(rows.c[name], JSON) if _is_json(table, name) else rows.c[name]
    return values


def _is_json(table: Table, name: str) -> bool:
    """JSON in a row travels as text: nothing in it is looked at on the way."""
    return isinstance(table.c[name].type, JSON)


def _parameters(
    connection: Connection, entity: type[DeclarativeBase], rows: Rows, shared: Names, own: Names
) -> dict[str, Any]:
    table = _table(entity)
    columns = [[_plain(table.c[name].type, row[name], connection) for row in rows] for name in own]
    told = [dict(zip(own, values, strict=True)) for values in zip(*columns, strict=True)]
    return {f"all_{name}": rows[0][name] for name in shared} | {"rows": json.dumps(told)}


def _plain(kind: Any, value: Any, connection: Connection) -> Any:
    """The value as JSON has it, prepared as its column prepares it."""
    if isinstance(kind, JSON):
        return json.dumps(value)
    if isinstance(kind, TypeDecorator):
        value = kind.process_bind_param(value, connection.dialect)
    return value.isoformat() if isinstance(value, datetime) else value
