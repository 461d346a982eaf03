"""JSON numbers as decimals: to the last digit, and never so large that they could not be written out again."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connectors.exact import exact


@pytest.mark.parametrize("text", ["0.1", "-0.0", "12.50", "1e5", "1E-7", "9" * 400 + ".5"])
def test_a_number_is_taken_to_the_last_digit(text: str) -> None:
    assert exact(text) == Decimal(text)


@pytest.mark.parametrize(
    "text", ["1e999999999", "1e-999999999", "0e999999999", "1e99999999999999999999", "x"]
)
def test_a_number_that_could_not_be_written_out_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="beyond all measure"):
        exact(text)
