"""Record ids: 15 and 18 characters are the same record."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.salesforce.ids import IdMaker, full_id, suffix_of

_SHORT_IDS = st.text(
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", min_size=15, max_size=15
)


@pytest.mark.parametrize(
    ("short", "suffix"),
    [("001T1000001nI4j", "IAE"), ("005T1000000Hjlb", "IAC"), ("000000000000000", "AAA")],
)
def test_the_suffix_is_the_one_of_real_records(short: str, suffix: str) -> None:
    assert suffix_of(short) == suffix


@settings(deadline=None)
@given(_SHORT_IDS)
def test_both_lengths_and_a_lost_case_lead_to_one_id(short: str) -> None:
    long = short + suffix_of(short)

    assert full_id(short) == long
    assert full_id(long) == long
    assert full_id(long.lower()) == long
    assert full_id(long.upper()) == long


@pytest.mark.parametrize("text", ["", "001", "001T1000001nI4jZZZ", "001T1000001nI4j IAE", "001T10000é1nI4j"])
def test_what_is_no_id_is_none(text: str) -> None:
    assert full_id(text) is None


def test_new_ids_differ_grow_and_carry_their_prefix() -> None:
    maker = IdMaker(random.Random(1))

    made = [maker.new("006") for _ in range(500)]

    assert len(set(made)) == 500
    assert made == sorted(made)
    assert all(each.startswith("006") and full_id(each) == each for each in made)
