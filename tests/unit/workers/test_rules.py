"""Waits between attempts: never below the first, never beyond the ceiling, and not all at the same instant."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from workers.rules import Rules

RULES = Rules()
ATTEMPTS = st.integers(min_value=1, max_value=10_000)
SEEDS = st.integers()


@given(attempts=ATTEMPTS, seed=SEEDS)
def test_a_backoff_stays_between_the_first_wait_and_the_ceiling(attempts: int, seed: int) -> None:
    wait = RULES.backoff(attempts, random.Random(seed))

    assert 0.8 * RULES.backoff_seconds <= wait <= 1.2 * RULES.backoff_ceiling_seconds


@given(attempts=st.integers(min_value=1, max_value=8), seed=SEEDS)
def test_each_backoff_is_about_twice_the_one_before(attempts: int, seed: int) -> None:
    same = [RULES.backoff(number, random.Random(seed)) for number in (attempts, attempts + 1)]

    assert same[1] == 2 * same[0]


@given(waited=st.floats(min_value=0, max_value=1e9), seed=SEEDS)
def test_holding_back_stays_between_the_first_wait_and_the_ceiling(waited: float, seed: int) -> None:
    wait = RULES.hold(waited, random.Random(seed))

    assert 0.8 * RULES.backoff_seconds <= wait <= 1.2 * RULES.backoff_ceiling_seconds


def test_two_workers_do_not_come_back_at_the_same_instant() -> None:
    assert len({RULES.backoff(3, random.Random(seed)) for seed in range(20)}) > 10


def test_the_attempts_of_one_delivery_span_a_lunch_break() -> None:
    rng = random.Random(1)

    assert 40 * 60 < sum(RULES.backoff(number, rng) for number in range(1, RULES.max_attempts)) < 90 * 60
