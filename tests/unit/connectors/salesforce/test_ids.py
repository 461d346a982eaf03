"""Ids in 18 characters."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.salesforce.ids import to_18

short_ids = st.text(alphabet=string.ascii_letters + string.digits, min_size=15, max_size=15)


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("001000000000001", "001000000000001AAA"),
        ("0015g00000BkLmN", "0015g00000BkLmNAAV"),
        ("ABCDEFGHIJKLMNO", "ABCDEFGHIJKLMNO555"),
    ],
)
def test_the_suffix_tells_which_letters_are_upper_case(short: str, full: str) -> None:
    assert to_18(short) == full


@given(short_ids)
def test_the_long_form_begins_with_the_short_one_and_stays_as_it_is(short: str) -> None:
    full = to_18(short)
    assert len(full) == 18
    assert full.startswith(short)
    assert to_18(full) == full


@given(short_ids, short_ids)
def test_two_ids_stay_two_where_case_is_ignored(one: str, other: str) -> None:
    assert (to_18(one).lower() == to_18(other).lower()) == (one == other)


@given(st.text().filter(lambda text: len(text) not in (15, 18) or not text.isascii() or not text.isalnum()))
def test_whatever_is_no_id_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(ValueError, match="is no Salesforce id"):
        to_18(text)


def test_a_suffix_of_another_id_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        to_18("001000000000001AAB")
