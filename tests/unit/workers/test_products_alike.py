"""Which of two products is meant: by code and nominal, then by code and name; a doubt is never a match."""

from __future__ import annotations

import pytest

from canonical.product import Product
from workers.pairs.likeness import Likeness
from workers.pairs.products import PRODUCT, likeness

DESK = Product(name="Oak desk", code="DESK-O")


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (Product(name="Anything", code="DESK-O"), Likeness.SAME),
        (Product(name="Anything", code="desk-o"), Likeness.SAME),
        (Product(name="OAK  DESK", code="DESKO"), Likeness.SAME),
        (Product(name="Anything", code="DESKO"), Likeness.DOUBTFUL),
        (Product(name="Oak desk", code="OD-1"), Likeness.DOUBTFUL),
        (Product(name="Oak desk"), Likeness.DOUBTFUL),
        (Product(name="Elm desk", code="DESK-E"), Likeness.OTHER),
        (Product(name="Elm desk"), Likeness.OTHER),
    ],
)
def test_the_code_says_which_it_is_and_the_name_helps_where_it_is_spelled_differently(
    other: Product, expected: Likeness
) -> None:
    assert likeness(DESK, other) is expected
    assert likeness(other, DESK) is expected


def test_the_same_code_under_two_nominals_is_a_doubt() -> None:
    one, other = (DESK.model_copy(update={"nominal_code": code}) for code in ("4000", "4001"))

    assert likeness(one, other) is Likeness.DOUBTFUL
    assert likeness(one, DESK) is Likeness.SAME


def test_two_names_that_hold_no_letter_are_not_the_same() -> None:
    assert likeness(Product(name="+", code="A"), Product(name="*", code="B")) is Likeness.OTHER


def test_what_is_taken_is_a_candidate_only_by_its_code() -> None:
    theirs = {"4000/DESK-O": DESK, "4000/OD-1": Product(name="Oak desk", code="OD-1")}

    judged = PRODUCT.candidates(DESK, theirs, {"4000/DESK-O", "4000/OD-1"})

    assert (list(judged.same), list(judged.doubtful)) == (["4000/DESK-O"], [])
