"""Money, percentages and the one way we round: half up, to the penny. Knows nothing of invoices."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Annotated, Self, cast

from pydantic import (
    BeforeValidator,
    Field,
    StringConstraints,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from canonical.shape import Noun, no_float

#: Wide enough that a product of two 18 digit numbers is exact, so that nothing is rounded twice.
_WIDE = Context(prec=60, rounding=ROUND_HALF_UP)
_PENNY = Decimal("0.01")
#: Whole pence below it have fewer digits than the types here allow.
_USUAL = Decimal(10) ** 12


def pence(value: Decimal) -> Decimal:
    """`value` to two decimals, half up and away from zero, so that a credit note mirrors its invoice."""
    return value.quantize(_PENNY, context=_WIDE) + 0


def times(quantity: Decimal, rate: Decimal) -> Decimal:
    """`quantity` x `rate` in pence, rounded once."""
    return pence(_WIDE.multiply(quantity, rate))


def share(total: Decimal, quantity: Decimal) -> Decimal:
    """`total` / `quantity` in pence. `quantity` is not zero."""
    return pence(_WIDE.divide(total, quantity))


def vat_on(net: Decimal, rate: Decimal) -> Decimal:
    """The VAT in pence on `net` at `rate` percent."""
    return times(net, _WIDE.divide(rate, Decimal(100)))


def plain(number: Decimal) -> str:
    """`number` as a person writes it: no exponent, no trailing zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _whole_pence(value: object, check: ValidatorFunctionWrapHandler) -> Decimal:
    """One call for what most amounts are; `check` is for all others, and costs as much again."""
    is_usual = isinstance(value, Decimal) and value.is_finite() and -_USUAL < value < _USUAL
    number = cast("Decimal", value if is_usual else check(no_float(value)))
    rounded = pence(number)
    if rounded != number:
        raise ValueError("must be whole pence: at most two decimals")
    return rounded


# Behind the Field in both types that have it: pydantic then checks the Field's bounds in its own, fast code.
_EXACT = BeforeValidator(no_float)

#: A number of at most 18 digits: quantities and unit prices.
Number = Annotated[Decimal, Field(max_digits=18), _EXACT]

#: An amount in whole pence; `117.5000` becomes `117.50`, `117.505` is refused.
Pence = Annotated[Decimal, Field(max_digits=18), WrapValidator(_whole_pence)]

#: A VAT rate in percent: 20 means 20 %.
VatRate = Annotated[Decimal, Field(ge=0, le=100, max_digits=7), _EXACT]

#: An ISO 4217 code.
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class Money(Noun):
    """An amount of one currency. Adding and subtracting need the same currency, else `ValueError`."""

    amount: Pence
    currency: Currency = "GBP"

    def __add__(self, other: Money) -> Self:
        return self._with(self.amount + self._comparable(other).amount)

    def __sub__(self, other: Money) -> Self:
        return self._with(self.amount - self._comparable(other).amount)

    def __neg__(self) -> Self:
        return self._with(-self.amount)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def _with(self, amount: Decimal) -> Self:
        return type(self)(amount=amount, currency=self.currency)

    def _comparable(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"cannot put {self.currency} and {other.currency} together")
        return other
