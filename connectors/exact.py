"""JSON numbers as exact decimals, for both APIs; refuses those that nobody could write out again."""

from __future__ import annotations

from decimal import Decimal

#: 1e999999999 is a short number of a thousand million digits: to write it out takes all time and memory there is.
MOST_PLACES = 1_000


def exact(text: str) -> Decimal:
    """The number, for `json.loads(parse_float=...)`. Raises ValueError for one that is too large or too fine."""
    try:
        number = Decimal(text)
    except ArithmeticError:
        raise ValueError("a number beyond all measure") from None
    if not number.is_finite() or abs(number.adjusted()) > MOST_PLACES:
        raise ValueError("a number beyond all measure")
    return number
