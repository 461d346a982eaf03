"""Which KashFlow customers count as ours, and that the searches for them show every one that would."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.address import Address
from canonical.customer import Contact, Customer
from workers.targets.matching import matches, normalised, searches

LETTERS = "abcdeghimnorstuyzàçéèëíñôöšüß0123456789"
NAMES = st.lists(st.text(LETTERS, min_size=1, max_size=8), min_size=1, max_size=4).map(" ".join)


def _customer(name: str, **also: Any) -> Customer:
    return Customer(name=name, **also)


def _row(code: str, name: str, **also: Any) -> dict[str, Any]:
    return {"Code": code, "Name": name, **also}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller & Sons, Ltd.", "MULLER SONS LTD"),
        ("O'Neill", "ONeill"),
        ("3M", "3 M"),
        ("Straße", "STRASSE"),
        ("Αθηναϊκή (Κρήτη)", "αθηναϊκή κρήτη"),
        ("  Larkfield   Ceramics ", "Larkfield Ceramics"),
    ],
)
def test_case_accents_points_and_spaces_make_no_other_name(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bright and Sons", "Bright & Sons"),
        ("Larkfield", "Larkfield Ltd"),
        ("Ash 1", "Ash 2"),
        ("Αθηναϊκή", "Κρητική"),
        ("株式会社 ABC", "ABC"),
    ],
)
def test_another_word_is_another_name(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


def test_nobody_is_taken_by_guess() -> None:
    rows = [_row("A", "Larkfield Ceramics (York)"), _row("B", "Larkfeild Ceramics"), _row("C", "")]

    assert matches(_customer("Larkfield Ceramics"), rows) == []


def test_a_name_without_letters_and_digits_matches_nobody() -> None:
    assert matches(_customer("!!!"), [_row("A", "???"), _row("B", "")]) == []


def test_of_two_namesakes_the_one_with_our_email_is_meant() -> None:
    ours = _customer("Minster Books", contacts=(Contact(last_name="Okoro", email="Mina@Minster.example"),))
    rows = [
        _row("A", "Minster Books", Contacts=None),
        _row("B", "Minster Books", Contacts=[{"Email": "mina@minster.example"}]),
    ]

    assert [row["Code"] for row in matches(ours, rows)] == ["B"]


def test_two_namesakes_at_one_postcode_are_left_to_a_person() -> None:
    ours = _customer("Minster Books", address=Address(line1="1 Low Petergate", postcode="YO1 7HT"))
    rows = [_row(code, "Minster Books", Addresses=[{"PostCode": "YO17HT"}]) for code in "AB"]

    assert len(matches(ours, rows)) == 2


def _shown(filters: dict[str, str], name: str) -> bool:
    """Whether KashFlow's list shows a customer of this name under the filters, comparing letter by letter."""
    return all(
        name.lower().startswith(text.lower()) if kind == "namestartswith" else text.lower() in name.lower()
        for kind, text in filters.items()
    )


@given(name=NAMES, data=st.data())
def test_whoever_would_match_is_shown_by_one_of_the_searches(name: str, data: st.DataObject) -> None:
    spaces = st.sampled_from([" ", "  ", " - ", ", "])
    theirs = data.draw(spaces).join(name.split(" "))
    theirs = data.draw(st.sampled_from([theirs, theirs.upper(), theirs.title(), f"{theirs}."]))

    assert normalised(theirs) == normalised(name)
    assert any(_shown(filters, theirs) for filters in searches(name))


@given(name=st.text(min_size=1, max_size=40).filter(lambda text: text.strip()))
def test_no_search_is_for_nothing_which_would_list_everybody(name: str) -> None:
    for filters in searches(name):
        assert all(text.strip() for text in filters.values())
