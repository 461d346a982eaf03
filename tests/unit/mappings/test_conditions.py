"""Conditions hold or say in words why not."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.conditions import Condition, condition
from mappings.document import Wrong
from mappings.problems import MappingProblem
from tests.support.mappings import bench, node_of

WON = "{all: [{field: IsWon, equals: true}, {field: Amount, greater_than: 0}]}"


def _condition(written: str) -> Condition:
    return condition(node_of(written), bench())


@given(st.booleans(), st.none() | st.decimals("-1000", "1000", places=2))
def test_only_won_with_an_amount_above_zero(won: bool, amount: Decimal | None) -> None:
    expected = won and amount is not None and amount > 0

    assert _condition(WON).holds({"IsWon": won, "Amount": amount}) is expected


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ({"IsWon": True, "Amount": Decimal("0.01")}, ""),
        ({"IsWon": False, "Amount": 1}, "IsWon is false, and must be true"),
        ({"IsWon": True, "Amount": Decimal("0.00")}, "Amount is 0, and must be more than 0"),
        ({"IsWon": True}, "Amount is blank, and must be more than 0"),
    ],
)
def test_what_is_not_met_is_said_in_words(record: dict[str, object], why: str) -> None:
    assert _condition(WON).unmet(record) == why


@pytest.mark.parametrize(
    ("clause", "value", "holds"),
    [
        ("equals: 4000", "4000.00", True),
        ("equals: Paid", "paid", False),
        ("not_equals: Paid", None, True),
        ("in: [Paid, Unpaid]", "Unpaid", True),
        ("in: [Paid, Unpaid]", "Overdue", False),
        ("blank: true", " ", True),
        ("blank: false", None, False),
        ("less_than: 1.5", Decimal("1.4"), True),
        ("less_than: 1.5", None, False),
    ],
)
def test_each_comparison_is_met_or_not(clause: str, value: object, holds: bool) -> None:
    assert _condition(f"{{field: F, {clause}}}").holds({"F": value}) is holds


def test_of_any_one_is_enough() -> None:
    either = _condition("{any: [{field: A, equals: 1}, {field: B, in: [2, 3]}]}")

    assert either.holds({"A": 0, "B": 2})
    assert either.unmet({"A": 0}) == "A is 0, and must be 1; B is blank, and must be one of 2, 3"


def test_comparing_a_text_by_size_is_a_problem() -> None:
    with pytest.raises(MappingProblem, match='Amount should be a number, but is "lots"'):
        _condition("{field: Amount, greater_than: 0}").holds({"Amount": "lots"})


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{field: A, equals: 1, in: [1]}", "exactly one of"),
        ("{equals: 1}", "expected field"),
        ("{field: A, more_than: 1}", "unknown key 'more_than'"),
        ("{field: A, greater_than: lots}", "expected a number, found 'lots'"),
        ("{all: [], any: []}", "unknown key 'any'"),
        ("{all: {}}", "expected a list, found a mapping"),
        ("IsWon", "expected a mapping"),
    ],
)
def test_a_condition_that_is_none_is_refused(written: str, said: str) -> None:
    with pytest.raises(Wrong, match=said):
        _condition(written)
