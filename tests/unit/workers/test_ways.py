"""From how many records on a Bulk job pays, by calls and by seconds: arithmetic with the reference's figures."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from workers.ways import (
    CALLS_OF_A_JOB,
    Cost,
    Pace,
    bulk_pays,
    by_bulk,
    by_collections,
    by_query,
    by_query_job,
    pauses,
    query_job_pays,
)

PACE = Pace()


def _threshold(pace: Pace) -> int:
    return next(rows for rows in range(1, 1_000_000) if bulk_pays(rows, pace))


def test_collections_take_a_call_for_each_two_hundred_records() -> None:
    assert [by_collections(rows, PACE).calls for rows in (1, 200, 201, 10_000)] == [1, 1, 2, 50]
    assert by_collections(1_000, PACE).seconds == 5 * PACE.collections_seconds


def test_a_job_takes_its_six_calls_and_one_for_each_look_at_it() -> None:
    # 10 s until it begins and 10 s for 2,000 rows: looked at after 1, 3, 7, 15 and 31 seconds.
    cost = by_bulk(2_000, PACE)

    assert cost.calls == CALLS_OF_A_JOB + 5
    assert cost.seconds == 31 + cost.calls * PACE.call_seconds


def test_calls_and_seconds_are_weighed_by_what_a_call_is_worth() -> None:
    assert Cost(calls=10, seconds=5).weight(replace(PACE, call_worth_seconds=2)) == 25


def test_a_job_pays_above_some_two_thousand_records_as_the_reference_advises() -> None:
    assert 2_000 < _threshold(PACE) < 2_500


def test_once_it_pays_it_pays_for_all_larger_backlogs() -> None:
    answers = [bulk_pays(rows, PACE) for rows in range(1, PACE.most_rows + 1)]

    assert not any(before and not after for before, after in pairwise(answers))


def test_where_calls_are_plenty_and_collections_fast_a_job_pays_later() -> None:
    assert _threshold(replace(PACE, call_worth_seconds=0.5, collections_seconds=1.0)) > _threshold(PACE)


def test_where_an_org_is_slow_with_collections_a_job_pays_sooner() -> None:
    assert _threshold(replace(PACE, collections_seconds=40.0)) == 201


def test_the_looks_at_a_job_grow_rarer_and_end_with_the_patience() -> None:
    assert list(pauses(100)) == [1, 2, 4, 8, 16, 30, 30, 9]


def test_a_query_job_pays_above_some_twenty_thousand_records() -> None:
    threshold = next(rows for rows in range(1, 1_000_000) if query_job_pays(rows, PACE))

    assert 15_000 < threshold < 25_000
    assert by_query(20_000, PACE).calls == 10
    # Create, delete, one page of results; looked at after 1, 3, 7 and 15 seconds.
    assert by_query_job(20_000, PACE).calls == 2 + 1 + 4
    assert by_query(0, PACE).calls == 1
