"""SOQL text into queries: whatever can be said is read back, and nonsense ends in the query error only."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.soql.dates import COUNTED, WORDS
from sandbox.salesforce.soql.parser import parse
from sandbox.salesforce.soql.reader import CLAUSES
from sandbox.salesforce.soql.tree import (
    AllFields,
    AllOf,
    Among,
    AmongQuery,
    AnyOf,
    Call,
    Compare,
    DateWord,
    Holds,
    Not,
    Order,
    Path,
    Query,
    Selected,
    Text,
)
from tests.support.soql_text import render

#: A busy machine is no reason to fail.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

_RESERVED = (
    CLAUSES
    | {"SELECT", "FROM", "AND", "OR", "NOT", "IN", "LIKE", "AS", "ASC", "DESC", "NULLS", "BY"}
    | {
        "INCLUDES",
        "EXCLUDES",
        "NULL",
        "TRUE",
        "FALSE",
        "FIELDS",
        "SCOPE",
        "ROWS",
        "FIRST",
        "LAST",
    }
)
_NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: name.upper() not in _RESERVED
)
_PATHS = st.builds(Path, st.lists(_NAMES, min_size=1, max_size=4).map(tuple))
_CALLS = st.builds(Call, _NAMES.map(str.upper), st.none() | _PATHS)
_OPERANDS = _PATHS | _CALLS
_TEXTS = st.builds(Text.of, st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
_LITERALS: st.SearchStrategy[Any] = st.one_of(
    _TEXTS,
    st.none(),
    st.booleans(),
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9),
    st.dates(),
    st.datetimes(timezones=st.just(UTC)).map(lambda when: when.replace(microsecond=0)),
    st.sampled_from(sorted(WORDS)).map(DateWord),
    st.builds(DateWord, st.sampled_from(sorted(COUNTED)), st.integers(0, 9999)),
)


def _simple_conditions(queries: st.SearchStrategy[Query]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.builds(Compare, _OPERANDS, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), _LITERALS),
        st.builds(Compare, _OPERANDS, st.just("LIKE"), _TEXTS),
        st.builds(Among, _OPERANDS, st.lists(_LITERALS, min_size=1, max_size=3).map(tuple), st.booleans()),
        st.builds(AmongQuery, _OPERANDS, queries, st.booleans()),
        st.builds(Holds, _PATHS, st.lists(_TEXTS, min_size=1, max_size=3).map(tuple), st.booleans()),
    )


def _joined(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(AllOf, several), st.builds(AnyOf, several), st.builds(Not, parts))


def _queries(inner: st.SearchStrategy[Query]) -> st.SearchStrategy[Query]:
    conditions = st.recursive(_simple_conditions(inner), _joined, max_leaves=4)
    fields = st.sampled_from(["ALL", "STANDARD", "CUSTOM"]).map(AllFields)
    selected = st.one_of(
        st.builds(Selected, _OPERANDS, st.just("") | _NAMES),
        st.builds(Selected, inner),
        st.builds(Selected, fields),
    )
    return st.builds(
        Query,
        select=st.lists(selected, min_size=1, max_size=3).map(tuple),
        source=_NAMES,
        alias=st.just("") | _NAMES,
        where=st.none() | conditions,
        group_by=st.lists(_OPERANDS, max_size=2).map(tuple),
        order_by=st.lists(st.builds(Order, _OPERANDS, st.booleans(), st.booleans()), max_size=2).map(tuple),
        limit=st.none() | st.integers(0, 5000),
        offset=st.none() | st.integers(0, 2000),
        all_rows=st.booleans(),
    )


_PLAIN = st.builds(Query, select=st.just((Selected(Path(("Id",))),)), source=_NAMES)


@PATIENT
@given(_queries(_PLAIN))
def test_a_rendered_query_reads_as_itself(query: Query) -> None:
    assert parse(render(query)) == query


@PATIENT
@given(st.text(max_size=60))
def test_any_text_is_a_query_or_a_query_error(text: str) -> None:
    _reads_or_refuses(text)


@PATIENT
@given(
    st.lists(
        st.sampled_from(
            [
                "SELECT",
                "FROM",
                "WHERE",
                "AND",
                "OR",
                "NOT",
                "(",
                ")",
                ",",
                "Id",
                ".",
                "=",
                "'x'",
                "1",
                "IN",
                "LIKE",
                "ORDER",
                "BY",
                "GROUP",
                "LIMIT",
                "2026-02-31",
                "2026-01-01T00:00:00Z",
                "LAST_N_DAYS",
                ":",
                "COUNT",
                "null",
            ]
        ),
        max_size=25,
    ).map(" ".join)
)
def test_any_row_of_words_is_a_query_or_a_query_error(text: str) -> None:
    _reads_or_refuses(text)


def _reads_or_refuses(text: str) -> None:
    """Any other exception, or another code, fails the test."""
    try:
        parse(text)
    except ApiError as refused:
        if refused.code not in ("MALFORMED_QUERY", "QUERY_TOO_COMPLICATED"):
            raise


def test_endless_parentheses_are_too_complicated() -> None:
    with pytest.raises(ApiError, match="QUERY_TOO_COMPLICATED"):
        parse("SELECT Id FROM Account WHERE " + "(" * 500 + "Id = null")


@pytest.mark.parametrize(
    "soql",
    [
        "SELECT Id FROM Account WHERE A = 1 AND B = 2 OR C = 3",
        "SELECT FROM Account",
        "SELECT Id FROM Account WHERE Name = 'x",
        'SELECT Id FROM Account WHERE Name = "x"',
        "SELECT Id FROM Account WHERE Name = 'a\\q'",
        "SELECT Id FROM Account LIMIT -1",
        "SELECT Id FROM Account WHERE D = 2026-13-01",
        "SELECT Id FROM Account WHERE D = LAST_N_DAYS",
        "SELECT FIELDS(SOME) FROM Account",
        "SELECT Id FROM Account ORDER BY Name NULLS MIDDLE",
        "SELECT Id FROM Account; DELETE",
        "",
    ],
)
def test_nonsense_is_a_malformed_query(soql: str) -> None:
    with pytest.raises(ApiError) as refused:
        parse(soql)

    assert refused.value.code == "MALFORMED_QUERY"


def test_the_message_points_at_the_place() -> None:
    with pytest.raises(ApiError) as refused:
        parse("SELECT Id\nFROM Account WHERE = 1")

    assert "ERROR at Row:2:Column:20\nunexpected token: '='" in refused.value.message


def test_escapes_mean_what_they_say() -> None:
    query = parse(r"SELECT Id FROM Account WHERE Name = 'O\'Brien \\ \"Sons\" \n\u00e9'")

    assert isinstance(query.where, Compare)
    assert isinstance(query.where.value, Text)
    assert query.where.value.value == 'O\'Brien \\ "Sons" \né'


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("Ac%", "ACME", True),
        ("%me", "Acme", True),
        ("A_me", "Acme", True),
        ("A_me", "Accme", False),
        (r"50\%", "50%", True),
        (r"50\%", "500", False),
        (r"a\_b", "axb", False),
        ("a.c", "abc", False),
    ],
)
def test_like_knows_two_wildcards_and_no_case(pattern: str, name: str, fits: bool) -> None:
    assert (Text(pattern).pattern.fullmatch(name) is not None) is fits


def test_clauses_that_change_nothing_here_are_accepted() -> None:
    query = parse(
        "select id from account a using scope mine where a.id != null with security_enforced limit 1 for view"
    )

    assert (query.source, query.alias, query.limit) == ("account", "a", 1)
    assert parse("SELECT Amount FROM Opportunity WHERE Amount > -1.5e2").where == Compare(
        Path(("Amount",)), ">", Decimal(-150)
    )
