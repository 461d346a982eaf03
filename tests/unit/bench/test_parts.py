"""Parts of the benchmarks run in their order, and those that may keep each other company do where that is wanted."""

from __future__ import annotations

from bench.parts import COMPANY, PARTS, groups


def test_each_part_runs_by_itself_in_its_order() -> None:
    assert groups(PARTS, {}) == [(name,) for name in PARTS]


def test_company_runs_with_its_host_and_every_part_once() -> None:
    together = groups(PARTS, COMPANY)

    assert ("latency", "memory", "calls") in together
    assert sorted(name for group in together for name in group) == sorted(PARTS)


def test_a_part_whose_host_is_not_asked_for_runs_by_itself() -> None:
    assert groups(["calls", "scale"], COMPANY) == [("calls",), ("scale",)]
    assert groups(["latency"], COMPANY) == [("latency",)]
