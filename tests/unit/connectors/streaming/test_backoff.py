"""Waits grow, differ, and start over after a success."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from connectors.salesforce.streaming.backoff import Backoff, Pace
from connectors.salesforce.streaming.reactions import CHANNEL_PACES, REACTIONS
from connectors.salesforce.streaming.source import Counter
from connectors.salesforce.streaming.verdict import Meaning

PACE = Pace(1, 60)


def waits(backoff: Backoff, counter: Counter, times: int, pace: Pace = PACE) -> list[float]:
    return [backoff.after_failure(counter, pace) for _ in range(times)]


def test_waits_double_up_to_the_longest() -> None:
    assert [PACE.seconds(failures) for failures in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_the_first_failure_may_be_free() -> None:
    assert [Pace(5, 60, first_at_once=True).seconds(failures) for failures in range(4)] == [0, 5, 10, 20]


def test_what_fails_is_counted_apart() -> None:
    backoff = Backoff(random.Random(1))
    waits(backoff, Counter.CONNECT, 6)

    (wait,) = waits(backoff, Counter.SUBSCRIBE, 1)

    assert wait < 2


def test_a_reset_forgives_everything() -> None:
    backoff = Backoff(random.Random(1))
    for counter in Counter:
        waits(backoff, counter, 6)

    backoff.reset()

    assert all(waits(backoff, counter, 1)[0] < 2 for counter in Counter)


@given(
    failures=st.integers(0, 10_000),
    first=st.floats(0.1, 100),
    factor=st.floats(1, 100),
    seed=st.integers(),
)
def test_a_wait_is_never_shorter_than_its_pace_nor_much_longer(
    failures: int, first: float, factor: float, seed: int
) -> None:
    pace = Pace(first, first * factor)

    seconds = pace.seconds(failures)

    assert first <= seconds <= first * factor
    assert seconds <= Backoff(random.Random(seed)).stretched(seconds) <= seconds * 1.25


def test_each_meaning_has_exactly_one_reaction() -> None:
    handled_in_code = {Meaning.FINE, Meaning.POSITION_LOST}

    assert set(REACTIONS) | set(CHANNEL_PACES) | handled_in_code == set(Meaning)
    assert not set(REACTIONS) & set(CHANNEL_PACES)
