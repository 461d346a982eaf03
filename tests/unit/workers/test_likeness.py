"""A match is certain or it is none: by name and what else agrees, never by the name's likeness alone."""

from __future__ import annotations

from typing import Any

import pytest

from canonical.address import Address
from canonical.customer import Contact, Customer
from workers.pairs.likeness import Likeness, candidates, likeness


def _customer(name: str = "Minster Books", **told: Any) -> Customer:
    postcode, email = told.pop("postcode", ""), told.pop("email", "")
    return Customer(
        name=name,
        address=Address(postcode=postcode) if postcode else None,
        contacts=(Contact(last_name="Okoro", email=email),) if email else (),
        **told,
    )


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (_customer(), _customer(), Likeness.SAME),
        (_customer(), _customer("Minster  Books"), Likeness.SAME),
        (_customer(), _customer("MINSTER BOOKS."), Likeness.DOUBTFUL),
        (_customer(), _customer("Minster Books (York)"), Likeness.OTHER),
        (_customer("!!!"), _customer("???"), Likeness.OTHER),
        (_customer(postcode="YO1 7HT"), _customer("MINSTER BOOKS", postcode="yo17ht"), Likeness.SAME),
        (_customer(email="Mina@m.test"), _customer("Minster books", email="mina@m.test"), Likeness.SAME),
        (_customer(vat_number="GB 123"), _customer("Minster books", vat_number="123"), Likeness.SAME),
        (_customer(postcode="YO1 7HT"), _customer(postcode="LS1 1AA"), Likeness.DOUBTFUL),
        (_customer(postcode="YO1 7HT"), _customer("MINSTER BOOKS"), Likeness.DOUBTFUL),
        (
            _customer(postcode="YO1 7HT", vat_number="123"),
            _customer(postcode="YO1 7HT", vat_number="456"),
            Likeness.DOUBTFUL,
        ),
        (
            _customer(postcode="YO1 7HT", email="a@m.test"),
            _customer(postcode="LS1 1AA", email="a@m.test"),
            Likeness.SAME,
        ),
    ],
)
def test_how_much_of_one_customer_is_in_another(one: Customer, other: Customer, expected: Likeness) -> None:
    assert likeness(one, other) is expected
    assert likeness(other, one) is expected


def test_the_candidates_are_those_with_the_name_and_nobody_else() -> None:
    ours = _customer(postcode="YO1 7HT")
    theirs = {
        "A": _customer(postcode="YO1 7HT"),
        "B": _customer(postcode="LS1 1AA"),
        "C": _customer("Another", postcode="YO1 7HT"),
    }

    found = candidates(ours, theirs)

    assert (set(found.same), set(found.doubtful), set(found.all)) == ({"A"}, {"B"}, {"A", "B"})
