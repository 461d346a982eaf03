"""YAML is read without surprises, and every fault knows its line."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mappings.document import Document, Scalar, Wrong, entries, items, scalar
from tests.support.mappings import node_of


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("30", 30),
        ("-3", -3),
        ("0", 0),
        ("17.5", Decimal("17.5")),
        ("007", "007"),
        ("2026-01-31", "2026-01-31"),
        ("12:30", "12:30"),
        ("'30'", "30"),
        ("'true'", "true"),
        ("1.2.3", "1.2.3"),
        ("SF-", "SF-"),
    ],
)
def test_a_scalar_means_what_it_looks_like(written: str, value: Scalar) -> None:
    found = scalar(node_of(written))

    assert found == value
    assert type(found) is type(value)


def test_norway_is_a_key_like_any_other() -> None:
    assert list(entries(node_of("{NO: 0, GB: 20, on: 1}"))) == ["NO", "GB", "on"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{a: 1, a: 2}", "'a' is there twice"),
        ("{c: 1}", "unknown key 'c'; expected one of a, b"),
        ("{b: 1}", "lacks a"),
        ("[1]", r"expected a mapping \(key: value\), found a list"),
        ("{[x]: 1}", "expected text, found a list"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(written: str, said: str) -> None:
    with pytest.raises(Wrong, match=said):
        entries(node_of(written), ("a", "b"), needed=("a",))


def test_a_fault_names_file_and_line() -> None:
    document = Document("salesforce/x.yaml")

    with document.gathering():
        items(entries(node_of("a: 1\nb:\n  c: 2"))["b"])

    assert [str(fault) for fault in document.faults] == [
        "salesforce/x.yaml:3: expected a list, found a mapping"
    ]


def test_another_error_is_not_taken_for_a_fault() -> None:
    document = Document("x.yaml")

    with pytest.raises(KeyError), document.gathering():
        raise KeyError("a mistake of ours")

    assert not document.faults


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: [1\nb: 2", 2, "not YAML"),
        ("a: 1\n\tb: 2", 2, "not YAML"),
        ("", 1, "is empty"),
        ("# nothing", 1, "is empty"),
        ("a: 1\n--- \nb: 2", 2, "not YAML"),
        ("a: \x00", 0, "not YAML"),
    ],
)
def test_what_is_not_yaml_is_a_fault_with_its_line(text: str, line: int, said: str) -> None:
    document = Document("x.yaml")

    assert document.parse(text) is None
    assert document.faults[0].line == line
    assert said in document.faults[0].message
