"""Which KashFlow customers count as ours, and that the searches for them show every one that would."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.address import Address
from canonical.customer import Contact, Customer
from canonical.names import normalised
from ledger.endings import Reason
from workers.targets.matching import agrees, differs, same_name, searches
from workers.targets.namesakes import Namesake, choose

LETTERS = "abcdeghimnorstuyzàçéèëíñôöšüß0123456789"
MINA = Contact(last_name="Okoro", email="Mina@Minster.example")
NAMES = st.lists(st.text(LETTERS, min_size=1, max_size=8), min_size=1, max_size=4).map(" ".join)


def _customer(name: str, **also: Any) -> Customer:
    return Customer(name=name, **also)


def _at(postcode: str, **also: Any) -> dict[str, Any]:
    return {"address": Address(line1="1 Low Petergate", postcode=postcode), **also}


def _numbered(postcode: str, vat_number: str) -> dict[str, Any]:
    return {"Addresses": [{"PostCode": postcode}], "VATNumber": vat_number}


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

    assert same_name("Larkfield Ceramics", rows) == []


def test_a_name_without_letters_and_digits_matches_nobody() -> None:
    assert same_name("!!!", [_row("A", "???"), _row("B", "")]) == []


@pytest.mark.parametrize(
    ("ours", "theirs", "agreed", "different"),
    [
        ({}, {}, False, False),
        (_at("YO1 7HT"), {"Addresses": [{"PostCode": "yo17ht"}]}, True, False),
        (_at("YO1 7HT"), {"Addresses": [{"PostCode": "LS1 1AA"}]}, False, True),
        (_at("YO1 7HT"), {"Addresses": [{"PostCode": ""}]}, False, False),
        (_at("YO1 7HT"), {"Addresses": None}, False, False),
        ({"vat_number": "GB 123 4567 89"}, {"VATNumber": "123456789"}, True, False),
        ({"vat_number": "GB123456789"}, {"VATNumber": "987654321"}, False, True),
        # One firm in two places has one VAT number; two firms in one house have two.
        (_at("YO1 7HT", vat_number="123456789"), _numbered("LS1 1AA", "123456789"), True, False),
        (_at("YO1 7HT", vat_number="123456789"), _numbered("YO1 7HT", "987654321"), False, True),
        (_at("YO1 7HT", vat_number="123456789"), _numbered("LS1 1AA", ""), False, True),
        ({"contacts": (MINA,)}, {"Contacts": [{"Email": "mina@minster.example"}]}, True, False),
        ({"contacts": (MINA,)}, {"Contacts": [{"Email": "al@minster.example"}]}, False, False),
    ],
)
def test_vat_number_before_postcode_says_whether_namesakes_are_one(
    ours: dict[str, Any], theirs: dict[str, Any], agreed: bool, different: bool
) -> None:
    customer, row = _customer("Minster Books", **ours), _row("A", "Minster Books", **theirs)

    assert (agrees(customer, row), differs(customer, row)) == (agreed, different)


OURS, OTHERS = "001000000000001AAA", "001000000000002AAA"


@pytest.mark.parametrize(
    ("namesakes", "chosen"),
    [
        ([], None),
        ([("FREE", {}, "")], "FREE"),
        ([("FREE1", {}, ""), ("FREE2", {}, "")], "ambiguous"),
        ([("FREE1", {}, ""), ("FREE2", {"Addresses": [{"PostCode": "YO1 7HT"}]}, "")], "FREE2"),
        ([(code, {"Addresses": [{"PostCode": "YO17HT"}]}, "") for code in ("FREE1", "FREE2")], "ambiguous"),
        ([("FREE1", {}, ""), ("NOTED", {}, OURS), ("TAKEN", {}, OTHERS)], "NOTED"),
        ([("TAKEN", {}, OTHERS)], "same_name"),
        ([("TAKEN", {}, OTHERS), ("FREE", {}, "")], "same_name"),
        ([("TAKEN", {}, OTHERS), ("FREE", {"Addresses": [{"PostCode": "YO1 7HT"}]}, "")], "FREE"),
        ([("TAKEN", {"Addresses": [{"PostCode": "LS1 1AA"}]}, OTHERS)], None),
        ([("TAKEN", {"Addresses": [{"PostCode": "LS1 1AA"}]}, OTHERS), ("FREE", {}, "")], "FREE"),
        (
            [(code, _numbered("LS1 1AA", ""), owner) for code, owner in (("TAKEN", OTHERS), ("FREE", ""))],
            None,
        ),
    ],
)
def test_of_namesakes_nobody_elses_is_taken_and_none_in_doubt(
    namesakes: list[tuple[str, dict[str, Any], str]], chosen: str | None
) -> None:
    ours = _customer("Minster Books", external_ids={"salesforce": OURS}, **_at("YO1 7HT"))
    found = [
        Namesake(_row(code, "Minster Books", **also), frozenset({owner} - {""}))
        for code, also, owner in namesakes
    ]

    answer = choose(ours, found)

    assert chosen == (answer.code if isinstance(answer, Reason) else answer and answer["Code"])


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


@pytest.mark.parametrize(("ours", "theirs"), [("ßen", "SSEN"), ("Élan", "ELAN"), ("3 M", "3M")])
def test_a_first_letter_is_looked_for_in_its_plain_form_too(ours: str, theirs: str) -> None:
    assert any(_shown(filters, theirs) for filters in searches(ours))


@given(name=st.text(min_size=1, max_size=40).filter(lambda text: text.strip()))
def test_no_search_is_for_nothing_which_would_list_everybody(name: str) -> None:
    for filters in searches(name):
        assert all(text.strip() for text in filters.values())
