"""A benchmark says honestly what it found: medians, what must be reached, and every round."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.figures import Figure, Part, ratios


@pytest.mark.parametrize(
    ("rounds", "at_least", "at_most", "is_good", "mark"),
    [
        ((1.0, 9.0, 5.0), 5.0, None, True, "✓"),
        ((1.0, 9.0, 4.9), 5.0, None, False, "✗"),
        ((1.0, 9.0, 5.0), None, 5.0, True, "✓"),
        ((1.0, 9.0, 5.1), None, 5.0, False, "✗"),
        ((1.0, 9.0, 5.0), None, None, True, ""),
    ],
)
def test_the_median_is_what_is_judged(
    rounds: tuple[float, ...], at_least: float | None, at_most: float | None, is_good: bool, mark: str
) -> None:
    figure = Figure("changes a second", "1/s", rounds, at_least=at_least, at_most=at_most)

    assert (figure.is_good, figure.mark) == (is_good, mark)


def test_a_part_is_good_when_all_its_figures_are() -> None:
    good = Figure("good", "s", (1.0,), at_most=2.0)
    bad = Figure("bad", "s", (3.0,), at_most=2.0)

    assert Part("part", "A part", (good,), seconds=1, load=0).is_good
    assert not Part("part", "A part", (good, bad), seconds=1, load=0).is_good


def test_what_is_kept_holds_every_round_and_what_had_to_be_reached(tmp_path: Path) -> None:
    figure = Figure("first claim", "s", (1.5, 1.2, 1.9), at_most=2.0, peak_mib=131.0)

    kept = json.loads(Part("startup", "Start-up", (figure,), seconds=3, load=0.5).keep(tmp_path).read_text())

    (told,) = kept["figures"]
    assert (told["rounds"], told["median"], told["at_most"], told["is_good"]) == (
        [1.5, 1.2, 1.9],
        1.5,
        2.0,
        True,
    )
    assert kept["load_before"] == 0.5


def test_a_table_leaves_out_columns_that_nobody_fills() -> None:
    part = Part("startup", "Start-up", (Figure("first claim", "s", (1.5,), at_most=2.0),), seconds=3, load=0)

    assert part.table().splitlines()[2:] == [
        "| figure      | median | unit | needed |   | rounds |",
        "|-------------|--------|------|--------|---|--------|",
        "| first claim | 1.5    | s    | ≤ 2    | ✓ | 1.5    |",
    ]


def test_ratios_are_taken_round_by_round() -> None:
    assert ratios([10.0, 6.0], [2.0, 3.0]) == (5.0, 2.0)
