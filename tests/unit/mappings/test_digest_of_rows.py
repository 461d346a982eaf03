"""What counts as a change to the poll: what the row says, not what moves by itself, and never its spelling."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.digest import VOLATILE, as_far_as_shown, kashflow_row_digest, says_more

digest_of = partial(kashflow_row_digest, "Invoice")

NAMES = st.sampled_from(["Id", "Number", "Status", "DueAmount", "CustomerReference", "IssuedDate"])
VALUES = st.one_of(
    st.text(max_size=20),
    st.integers(),
    st.none(),
    st.booleans(),
    st.decimals(allow_nan=False, allow_infinity=False, places=2),
)
ROWS = st.dictionaries(NAMES, VALUES, max_size=6)
NOISE = st.dictionaries(st.sampled_from(sorted(VOLATILE["Invoice"])), VALUES)


@given(row=ROWS, before=NOISE, after=NOISE)
def test_what_moves_by_itself_is_no_change(
    row: dict[str, object], before: dict[str, object], after: dict[str, object]
) -> None:
    assert digest_of({**row, **before}) == digest_of({**row, **after})


@given(row=ROWS, order=st.randoms(use_true_random=False))
def test_the_order_of_the_fields_is_no_change(row: dict[str, object], order: object) -> None:
    names = list(row)
    order.shuffle(names)  # type: ignore[attr-defined]  # hypothesis gives a random.Random

    assert digest_of({name: row[name] for name in names}) == digest_of(row)


@given(row=ROWS, name=NAMES, value=VALUES)
def test_another_value_is_a_change(row: dict[str, object], name: str, value: object) -> None:
    changed = {**row, name: value}

    assert (digest_of(changed) == digest_of(row)) is (_said(row.get(name)) == _said(value))


def _said(value: object) -> tuple[str, object] | None:
    """12 and 12.00 say the same, 1 and True do not."""
    if value is None:
        return None
    kind = (
        "number" if isinstance(value, int | Decimal) and not isinstance(value, bool) else type(value).__name__
    )
    return kind, value


def test_collections_that_a_list_leaves_out_or_empties_are_no_change() -> None:
    row = {"Id": 810001, "Status": "Unpaid", "DueAmount": Decimal("12.00")}

    assert digest_of({**row, "LineItems": [], "PaymentLines": [{"Id": 1}]}) == digest_of(row)
    assert digest_of({**row, "LineItems": None, "PaymentLines": None}) == digest_of(row)


def test_a_payment_is_a_change() -> None:
    unpaid = {"Id": 810001, "Status": "Unpaid", "TotalPaidAmount": Decimal("0.00")}

    assert digest_of({**unpaid, "TotalPaidAmount": Decimal("5.00")}) != digest_of(unpaid)


CUSTOMER = {"Code": "BRIG01", "Name": "Bright", "Contacts": [{"Email": "a@b.test"}], "Addresses": []}


def test_an_edited_contact_shows_in_the_row_of_a_customer() -> None:
    edited = CUSTOMER | {"Contacts": [{"Email": "c@b.test"}]}

    before, after = (kashflow_row_digest("Customer", row) for row in (CUSTOMER, edited))
    assert as_far_as_shown(after, before) != before
    assert not says_more(after, before)


@pytest.mark.parametrize(
    "hidden", [{"Contacts": None}, {"Addresses": None}, {"Contacts": None, "Addresses": None}]
)
def test_a_row_that_hides_its_collections_is_no_news_and_neither_is_one_that_shows_them_again(
    hidden: dict[str, None],
) -> None:
    whole = kashflow_row_digest("Customer", CUSTOMER)
    bare = kashflow_row_digest("Customer", CUSTOMER | hidden)

    assert as_far_as_shown(bare, whole) == whole
    assert says_more(whole, bare)
    renamed = kashflow_row_digest("Customer", CUSTOMER | hidden | {"Name": "Brighter"})
    assert as_far_as_shown(renamed, whole) != whole
    assert not says_more(kashflow_row_digest("Customer", CUSTOMER | {"Name": "Brighter"}), bare)
