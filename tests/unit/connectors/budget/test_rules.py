"""Rules that could never grant anything are refused before anybody spends by them."""

from __future__ import annotations

import pytest

from connectors.budget import KASHFLOW, SALESFORCE, BurstRules, ConcurrencyRules, DailyRules


@pytest.mark.parametrize(("least", "most"), [(0, 4), (5, 4), (-1, -1)])
def test_concurrency_needs_a_slot_and_an_order(least: int, most: int) -> None:
    with pytest.raises(ValueError, match="concurrency"):
        ConcurrencyRules(least, most)


@pytest.mark.parametrize(("rate", "bucket"), [(0, 10), (5, 0), (-1, 10)])
def test_a_bucket_that_never_fills_is_refused(rate: float, bucket: float) -> None:
    with pytest.raises(ValueError, match="bucket"):
        BurstRules(rate, bucket)


@pytest.mark.parametrize("shares", [(), (1.5,), (1.0, -0.1)])
def test_a_share_is_between_nothing_and_all(shares: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="shares"):
        DailyRules(allowed=100, shares=shares)


def test_invoices_may_use_the_entire_day_and_backfill_the_least() -> None:
    daily = SALESFORCE.daily
    assert daily is not None

    shares = [daily.share(priority) for priority in range(10)]

    assert shares[0] == 1.0
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] == 0.5


def test_a_single_process_keeps_a_slot_however_many_there_are() -> None:
    alone = KASHFLOW.for_one_of(50).concurrency

    assert (alone.least, alone.most) == (1, 1)
