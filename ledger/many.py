"""Many rows in one statement. On PostgreSQL they come as one JSON text: a statement with thousands of parameters is
taken apart and put together again in Python at every use, and that costs more than all the database does with it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
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
    literal,
    select,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute

from ledger.database import insert_or_ignore

Rows = Sequence[Mapping[str, Any]]


def among(
    connection: Connection, one: InstrumentedAttribute[Any], values: Collection[Any]
) -> ColumnElement[bool]:
    """Is `one` of these numbers or texts? However many they are, the statement's text stays the same."""
    if not _is_postgresql(connection):
        return one.in_(list(values))
    kind = BigInteger() if isinstance(one.type, BigInteger) else String()
    return one == any_(literal(list(values), ARRAY(kind)))


def insert_new(
    connection: Connection, entity: type[DeclarativeBase], rows: Rows, *returning: InstrumentedAttribute[Any]
) -> Sequence[Row[Any]]:
    """Insert `rows`, all with the same columns, in their order, but for those that a unique key already has.

    Returns what `returning` names of the inserted ones.
    """
    if _is_postgresql(connection):
        statement = _insert_from_rows(entity, tuple(rows[0]))
        return connection.execute(statement.returning(*returning), _as_one(connection, entity, rows)).all()
    return connection.execute(insert_or_ignore(connection, entity).returning(*returning), list(rows)).all()


def insert_all(connection: Connection, entity: type[DeclarativeBase], rows: Rows) -> None:
    """Insert `rows`, all with the same columns, in their order."""
    if _is_postgresql(connection):
        connection.execute(_insert_from_rows(entity, tuple(rows[0])), _as_one(connection, entity, rows))
    else:
        connection.execute(insert(entity), list(rows))


def update_each(connection: Connection, entity: type[DeclarativeBase], rows: Rows) -> None:
    """Give each row that has the `id` of one of `rows` its other values; all `rows` have the same columns."""
    names = tuple(name for name in rows[0] if name != "id")
    if _is_postgresql(connection):
        connection.execute(_update_from_rows(entity, names), _as_one(connection, entity, rows))
    else:
        parameters = [{**row, "row_id": row["id"]} for row in rows]
        connection.execute(_update_by_id(entity, names), parameters)


def _is_postgresql(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


@cache
def _insert_from_rows(entity: type[DeclarativeBase], names: tuple[str, ...]) -> postgresql.Insert:
    table = _table(entity)
    rows = _rows(table, names)
    chosen = select(*(_value(table, rows, name) for name in names))
    statement = postgresql.insert(table).from_select(list(names), chosen, include_defaults=False)
    return statement.on_conflict_do_nothing()


@cache
def _update_from_rows(entity: type[DeclarativeBase], names: tuple[str, ...]) -> Update:
    table = _table(entity)
    rows = _rows(table, ("id", *names))
    values = {name: _value(table, rows, name) for name in names}
    return update(table).values(values).where(table.c.id == rows.c.id)


@cache
def _update_by_id(entity: type[DeclarativeBase], names: tuple[str, ...]) -> Update:
    table = _table(entity)
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    return update(table).values(values).where(table.c.id == bindparam("row_id"))


def _table(entity: type[DeclarativeBase]) -> Table:
    table = entity.__table__
    assert isinstance(table, Table), "every entity of the ledger is one table"  # noqa: S101
    return table


def _rows(table: Table, names: Sequence[str]) -> FromClause:
    """The one parameter as a table of its own."""
    told = cast(bindparam("rows", type_=Text()), JSON)
    columns = [column(name, _kind(table, name)) for name in names]
    return func.json_to_recordset(told).table_valued(*columns).render_derived(with_types=True)


def _kind(table: Table, name: str) -> Any:
    """A column that is JSON itself travels as text: nothing of it is looked at on the way."""
    kind = table.c[name].type
    return Text() if isinstance(kind, JSON) else kind


def _value(table: Table, rows: FromClause, name: str) -> ColumnElement[Any]:
    return cast(rows.c[name], JSON) if isinstance(table.c[name].type, JSON) else rows.c[name]


def _as_one(connection: Connection, entity: type[DeclarativeBase], rows: Rows) -> dict[str, str]:
    kinds = {name: _table(entity).c[name].type for name in rows[0]}
    ways = {name: kind for name, kind in kinds.items() if isinstance(kind, TypeDecorator | JSON)}
    told = [
        {**row, **{name: _bound(kind, row[name], connection) for name, kind in ways.items()}} for row in rows
    ]
    return {"rows": json.dumps(told)}


def _bound(kind: Any, value: Any, connection: Connection) -> Any:
    if isinstance(kind, JSON):
        return json.dumps(value)
    bound = kind.process_bind_param(value, connection.dialect)
    return bound.isoformat() if isinstance(bound, datetime) else bound
