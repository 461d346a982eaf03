"""Paths find and make what they name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.paths import getter, parse, put, rows
from mappings.problems import MappingProblem

names = st.text("abcXYZ_", min_size=1, max_size=4)
segments = st.one_of(
    names,
    st.tuples(names, st.integers(0, 3)).map(lambda pair: f"{pair[0]}.{pair[1]}"),
    st.tuples(names, names).map(lambda pair: f"{pair[0]}[Name={pair[1]}]"),
)


@given(st.lists(segments, max_size=3), names, st.integers())
def test_what_was_put_at_a_path_is_found_there(way: list[str], last: str, value: int) -> None:
    path = parse(".".join([*way, last]))
    record: dict[str, Any] = {}

    put(record, path.tokens, value)

    assert getter(path)(record) == value


def test_two_fields_of_one_row_make_one_row() -> None:
    record: dict[str, Any] = {}

    put(record, parse("Boxes[Name=Region].Value").tokens, "North")
    put(record, parse("Boxes[Name=Tier].Value").tokens, "Gold")
    put(record, parse("Boxes[Name=Region].Shown").tokens, True)

    assert record == {
        "Boxes": [{"Name": "Region", "Value": "North", "Shown": True}, {"Name": "Tier", "Value": "Gold"}]
    }


@pytest.mark.parametrize("record", [{}, {"Account": None}, {"Account": {}}])
def test_nothing_is_found_where_the_way_is_blank(record: dict[str, object]) -> None:
    assert getter(parse("Account.Name"))(record) is None


@pytest.mark.parametrize("lines", [None, [], {"records": [], "done": True}])
def test_no_row_is_found_in_an_empty_list(lines: object) -> None:
    assert getter(parse("Lines.0.Id"))({"Lines": lines}) is None


def test_a_text_where_a_record_should_be_is_a_problem_that_names_the_path() -> None:
    with pytest.raises(MappingProblem, match=r"Account\.Name .*Bright"):
        getter(parse("Account.Name"))({"Account": "Bright"})


def test_a_text_where_rows_should_be_is_a_problem() -> None:
    with pytest.raises(MappingProblem, match="Lines should be a list"):
        rows("none", "Lines")


def test_half_a_list_is_a_problem_and_not_half_an_invoice() -> None:
    with pytest.raises(MappingProblem, match="more rows"):
        rows({"records": [{}], "done": False}, "OpportunityLineItems")


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a..b", "a b", "0.a", "a[Name].b", "//a", "a[=x]"])
def test_what_is_not_a_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"path|start with a name"):
        parse(text)


def test_a_path_from_the_root_is_not_under_a_list() -> None:
    base = parse("Lines")

    assert parse("Id").under(base).text == "Lines.Id"
    assert parse("/Account.Name").under(base).text == "Account.Name"
