"""Numbers, dates and flags as both systems write them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.values import date_of, flag_of, is_blank, number_of, same, same_day, text_of

numbers = st.decimals("-99999999", "99999999", places=4)
days = st.dates(date(1971, 1, 1), date(2199, 12, 31))


@given(numbers)
def test_a_number_survives_being_written(number: Decimal) -> None:
    assert number_of(text_of(number)) == number
    assert number_of(f" {number:,f} ") == number


@pytest.mark.parametrize(
    "value", [1.5, True, "", " ", "12,34", "1,2345", "£5", "1e", "e5", ".", "-", "NaN", None, []]
)
def test_what_is_not_an_exact_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="number"):
        number_of(value)


@pytest.mark.parametrize("value", ["117.5000", ".5", "1E+2", "-3", "+4", "0", 7, Decimal("0.1")])
def test_a_number_may_be_written_in_these_ways(value: str | int | Decimal) -> None:
    assert number_of(value) == Decimal(value)


@given(days)
def test_a_date_is_the_same_however_it_is_written(day: date) -> None:
    for tail in ("", " 12:00:00", " 12:00:00 +05:30", "T00:00:00Z", "T09:00:00.000+0000", "T23:59:59-08:00"):
        assert date_of(f"{day.isoformat()}{tail}") == day
        assert same_day(f"{day.isoformat()}{tail}", day)


@given(days)
def test_a_date_may_be_written_as_a_british_bookkeeper_does(day: date) -> None:
    assert date_of(f" {day:%d/%m}/{day.year:04} ") == day
    assert date_of(f"{day.day}/{day.month}/{day.year:04}") == day


@pytest.mark.parametrize("never", ["1900-01-01 12:00:00", "1970-01-01 12:00:00"])
def test_kashflows_never_is_no_date(never: str) -> None:
    assert date_of(never) is None


@pytest.mark.parametrize(
    "value", ["soon", "2026-02-30", "31/02/2026", "02/03/26", "2026-03-02x", "", 20260302]
)
def test_what_is_not_a_date_is_refused(value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # some of the reasons are the standard library's words
        date_of(value)


@pytest.mark.parametrize("value", [None, "", " \n"])
def test_nothing_and_white_space_are_blank(value: object) -> None:
    assert is_blank(value)


@pytest.mark.parametrize("value", [0, False, Decimal(0), "0"])
def test_zero_and_no_are_not_blank(value: object) -> None:
    assert not is_blank(value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Decimal(100), Decimal("100.0000")),
        (Decimal(100), "100.00"),
        (4000, "4000"),
        (None, ""),
        ("  ", None),
        (True, 1),
        (False, "0"),
        ("Unit 4\nMill Lane", "Unit 4\r\nMill Lane "),
        (["a"], ["a"]),
    ],
)
def test_these_say_the_same(one: object, other: object) -> None:
    assert same(one, other)
    assert same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Decimal(100), Decimal("100.01")),
        (0, None),
        (0, ""),
        (False, None),
        ("a", "A"),
        (1, "one"),
        (True, "yes"),
    ],
)
def test_these_do_not_say_the_same(one: object, other: object) -> None:
    assert not same(one, other)
    assert not same(other, one)


def test_a_date_that_is_none_differs_from_one_that_is() -> None:
    assert same_day(None, "")
    assert not same_day(None, "2026-03-02")
    assert not same_day("2026-03-01", "2026-03-02 12:00:00")
    assert same_day("on receipt", "on receipt")


def test_a_flag_that_is_neither_yes_nor_no_is_refused() -> None:
    assert flag_of("TRUE") is True
    with pytest.raises(ValueError, match="neither"):
        flag_of("maybe")
