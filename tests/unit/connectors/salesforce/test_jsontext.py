"""Exact decimals on the wire."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.salesforce import jsontext

scalars = (
    st.none() | st.booleans() | st.integers() | st.text() | st.decimals(allow_nan=False, allow_infinity=False)
)
trees = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(trees)
def test_what_is_written_is_read_back_to_the_last_digit(tree: object) -> None:
    assert jsontext.decode(jsontext.encode(tree)) == tree


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_is_a_json_number_for_anybody(number: Decimal) -> None:
    written = jsontext.encode({"Amount": number}).decode()
    assert isinstance(json.loads(written)["Amount"], float | int)


def test_money_does_not_drift() -> None:
    assert jsontext.encode({"Amount": Decimal("0.1") + Decimal("0.20")}) == b'{"Amount":0.30}'


@pytest.mark.parametrize("value", [1.5, Decimal("NaN"), Decimal("Infinity"), object(), b"bytes"])
def test_what_cannot_be_sent_exactly_is_refused_with_its_place(value: object) -> None:
    with pytest.raises(TypeError, match=r"\$\.records\[1\]\.Amount is"):
        jsontext.encode({"records": [{}, {"Amount": value}]})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"NaN",
        b'{"a":Infinity}',
        b"\xff\xfe\xfa",
        b"[" * 200_000,
        b'{"a":1e99999999999999999999}',
        # Short to read, and a thousand million digits to write.
        b'{"a":1e999999999}',
    ],
)
def test_what_is_not_json_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any of its kinds: the border above words it
        jsontext.decode(content)
