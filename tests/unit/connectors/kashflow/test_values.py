"""Dates and amounts in every shape of reference section 2.2 and 2.1."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import Unreadable
from connectors.kashflow import read_date, read_decimal, write_date
from connectors.kashflow.values import read_code, read_id

DAY = date(2026, 3, 29)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-29 12:00:00",
        "2026-03-29T12:00:00",
        "2026-03-29 12:00:00 +05:30",
        "2026-03-29T00:30:00+01:00",
        "2026-03-29T23:30:00.000Z",
        "2026-03-29T23:30",
        "2026-03-29",
        " 2026-03-29 ",
    ],
)
def test_the_day_is_read_as_written_whatever_time_and_zone_follow(text: str) -> None:
    assert read_date(text) == DAY


@pytest.mark.parametrize(
    "text",
    [None, "", "  ", "1900-01-01 12:00:00", "1970-01-01 12:00:00", "1900-01-01", "1970-01-01T00:00:00Z"],
)
def test_a_date_that_means_never_is_none(text: str | None) -> None:
    assert read_date(text) is None


@pytest.mark.parametrize(
    "text",
    ["29/03/2026", "2026-02-30", "2026-3-29", "/Date(1774785600000)/", "\uff12026-03-29", "soon", 20260329],
)
def test_another_shape_is_unreadable_and_the_message_shows_it(text: object) -> None:
    with pytest.raises(Unreadable, match="where a date was expected"):
        read_date(text)


@given(st.dates().filter(lambda day: day not in (date(1900, 1, 1), date(1970, 1, 1))))
def test_a_written_date_reads_back_and_is_at_noon(day: date) -> None:
    text = write_date(day)
    assert text.endswith(" 12:00:00")
    assert len(text) == len("2026-03-29 12:00:00")
    assert read_date(text) == day


@given(st.text() | st.integers() | st.none() | st.booleans() | st.lists(st.text()))
def test_anything_else_is_a_date_none_or_unreadable(text: object) -> None:
    with suppress(Unreadable):
        assert isinstance(read_date(text), date | None)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12))
def test_an_amount_survives_as_number_and_as_text(amount: Decimal) -> None:
    assert read_decimal(amount) == amount
    assert read_decimal(f"{amount:f}") == amount
    assert read_decimal(f" {amount:f} ") == amount


def test_the_usual_forms_of_a_number() -> None:
    assert read_decimal("117.5000") == Decimal("117.5")
    assert read_decimal(20) == Decimal(20)
    assert read_decimal("-0.01") == Decimal("-0.01")
    assert read_decimal(".5") == Decimal("0.5")
    assert read_decimal(None) is None
    assert read_decimal("") is None


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        float("nan"),
        True,
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("1e999999"),
        Decimal("1e-999999"),
        "1,234.50",
        "£5",
        "1_000",
        "1e5",
        "٣",
        "NaN",
        [],
    ],
)
def test_what_is_no_exact_number_is_unreadable(value: object) -> None:
    with pytest.raises(Unreadable, match="where a number was expected"):
        read_decimal(value)


def test_an_id_is_a_whole_number_however_it_is_spelled() -> None:
    assert read_id(1042) == read_id("1042") == "1042"


@pytest.mark.parametrize(
    "value", [None, True, 0, -1, 7.0, Decimal(7), "", "x", "٣", "1" * 30, 10**30, [], {}]
)
def test_what_names_no_record_is_unreadable(value: object) -> None:
    with pytest.raises(Unreadable, match="where a record's number was expected"):
        read_id(value)


@pytest.mark.parametrize("value", [None, 7, "", " ", "A\0", "A\ud800", "A" * 65, ["A"]])
def test_what_cannot_be_shown_is_no_code(value: object) -> None:
    assert read_code("BRIGHT01") == "BRIGHT01"
    with pytest.raises(Unreadable, match="where a record's code was expected"):
        read_code(value)
