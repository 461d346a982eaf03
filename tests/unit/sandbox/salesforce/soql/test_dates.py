"""SOQL's date words as days."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.salesforce.soql.dates import COUNTED, WORDS, days_of

SATURDAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("word", "count", "first", "after"),
    [
        ("TODAY", None, date(2026, 11, 21), date(2026, 11, 22)),
        ("YESTERDAY", None, date(2026, 11, 20), date(2026, 11, 21)),
        ("THIS_WEEK", None, date(2026, 11, 16), date(2026, 11, 23)),
        ("LAST_WEEK", None, date(2026, 11, 9), date(2026, 11, 16)),
        ("THIS_MONTH", None, date(2026, 11, 1), date(2026, 12, 1)),
        ("NEXT_MONTH", None, date(2026, 12, 1), date(2027, 1, 1)),
        ("LAST_QUARTER", None, date(2026, 7, 1), date(2026, 10, 1)),
        ("NEXT_YEAR", None, date(2027, 1, 1), date(2028, 1, 1)),
        ("LAST_N_DAYS", 3, date(2026, 11, 18), date(2026, 11, 22)),
        ("NEXT_N_DAYS", 3, date(2026, 11, 22), date(2026, 11, 25)),
        ("N_DAYS_AGO", 2, date(2026, 11, 19), date(2026, 11, 20)),
        ("LAST_N_MONTHS", 2, date(2026, 9, 1), date(2026, 11, 1)),
        ("THIS_FISCAL_QUARTER", None, date(2026, 10, 1), date(2027, 1, 1)),
        ("LAST_FISCAL_YEAR", None, date(2025, 1, 1), date(2026, 1, 1)),
        ("N_FISCAL_QUARTERS_AGO", 1, date(2026, 7, 1), date(2026, 10, 1)),
        ("N_YEARS_AGO", 1, date(2025, 1, 1), date(2026, 1, 1)),
    ],
)
def test_a_word_covers_its_days(word: str, count: int | None, first: date, after: date) -> None:
    assert days_of(word, count, SATURDAY) == (first, after)


@settings(deadline=None)
@given(
    st.dates(),
    st.sampled_from(sorted(WORDS)) | st.tuples(st.sampled_from(sorted(COUNTED)), st.integers(0, 9999)),
)
def test_every_word_on_every_day_is_a_range(today: date, word: str | tuple[str, int]) -> None:
    name, count = word if isinstance(word, tuple) else (word, None)

    first, after = days_of(name, count, today)

    assert first <= after
