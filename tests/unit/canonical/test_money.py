"""Money adds up to the penny, and nothing that is not exact gets in."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from canonical.money import Money, Number, Pence, VatRate, pence, share, times, vat_on
from tests.support.canonical import amounts, quantities, vat_rates

numbers = st.decimals("-99999999", "99999999", places=6)


@given(numbers)
def test_pence_are_never_more_than_half_a_penny_off(value: Decimal) -> None:
    assert abs(Fraction(pence(value)) - Fraction(value)) <= Fraction(1, 200)


@given(numbers)
def test_a_credit_mirrors_its_charge(value: Decimal) -> None:
    assert pence(-value) == -pence(value)


@pytest.mark.parametrize(("value", "rounded"), [("0.005", "0.01"), ("2.675", "2.68"), ("-0.005", "-0.01")])
def test_half_a_penny_goes_up(value: str, rounded: str) -> None:
    assert pence(Decimal(value)) == Decimal(rounded)


def test_there_is_no_negative_zero() -> None:
    assert str(pence(Decimal("-0.001"))) == "0.00"


@given(st.decimals("-9999999", "9999999", places=11), st.decimals("-9999999", "9999999", places=11))
def test_a_product_is_rounded_once(quantity: Decimal, rate: Decimal) -> None:
    exact = Fraction(quantity) * Fraction(rate)
    hundredths = abs(exact) * 100
    up = int(hundredths + Fraction(1, 2))

    assert abs(times(quantity, rate)) == Decimal(up) / 100


@given(amounts, quantities.filter(bool))
def test_a_share_times_its_quantity_is_near_the_total(total: Decimal, quantity: Decimal) -> None:
    assert (
        abs(Fraction(share(total, quantity)) * Fraction(quantity) - Fraction(total))
        <= Fraction(abs(quantity)) / 200
    )


@given(amounts, vat_rates)
def test_vat_is_the_percentage_rounded_half_up(net: Decimal, rate: Decimal) -> None:
    assert vat_on(net, rate) == (net * rate / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)


@given(amounts, amounts)
def test_adding_and_taking_away_come_back_to_the_start(one: Decimal, other: Decimal) -> None:
    money, more = Money(amount=one), Money(amount=other)

    assert money + more - more == money
    assert money - more == money + -more


def test_pounds_and_euros_do_not_add() -> None:
    with pytest.raises(ValueError, match="GBP and EUR"):
        Money(amount=Decimal(1)) + Money(amount=Decimal(1), currency="EUR")


def test_money_says_its_amount_and_currency() -> None:
    assert str(Money.model_validate({"amount": "117.5000"})) == "117.50 GBP"


@pytest.mark.parametrize("kind", [Pence, Number, VatRate])
@pytest.mark.parametrize(
    "value",
    [
        0.1,
        True,
        float("nan"),
        "NaN",
        "Infinity",
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("-Infinity"),
        "",
        "12,50",
        None,
    ],
)
def test_what_is_not_an_exact_number_is_refused(kind: type[Decimal], value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize("form", [str, Decimal])
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("0.005", "whole pence"),
        ("-9000000000000.001", "whole pence"),
        ("1e40", "18 digits"),
        ("-1e40", "18 digits"),
        ("1e1000000", "18 digits"),
        ("-1e1000000", "18 digits"),
    ],
)
def test_an_amount_that_no_till_holds_is_refused_with_the_reason(
    form: Callable[[str], object], value: str, reason: str
) -> None:
    with pytest.raises(ValidationError, match=f"(?s)amount.*{reason}"):
        Money.model_validate({"amount": form(value)})


@pytest.mark.parametrize("form", [str, Decimal])
@pytest.mark.parametrize("value", ["117.5000", "-117.50", "0", "999999999999.99", "1000000000000.10"])
def test_an_amount_is_the_same_whatever_it_is_read_from(form: Callable[[str], object], value: str) -> None:
    assert str(Money.model_validate({"amount": form(value)}).amount) == f"{Decimal(value):.2f}"


@pytest.mark.parametrize("rate", ["-1", "100.01"])
def test_a_vat_rate_is_between_nothing_and_all(rate: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(VatRate).validate_python(rate)


@pytest.mark.parametrize("code", ["gbp", "POUNDS", ""])
def test_a_currency_is_an_iso_code(code: str) -> None:
    with pytest.raises(ValidationError, match="currency"):
        Money(amount=Decimal(1), currency=code)
