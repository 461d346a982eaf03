"""A customer's code is always the same for its account, and KashFlow takes it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.codes import customer_code


@given(st.text(), st.text(), st.integers(0, 50))
def test_a_code_is_short_and_plain_and_never_changes(name: str, account_id: str, attempt: int) -> None:
    code = customer_code(name, account_id, attempt)

    assert re.fullmatch(r"[A-Z0-9]{4,10}", code)
    assert code == customer_code(name, account_id, attempt)


@given(st.text(), st.text())
def test_every_attempt_gives_another_candidate(name: str, account_id: str) -> None:
    assert len({customer_code(name, account_id, attempt) for attempt in range(5)}) > 1


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Bright & Co Ltd", "BRIGHT"),
        ("A1", "A1"),
        ("Café Noir", "CAFENO"),
        ("日本", ""),
        ("O'Neil's", "ONEILS"),
    ],
)
def test_a_code_begins_with_the_name(name: str, letters: str) -> None:
    assert customer_code(name, "001000000000001AAA")[:-4] == letters


def test_two_accounts_of_one_name_have_two_codes() -> None:
    assert customer_code("Bright", "001000000000001AAA") != customer_code("Bright", "001000000000002AAA")
