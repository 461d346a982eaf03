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


def test_accounts_of_one_name_want_one_code_first_and_then_codes_of_their_own() -> None:
    names = (("Bright & Co.", "001000000000001AAA"), ("BRIGHT CO", "001000000000002AAA"))

    wanted = [[customer_code(*account, attempt) for attempt in range(3)] for account in names]

    assert wanted[0][0] == wanted[1][0]
    assert not set(wanted[0][1:]) & set(wanted[1][1:])
    assert customer_code("Bright & Sons", "001000000000001AAA") != wanted[0][0]
