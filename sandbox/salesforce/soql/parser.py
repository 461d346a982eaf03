"""SOQL text into a Query: SELECT, FROM, and the clauses after them; conditions are conditions.py."""

from __future__ import annotations

from sandbox.salesforce.soql.conditions import condition
from sandbox.salesforce.soql.lexer import malformed
from sandbox.salesforce.soql.reader import CLAUSES, Reader
from sandbox.salesforce.soql.tree import AllFields, Call, Condition, Order, Path, Query, Selected


def parse(soql: str) -> Query:
    """The query that this text says; ApiError MALFORMED_QUERY (or QUERY_TOO_COMPLICATED) and nothing else."""
    reader = Reader(soql)
    query = _query(reader)
    if reader.next.kind != "end":
        raise reader.unexpected()
    return query


def _query(reader: Reader) -> Query:
    reader.deeper()
    reader.need_word("SELECT")
    select = [_selected(reader)]
    while reader.skip_symbol(","):
        select.append(_selected(reader))
    reader.need_word("FROM")
    source = reader.path()
    alias = _from_alias(reader)
    where = _where(reader)
    _skip_with(reader)
    group_by, having = _grouping(reader)
    order_by = _order_by(reader)
    limit = reader.whole_number() if reader.skip_word("LIMIT") else None
    offset = reader.whole_number() if reader.skip_word("OFFSET") else None
    all_rows = _ending(reader)
    reader.shallower()
    return Query(
        select=tuple(select),
        source=str(source),
        alias=alias,
        where=where,
        group_by=group_by,
        having=having,
        order_by=order_by,
        limit=limit,
        offset=offset,
        all_rows=all_rows,
        source_position=source.position,
    )


def _selected(reader: Reader) -> Selected:
    if reader.skip_symbol("("):
        inner = _query(reader)
        reader.need_symbol(")")
        return Selected(inner)
    if reader.at_word("FIELDS") and reader.after_next().text == "(":
        return Selected(_all_fields(reader))
    what = reader.operand()
    alias = ""
    if reader.next.kind == "name" and not reader.at_word("FROM"):
        alias = reader.take().text
    return Selected(what, alias)


def _all_fields(reader: Reader) -> AllFields:
    reader.take()
    reader.need_symbol("(")
    which = reader.need("name")
    if which.text.upper() not in ("ALL", "STANDARD", "CUSTOM"):
        raise malformed(reader.soql, which.position, f"unexpected token: '{which.text}'")
    reader.need_symbol(")")
    return AllFields(which.text.upper())


def _from_alias(reader: Reader) -> str:
    if reader.skip_word("AS"):
        return reader.need("name").text
    if reader.next.kind == "name" and not reader.at_word(*CLAUSES):
        return reader.take().text
    return ""


def _where(reader: Reader) -> Condition | None:
    if reader.skip_word("USING"):
        reader.need_word("SCOPE")
        reader.need("name")
    return condition(reader, _query) if reader.skip_word("WHERE") else None


def _skip_with(reader: Reader) -> None:
    """`WITH SECURITY_ENFORCED` and `WITH USER_MODE` change nothing: the API enforces field security anyway."""
    if reader.skip_word("WITH"):
        reader.need("name")


def _grouping(reader: Reader) -> tuple[tuple[Path | Call, ...], Condition | None]:
    if not reader.skip_word("GROUP"):
        return (), None
    reader.need_word("BY")
    group_by = [reader.operand()]
    while reader.skip_symbol(","):
        group_by.append(reader.operand())
    having = condition(reader, _query) if reader.skip_word("HAVING") else None
    return tuple(group_by), having


def _order_by(reader: Reader) -> tuple[Order, ...]:
    if not reader.skip_word("ORDER"):
        return ()
    reader.need_word("BY")
    orders = [_order(reader)]
    while reader.skip_symbol(","):
        orders.append(_order(reader))
    return tuple(orders)


def _order(reader: Reader) -> Order:
    by = reader.operand()
    descending = reader.skip_word("DESC")
    if not descending:
        reader.skip_word("ASC")
    nulls_last = False
    if reader.skip_word("NULLS"):
        nulls_last = reader.at_word("LAST")
        if not reader.at_word("FIRST", "LAST"):
            raise reader.unexpected()
        reader.take()
    return Order(by, descending, nulls_last)


def _ending(reader: Reader) -> bool:
    """`ALL ROWS` counts; `FOR VIEW`, `FOR REFERENCE` and `UPDATE TRACKING` change nothing here."""
    all_rows = False
    while reader.at_word("ALL", "FOR", "UPDATE"):
        word = reader.take().text.upper()
        if word == "ALL":
            reader.need_word("ROWS")
            all_rows = True
        else:
            reader.need("name")
    return all_rows
