"""The WHERE and HAVING part of the SOQL grammar: conditions and the literals in them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.soql.dates import COUNTED, WORDS
from sandbox.salesforce.soql.lexer import Token, malformed
from sandbox.salesforce.soql.reader import Reader
from sandbox.salesforce.soql.tree import (
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
    Path,
    Query,
    Text,
)
from sandbox.salesforce.values import read_datetime

_OPERATORS = frozenset({"=", "!=", "<>", "<", "<=", ">", ">="})

#: Reads an inner query; handed in, because queries and conditions contain each other.
QueryReader = Callable[[Reader], Query]


def condition(reader: Reader, inner: QueryReader) -> Condition:
    """A chain of ANDs or of ORs. SOQL refuses to mix them without parentheses."""
    reader.deeper()
    parts = [_unit(reader, inner)]
    word = reader.next.text.upper() if reader.at_word("AND", "OR") else ""
    while word and reader.skip_word(word):
        parts.append(_unit(reader, inner))
    if reader.at_word("AND", "OR"):
        raise reader.unexpected()
    reader.shallower()
    if len(parts) == 1:
        return parts[0]
    return AllOf(tuple(parts)) if word == "AND" else AnyOf(tuple(parts))


def _unit(reader: Reader, inner: QueryReader) -> Condition:
    if reader.skip_word("NOT"):
        reader.deeper()
        negated = Not(_unit(reader, inner))
        reader.shallower()
        return negated
    if reader.skip_symbol("("):
        grouped = condition(reader, inner)
        reader.need_symbol(")")
        return grouped
    return _comparison(reader, inner)


def _comparison(reader: Reader, inner: QueryReader) -> Condition:
    left = reader.operand()
    if reader.skip_word("LIKE"):
        return Compare(left, "LIKE", Text(reader.need("text").text))
    if reader.at_word("INCLUDES", "EXCLUDES") and isinstance(left, Path):
        negated = reader.take().text.upper() == "EXCLUDES"
        return Holds(left, _texts(reader), negated)
    if reader.skip_word("NOT"):
        reader.need_word("IN")
        return _among(reader, inner, left, negated=True)
    if reader.skip_word("IN"):
        return _among(reader, inner, left, negated=False)
    if reader.next.kind != "symbol" or reader.next.text not in _OPERATORS:
        raise reader.unexpected()
    op = reader.take().text
    return Compare(left, "!=" if op == "<>" else op, _literal(reader))


def _among(reader: Reader, inner: QueryReader, left: Path | Call, *, negated: bool) -> Condition:
    reader.need_symbol("(")
    if reader.at_word("SELECT"):
        query = inner(reader)
        reader.need_symbol(")")
        return AmongQuery(left, query, negated)
    values = [_literal(reader)]
    while reader.skip_symbol(","):
        values.append(_literal(reader))
    reader.need_symbol(")")
    return Among(left, tuple(values), negated)


def _texts(reader: Reader) -> tuple[Text, ...]:
    reader.need_symbol("(")
    texts = [Text(reader.need("text").text)]
    while reader.skip_symbol(","):
        texts.append(Text(reader.need("text").text))
    reader.need_symbol(")")
    return tuple(texts)


def _literal(reader: Reader) -> Literal:
    token = reader.next
    if token.kind == "text":
        return Text(reader.take().text)
    if token.kind == "number":
        return Decimal(reader.take().text)
    if token.kind in ("date", "datetime"):
        return _moment(reader, reader.take())
    if token.kind == "name":
        return _word(reader)
    raise reader.unexpected()


def _moment(reader: Reader, token: Token) -> Literal:
    try:
        return date.fromisoformat(token.text) if token.kind == "date" else read_datetime(token.text.upper())
    except (ValueError, OverflowError):
        raise malformed(reader.soql, token.position, f"Invalid {token.kind}: {token.text}") from None


def _word(reader: Reader) -> Literal:
    token = reader.next
    word = token.text.upper()
    if word in ("TRUE", "FALSE", "NULL"):
        reader.take()
        return {"TRUE": True, "FALSE": False}.get(word)
    if word in WORDS:
        reader.take()
        return DateWord(word)
    if word in COUNTED:
        reader.take()
        reader.need_symbol(":")
        return DateWord(word, _count(reader))
    raise reader.unexpected()


def _count(reader: Reader) -> int:
    position, count = reader.next.position, reader.whole_number()
    if count > 9999:
        raise _too_far(reader, position)
    return count


def _too_far(reader: Reader, position: int) -> ApiError:
    return malformed(reader.soql, position, "the count of a date literal is at most 9999")
