"""Ages in words, and answers as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from console.operations.plain import as_plain, in_words


@dataclass(frozen=True)
class Inner:
    at: datetime | None


@dataclass(frozen=True)
class Outer:
    name: str
    parts: tuple[Inner, ...]


def test_dataclasses_at_any_depth_become_what_json_can_hold() -> None:
    value = Outer("x", (Inner(datetime(2026, 3, 2, 9, 0, tzinfo=UTC)), Inner(None)))

    assert json.loads(json.dumps(as_plain(value))) == {
        "name": "x",
        "parts": [{"at": "2026-03-02T09:00:00+00:00"}, {"at": None}],
    }


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "-"),
        (-3, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (125, "2 min 5 s"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
        (86400 * 3 + 7200, "3 d 2 h"),
    ],
)
def test_an_age_is_told_in_its_two_largest_units(seconds: float | None, words: str) -> None:
    assert in_words(seconds) == words
