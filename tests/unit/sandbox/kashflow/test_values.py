"""Money, days and JSON travel without loss; documents add up (reference kashflow.md sections 2.1, 2.2, 7)."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.kashflow import sums
from sandbox.kashflow.problems import Problem
from sandbox.kashflow.values import money, read_day, read_json, write_json

amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=4)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | amounts.map(money),
    lambda parts: st.lists(parts) | st.dictionaries(st.text(), parts),
)


@given(values)
def test_json_survives_the_journey_with_every_digit(value: Any) -> None:
    assert read_json(write_json(value).encode()) == value


@given(amounts)
def test_money_always_shows_four_decimals(amount: Decimal) -> None:
    printed = write_json(money(amount))

    assert Decimal(printed) == amount
    assert len(printed.partition(".")[2]) == 4


@given(
    st.dates(date(1753, 1, 1), date(9998, 12, 31)),
    st.sampled_from(
        ["", " 12:00:00", "T00:00:00", "T12:00:00.0000000Z", " 12:00:00 +05:30", "T23:59:59+01:00"]
    ),
)
def test_every_documented_shape_of_a_day_is_that_day(day: date, rest: str) -> None:
    assert read_day(f"{day.isoformat()}{rest}") == day
    assert read_day(f"{day:%Y%m%d}") == day
    assert json.loads(write_json(day)) == f"{day.isoformat()} 12:00:00"


def test_a_moment_is_printed_to_the_second() -> None:
    assert write_json(datetime(2026, 3, 10, 9, 5, 7, 99)) == '"2026-03-10 09:05:07"'  # noqa: DTZ001 - no zone is printed


@pytest.mark.parametrize(
    "text",
    ["", "10/03/2026", "2026-3-1", "2026-13-01", "tomorrow", "1752-12-31", "9999-12-31", "2026-03-10 noon"],
)
def test_other_texts_are_no_day(text: str) -> None:
    with pytest.raises(Problem):
        read_day(text)


lines = st.fixed_dictionaries(
    {
        "Quantity": st.decimals(-1000, 1000, places=4),
        "Rate": st.decimals(-1000, 1000, places=4),
        "VATLevel": st.sampled_from([Decimal(0), Decimal(5), Decimal(20)]),
        "VATExempt": st.booleans(),
    }
).map(lambda line: line | {"VATAmount": sums.line_vat(line)})
payments = st.fixed_dictionaries({"Amount": st.decimals(-1000, 1000, places=2)})


@given(st.lists(lines), st.lists(payments))
def test_a_document_adds_up_to_the_penny(its_lines: list[dict[str, Any]], paid: list[dict[str, Any]]) -> None:
    total = sums.totals(its_lines, paid)

    assert total["NetAmount"] == sum(map(sums.line_net, its_lines))
    assert total["GrossAmount"] == total["NetAmount"] + total["VATAmount"]
    assert total["GrossAmount"] * 100 == int(total["GrossAmount"] * 100)
    assert sums.due_amount(total) == total["GrossAmount"] - sum(line["Amount"] for line in paid)


@given(st.lists(lines), st.lists(payments), st.dates(), st.dates())
def test_a_credit_note_stands_as_its_mirror_image(
    its_lines: list[dict[str, Any]], paid: list[dict[str, Any]], due: date, today: date
) -> None:
    document = sums.totals(its_lines, paid) | {"DueDate": due}
    mirrored = {name: value if name == "DueDate" else -value for name, value in document.items()}

    assert sums.status(document, today) == sums.status(mirrored, today)
