"""JSON that we send: exact, and never a float."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kashflow.writing import to_json

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False, places=4)
)
_BODIES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(_BODIES)
def test_what_is_written_reads_back_to_the_last_digit(body: object) -> None:
    assert json.loads(to_json(body), parse_float=Decimal) == body


def test_a_decimal_keeps_its_digits_and_never_an_exponent() -> None:
    assert to_json({"Rate": Decimal("117.5000"), "Big": Decimal("1E+3")}) == '{"Rate":117.5000,"Big":1000}'


def test_a_float_is_refused_with_the_place_where_it_hides() -> None:
    with pytest.raises(TypeError, match=r"body\.LineItems\[1\]\.Rate is a float"):
        to_json({"LineItems": [{"Rate": Decimal(1)}, {"Rate": 1.5}]})


def test_a_date_is_pointed_to_its_writer() -> None:
    with pytest.raises(TypeError, match="write_date"):
        to_json({"IssuedDate": date(2026, 3, 2)})


def test_nan_is_no_amount() -> None:
    with pytest.raises(ValueError, match=r"body\.Rate is NaN"):
        to_json({"Rate": Decimal("NaN")})
