"""Values that mean the same are equal, however they are spelled; and what is not the same is not made so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.customer import Customer
from mappings.golden.alike import alike, mark_of, normal, region_of
from mappings.golden.record import Value
from mappings.golden.spread import FIELDS


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("address.postcode", "YO1 7HT", "yo17ht"),
        ("contact.phone", "0113 496 0001", "+44 113 496 0001"),
        ("contact.phone", "0113 496 0001", "+44 (0)113 4960001"),
        ("contact.mobile", "07700 900123 ext. 4", "+447700900123 x4"),
        ("contact.phone", "ask for Mina", "Ask for Mina"),
        ("contact.email", "Mina@Minster.example", "mina@minster.example "),
        ("vat_number", "GB 123 4567 89", "123456789"),
        ("code", "minst01", "MINST01"),
        ("name", "Minster  Books", "Minster Books"),
        ("name", "Cafe\u0301", "Café"),
        ("address.town", "", None),
        ("address.town", "  ", None),
        ("custom.region", "North\nEast", "North East"),
    ],
)
def test_spellings_of_one_value_are_alike(field: str, one: Value, other: Value) -> None:
    assert alike(field, one, other)


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("name", "Minster Books", "MINSTER BOOKS"),
        ("name", "Minster Books", "Minster Books."),
        ("contact.phone", "0113 496 0001", "0113 496 0002"),
        ("contact.phone", "07700 900123 ext. 4", "07700 900123"),
        ("vat_number", "FR123456789", "GB123456789"),
        ("address.postcode", "YO1 7HT", "YO1 7HU"),
        ("address.town", "Leeds", None),
        ("payment_terms_days", 30, 14),
        ("payment_terms_days", 0, None),
        ("is_archived", False, None),
        ("is_archived", False, True),
    ],
)
def test_other_values_are_not(field: str, one: Value, other: Value) -> None:
    assert not alike(field, one, other)


def test_a_number_without_a_country_code_is_from_the_country_of_the_address() -> None:
    region = region_of({"address.country": None}, {"address.country": "IE"})

    assert alike("contact.phone", "01 234 5678", "+353 1 234 5678", region)
    assert not alike("contact.phone", "01 234 5678", "+353 1 234 5678")


fields = st.sampled_from(sorted(FIELDS[Customer]))
values = st.one_of(st.none(), st.text(max_size=20), st.integers(0, 365), st.booleans())


@given(fields, values, values, values)
def test_to_be_alike_is_an_equivalence(field: str, one: Value, two: Value, three: Value) -> None:
    assert alike(field, one, one)
    assert alike(field, one, two) == alike(field, two, one)
    if alike(field, one, two) and alike(field, two, three):
        assert alike(field, one, three)


@given(fields, values)
def test_the_form_that_spellings_share_is_one_of_them(field: str, value: Value) -> None:
    assert alike(field, value, normal(field, value))


@given(fields, values, values)
def test_marks_tell_values_apart_and_do_not_hold_them(field: str, one: Value, two: Value) -> None:
    if type(one) is type(two):
        assert (mark_of(field, one) == mark_of(field, two)) == alike(field, one, two)
    if isinstance(one, str) and len(one) > 12:
        assert one not in mark_of(field, one)
