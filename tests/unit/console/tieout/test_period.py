"""Which days a period means, however a person writes it."""

from __future__ import annotations

from datetime import date

import pytest

from console.tieout.period import BadPeriod, Period


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-10", date(2026, 10, 1), date(2026, 10, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2026-Q3", date(2026, 7, 1), date(2026, 9, 30)),
        ("2026q4", date(2026, 10, 1), date(2026, 12, 31)),
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2026-10-05..2026-11-04", date(2026, 10, 5), date(2026, 11, 4)),
        ("2026-10-05 .. 2026-10-05", date(2026, 10, 5), date(2026, 10, 5)),
    ],
)
def test_a_period_is_written_as_people_write_it(text: str, first: date, last: date) -> None:
    assert Period.parse(text) == Period(first, last)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "October",
        "2026-13",
        "2026-Q5",
        "2026-10-31..2026-10-01",
        "2026-10-05",
        "2026-02-30..2026-03-01",
        "0000",
    ],
)
def test_what_is_no_period_is_refused_with_what_would_be_one(text: str) -> None:
    with pytest.raises(BadPeriod, match=r"expected 2026-10, 2026-Q3, 2026 or 2026-10-01\.\.2026-10-31"):
        Period.parse(text)


def test_whoever_names_none_means_this_month_and_the_one_before() -> None:
    assert Period.usual(date(2026, 3, 10)) == Period(date(2026, 2, 1), date(2026, 3, 31))
    assert Period.usual(date(2026, 1, 31)) == Period(date(2025, 12, 1), date(2026, 1, 31))


def test_both_its_first_and_its_last_day_are_in_it() -> None:
    period = Period.parse("2026-02")

    inside = [
        day
        for day in (date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 28), date(2026, 3, 1))
        if day in period
    ]
    assert inside == [date(2026, 2, 1), date(2026, 2, 28)]


def test_a_period_is_told_in_a_form_that_is_understood_again() -> None:
    period = Period.parse("2026-Q3")

    assert Period.parse(str(period)) == period
