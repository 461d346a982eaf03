"""A filter is written as words, read back as written, and refused with a remedy where it means nothing."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.selection import WORDS, BadSelection, Selection

WORD = st.text("abcXYZ.019_-: é", min_size=1).filter(str.strip)
MOMENT = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
SELECTIONS = st.builds(
    Selection,
    ids=st.lists(st.integers(1, 10**12), max_size=3).map(tuple),
    queue=WORD,
    code=WORD,
    records=st.lists(st.from_regex(r"006[A-Z0-9]{15}", fullmatch=True), max_size=3).map(tuple),
    text=st.just("") | WORD,
    since=st.none() | MOMENT,
    until=st.none() | MOMENT,
)


@given(SELECTIONS)
def test_what_a_filter_says_of_itself_is_read_as_the_same_filter(selection: Selection) -> None:
    assert Selection.parse(shlex.split(selection.in_words)) == selection


@given(SELECTIONS)
def test_a_filter_is_kept_with_its_operation_as_json_and_comes_back(selection: Selection) -> None:
    assert Selection.from_plain(selection.as_plain()) == selection


def test_ids_and_records_may_be_given_several_times_and_several_at_once() -> None:
    chosen = Selection.parse(["id:1,2", "id:3", "record:a", "record:b,c"])

    assert chosen == Selection(ids=(1, 2, 3), records=("a", "b", "c"))


def test_a_word_without_a_colon_is_looked_for_in_the_reason() -> None:
    assert Selection.parse(["VAT rate"]) == Selection(text="VAT rate")


def test_a_day_means_its_first_moment_in_utc() -> None:
    assert Selection.parse(["since:2026-03-01"]) == Selection(since=datetime(2026, 3, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["colour:red"], "'colour' is nothing to choose by"),
        (["queue:"], "says nothing after the colon"),
        (["id:seven"], "expected numbers"),
        (["since:yesterday"], "expected a UTC time such as 2026-03-01"),
        (["queue:a", "queue:b"], "was given before"),
    ],
)
def test_a_filter_that_means_nothing_is_refused_with_what_would(words: list[str], said: str) -> None:
    with pytest.raises(BadSelection, match=said):
        Selection.parse(words)


def test_every_field_of_a_filter_can_be_written() -> None:
    assert set(WORDS.values()) == set(Selection.__dataclass_fields__)
