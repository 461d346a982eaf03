"""What each step makes of a value, and what it says when it cannot."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.document import Wrong
from mappings.problems import MappingProblem
from mappings.steps import STEPS
from tests.support.canonical import phrases
from tests.support.mappings import CONTEXT, value_of

days = st.dates(date(1971, 1, 1), date(2199, 12, 31))


def _step(step: str, value: object) -> object:
    return value_of(f"{{from: Field, then: [{step}]}}", {"Field": value})


@pytest.mark.parametrize(
    ("step", "value", "made"),
    [
        ("number", " 1,234.50 ", Decimal("1234.50")),
        ("integer", "4000.00", 4000),
        ("{round: 2}", "2.675", Decimal("2.68")),
        ("{round: 0}", Decimal("-0.5"), Decimal(-1)),
        ("flag", "1", True),
        ("flag", 0, False),
        ("text", Decimal("100.50"), "100.5"),
        ("text", False, "false"),
        ("date", "2026-03-02 12:00:00", date(2026, 3, 2)),
        ("date", "1900-01-01 12:00:00", None),
        ("noon_date", date(2026, 3, 2), "2026-03-02 12:00:00"),
        ("iso_date", date(2026, 3, 2), "2026-03-02"),
        ("{add_days: 30}", "2026-03-02", date(2026, 4, 1)),
        ("{add_days: ''}", "2026-03-02", None),
        ("{truncate: 6}", "Bright Ltd", "Bright"),
        ("{truncate: 7}", "Bright Ltd", "Bright"),
        ("{prefix: SF-}", "006", "SF-006"),
        ("{after: SF-}", "see SF-006 please", "006"),
        ("{after: SF-}", "see PO 006", None),
        ("{after: SF-}", "SF- ", None),
        ("{absolute_url: 'https://kf.test'}", "/v2/documents/7", "https://kf.test/v2/documents/7"),
        ("{absolute_url: 'https://kf.test'}", "v2/documents/7", "https://kf.test/v2/documents/7"),
        ("{absolute_url: 'https://kf.test'}", "https://other.test/7", "https://other.test/7"),
        ("{absolute_url: 'https://kf.test'}", "//other.test/7", "https://other.test/7"),
        ("{absolute_url: 'https://kf.test/'}", "/v2/7", "https://kf.test/v2/7"),
        ("{absolute_url: 'https://proxy.test/kf'}", "/v2/7", "https://proxy.test/kf/v2/7"),
        ("country", "United Kingdom", "GB"),
        ("country", " france ", "FR"),
        ("country", "us", "US"),
        ("{default: 30}", "  ", 30),
        ("{default: 30}", 0, 0),
        ("{split: {by: lines, part: first}}", "Unit 4\r\nMill Lane", "Unit 4"),
        ("{split: {by: lines, part: rest}}", "Unit 4\n\nMill Lane\n Holbeck", "Mill Lane, Holbeck"),
        ("{split: {by: words, part: last}}", "Jo van Bright", "Bright"),
        ("{split: {by: words, part: all_but_last}}", "Jo van Bright", "Jo van"),
        ("{split: {by: ';', part: rest, join: '|'}}", "a; b;c", "b|c"),
    ],
)
def test_what_a_step_makes(step: str, value: object, made: object) -> None:
    assert _step(step, value) == made


@pytest.mark.parametrize(
    "step",
    [
        "number",
        "integer",
        "{round: 2}",
        "multiply",
        "flag",
        "text",
        "date",
        "noon_date",
        "iso_date",
        "{add_days: 1}",
        "{prefix: x}",
        "{after: x}",
        "{absolute_url: x}",
        "{split: {by: lines, part: first}}",
        "country",
    ],
)
@pytest.mark.parametrize("blank", [None, "", "  "])
def test_a_blank_stays_blank(step: str, blank: object) -> None:
    assert _step(step, blank) is None


@pytest.mark.parametrize(
    ("step", "value", "said"),
    [
        ("number", "ten", 'Field should be a number, but is "ten"'),
        ("number", 1.5, "Field should be a number, but is 1.5"),
        ("integer", "4000.5", 'Field should be a whole number, but is "4000.5"'),
        ("flag", "maybe", 'Field should be true or false, but is "maybe"'),
        ("date", "soon", 'Field should be a date, but is "soon"'),
        ("{add_days: many}", "2026-03-02", 'Field cannot be moved by "many" days'),
        ("country", "Narnia", 'Field is "Narnia", a country that countries.yaml does not list'),
    ],
)
def test_a_value_that_does_not_fit_is_a_problem_that_says_so(step: str, value: object, said: str) -> None:
    with pytest.raises(MappingProblem) as problem:
        _step(step, value)

    assert (str(problem.value), problem.value.field, problem.value.value) == (
        said,
        "Field",
        "many" if "many" in step else value,
    )


@given(days)
def test_a_date_written_for_either_system_reads_back(day: date) -> None:
    for step in ("noon_date", "iso_date"):
        assert _step("date", _step(step, day)) == day


@given(days, st.integers(0, 400))
def test_days_are_added_on_the_calendar(day: date, count: int) -> None:
    assert _step(f"{{add_days: {count}}}", day) == day + timedelta(days=count)


@given(st.lists(phrases, min_size=1, max_size=2))
def test_a_street_of_two_lines_is_split_and_joined_back(lines: list[str]) -> None:
    street = "\n".join(lines)
    parts = "[{from: S, then: [{split: {by: lines, part: first}}]}, {from: S, then: [{split: {by: lines, part: rest}}]}]"

    assert value_of(f'{{from: {parts}, then: [{{join: "\\n"}}]}}', {"S": street}) == street


@given(phrases, phrases)
def test_first_and_last_name_make_the_name_of_a_contact(first: str, last: str) -> None:
    both = "{from: [FirstName, LastName], then: [{join: ' '}]}"

    assert value_of(both, {"FirstName": first, "LastName": last}) == f"{first} {last}"
    assert value_of(both, {"FirstName": None, "LastName": last}) == last


@given(st.decimals("-9999", "9999", places=3), st.decimals("-9999", "9999", places=4))
def test_a_product_is_in_pence(one: Decimal, other: Decimal) -> None:
    product = value_of("{from: [A, B], then: [multiply]}", {"A": one, "B": str(other)})

    assert isinstance(product, Decimal)
    assert abs(product - one * other) <= Decimal("0.005")


@given(st.text(max_size=30), st.integers(1, 20))
def test_a_truncated_text_is_never_longer_and_always_a_beginning(text: str, longest: int) -> None:
    cut = _step(f"{{truncate: {longest}}}", text)

    assert isinstance(cut, str)
    assert len(cut) <= longest
    assert text.startswith(cut)


def test_a_table_is_looked_up_by_what_people_write() -> None:
    tables = {"t": {"4000": "Sales", "true": "yes"}}

    assert value_of("{from: F, then: [{lookup: t}]}", {"F": Decimal("4000.00")}, tables=tables) == "Sales"
    assert value_of("{from: F, then: [{lookup: t}]}", {"F": True}, tables=tables) == "yes"


@pytest.mark.parametrize(("missing", "found"), [("keep", "x"), ("blank", None)])
def test_a_value_that_a_table_lacks_is_kept_or_made_blank(missing: str, found: object) -> None:
    rule = f"{{from: F, then: [{{lookup: {{table: t, missing: {missing}}}}}]}}"

    assert value_of(rule, {"F": "x"}, tables={"t": {}}) == found


def test_a_value_that_a_table_lacks_is_usually_refused() -> None:
    with pytest.raises(MappingProblem, match='F is "x", which table t does not list'):
        value_of("{from: F, then: [{lookup: t}]}", {"F": "x"}, tables={"t": {}})


def test_a_table_may_be_given_at_run_time() -> None:
    rule = "{from: F, then: [{lookup: t}]}"
    given_one = replace(CONTEXT, tables={"t": {"x": "1"}})

    assert value_of(rule, {"F": "x"}, tables={"t": None}, context=given_one) == "1"
    with pytest.raises(MappingProblem, match="table t, which F needs, was not given"):
        value_of(rule, {"F": "x"}, tables={"t": None})


def test_a_setting_of_the_installation_beats_the_one_in_the_file() -> None:
    rule = "{from: F, then: [{default: {setting: terms}}]}"

    assert value_of(rule, {}, settings={"terms": 30}) == 30
    assert (
        value_of(rule, {}, settings={"terms": 30}, context=replace(CONTEXT, settings={"terms": "14"})) == "14"
    )


@pytest.mark.parametrize("name", sorted(STEPS.bare))
def test_a_bare_step_takes_no_argument(name: str) -> None:
    with pytest.raises(Wrong, match=f"{name} takes no argument"):
        value_of(f"{{from: F, then: [{{{name}: 1}}]}}", {})


@pytest.mark.parametrize("name", sorted(STEPS.argued))
def test_a_step_that_needs_an_argument_says_so(name: str) -> None:
    with pytest.raises(Wrong, match=f"{name} needs an argument"):
        value_of(f"{{from: F, then: [{name}]}}", {})
