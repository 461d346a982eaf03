"""Many rows in one statement, and lists in its conditions. On PostgreSQL each column comes as one array: a statement with thousands of parameters is
taken apart and put together again in Python at every use, and that costs more than all the database does with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    Connection,
    Dialect,
    Insert,
    Row,
    String,
    Table,
    TypeDecorator,
    Update,
    any_,
    bindparam,
    column,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.types import TypeEngine

from ledger.database import insert_or_ignore

Rows = Sequence[Mapping[str, Any]]
Names = tuple[str, ...]


def among(
    dialect: str, one: ColumnElement[Any] | InstrumentedAttribute[Any], name: str
) -> ColumnElement[bool]:
    """Is `one` among the numbers or texts in the list that the parameter `name` is? However many they are, the statement's
    text stays the same, and so the statement can be made once."""
    if dialect != "postgresql":
        return one.in_(bindparam(name, expanding=True))
    return one == any_(bindparam(name, type_=_array_of(one.type)))


def none_of(dialect: str, one: InstrumentedAttribute[Any], name: str) -> ColumnElement[bool]:
    """Is `one` none of those in the list that the parameter `name` is? Hashed: PostgreSQL compares an array member by member."""
    if dialect != "postgresql":
        return one.not_in(bindparam(name, expanding=True))
    return one.not_in(select(func.unnest(bindparam(name, type_=_array_of(one.type)))))


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
    return connection.execute(new, _parameters(rows, shared, own)).all()


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
    connection.execute(make(entity, shared, own), _parameters(rows, shared, own))


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
    """For each column what it gets: a parameter, or a row's place in the array that has it for all rows."""
    arrays = [bindparam(f"each_{name}", type_=_array_of(table.c[name].type)) for name in own]
    columns = [column(name, table.c[name].type) for name in own]
    rows = func.unnest(*arrays).table_valued(*columns).render_derived()
    values: dict[str, ColumnElement[Any]] = {
        name: bindparam(f"all_{name}", type_=table.c[name].type) for name in shared
    }
    return values | {name: rows.c[name] for name in own}


def _parameters(rows: Rows, shared: Names, own: Names) -> dict[str, Any]:
    return {f"all_{name}": rows[0][name] for name in shared} | {
        f"each_{name}": [row[name] for row in rows] for name in own
    }


class _ArrayText(TypeDecorator[Sequence[Any]]):
    """An array that is sent as PostgreSQL writes one: the driver would do it member by member, each with a dumper of its own."""

    impl = ARRAY
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str]:
        prepared = _preparing(self.impl_instance.item_type, dialect)  # type: ignore[attr-defined]  # ARRAY has it

        def array(members: Sequence[Any]) -> str:
            return "{" + ",".join([_written(prepared(member)) for member in members]) + "}"

        return array


def _array_of(kind: TypeEngine[Any]) -> _ArrayText:
    # Of a length: to make texts members of an array of shorter ones cuts them, and no column gets to refuse them.
    return _ArrayText(String() if type(kind) is String else kind)


def _preparing(kind: Any, dialect: Dialect) -> Callable[[Any], object]:
    """What a column of this kind does to a value before the driver gets it."""
    if isinstance(kind, JSON):
        return json.dumps
    return partial(kind.process_bind_param, dialect=dialect) if isinstance(kind, TypeDecorator) else _as_it_is


def _as_it_is(value: object) -> object:
    return value


def _written(value: object) -> str:
    """As a member of an array."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if value is None:
        return "NULL"
    return value.isoformat() if isinstance(value, datetime) else str(value)
