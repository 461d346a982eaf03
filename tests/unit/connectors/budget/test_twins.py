"""Whatever happens in whatever order, both budgets answer alike and no limit is passed."""

from __future__ import annotations

import math
from typing import ClassVar

import redis
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from connectors.budget import (
    BudgetRules,
    BurstRules,
    ConcurrencyRules,
    DailyRules,
    Granted,
    LocalBudget,
    Outcome,
    RedisBudget,
    Wait,
)
from tests.support.budgets import SetClock

SHARES = (1.0, 0.8, 0.5)

rules_of_an_api = st.builds(
    BudgetRules,
    concurrency=st.builds(
        lambda least, more: ConcurrencyRules(least, least + more), st.integers(1, 3), st.integers(0, 4)
    ),
    daily=st.builds(
        lambda allowed: DailyRules(allowed, SHARES, window_seconds=960, slice_seconds=10),
        st.integers(0, 60),
    ),
    burst=st.none() | st.builds(BurstRules, st.floats(0.1, 5), st.integers(5, 20)),
    lease_seconds=st.sampled_from([5.0, 40.0]),
)
outcomes = st.builds(
    Outcome,
    seconds=st.floats(0, 20),
    ok=st.booleans(),
    overloaded=st.booleans(),
    retry_after_seconds=st.none() | st.floats(0, 50),
)


class TwoBudgets(RuleBasedStateMachine):
    """The shared and the local budget side by side, and a plain record of what they granted."""

    client: ClassVar[redis.Redis]
    leases = Bundle("leases")

    def __init__(self) -> None:
        super().__init__()
        self.clock = SetClock()
        self.grants: list[tuple[float, int]] = []
        self.ends: dict[str, float] = {}

    @initialize(limits=rules_of_an_api)
    def open(self, limits: BudgetRules) -> None:
        self.client.flushdb()
        self.limits = limits
        self.local = LocalBudget(limits, self.clock)
        self.shared = RedisBudget(self.client, "twin", limits, self.clock)

    @rule(target=leases, calls=st.integers(1, 5), priority=st.integers(0, 3))
    def spend(self, calls: int, priority: int) -> object:
        paused_until = self.local.state().paused_until
        local, shared = self.local.spend(calls, priority), self.shared.spend(calls, priority)
        match local, shared:
            case Wait(), Wait():
                assert local.why is shared.why
                assert math.isclose(local.until, shared.until, abs_tol=1e-6)
                assert local.until > self.clock.now
                return multiple()
            case Granted(), Granted():
                assert paused_until is None
                self.grants.append((self.clock.now, calls))
                self.ends[local.lease] = self.clock.now + self.limits.lease_seconds
                self.assert_the_day_is_not_passed(priority)
                self.assert_no_burst_is_passed()
                return local.lease, shared.lease
        raise AssertionError(f"the twins disagree: {local} and {shared}")

    @rule(pair=consumes(leases), outcome=outcomes)
    def done(self, pair: tuple[str, str], outcome: Outcome) -> None:
        self.local.done(pair[0], outcome)
        self.shared.done(pair[1], outcome)
        self.ends.pop(pair[0])

    @rule(seconds=st.sampled_from([0.1, 1.0, 7.5, 60.0, 500.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @invariant()
    def no_more_leases_are_out_than_slots_exist(self) -> None:
        out = sum(ends > self.clock.now for ends in self.ends.values())
        assert out <= self.limits.concurrency.most

    @invariant()
    def the_twins_tell_the_same_state(self) -> None:
        state = self.local.state()
        assert state == self.shared.state()
        assert self.limits.concurrency.least <= state.concurrency_limit <= self.limits.concurrency.most

    def assert_the_day_is_not_passed(self, priority: int) -> None:
        daily = self.limits.daily
        assert daily is not None
        used = sum(calls for at, calls in self.grants if at > self.clock.now - daily.window_seconds)
        assert used <= math.floor(daily.allowed * daily.share(priority))

    def assert_no_burst_is_passed(self) -> None:
        burst = self.limits.burst
        if burst is None:
            return
        since = 0
        for at, calls in reversed(self.grants):
            since += calls
            assert since <= burst.bucket + burst.calls_per_second * (self.clock.now - at) + 0.01


class TwoBudgetsOfATalkingApi(TwoBudgets):
    """The same while the API tells figures of its own; the calls that others make are in them."""

    @rule(used=st.integers(0, 80), allowed=st.integers(1, 80))
    def the_api_tells(self, used: int, allowed: int) -> None:
        self.local.observe_usage(used, allowed)
        self.shared.observe_usage(used, allowed)

    def assert_the_day_is_not_passed(self, priority: int) -> None:
        daily, state = self.limits.daily, self.local.state()
        assert daily is not None
        assert state.allowed is not None
        assert state.used <= math.floor(state.allowed * daily.share(priority))


SETTINGS = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_the_twins_agree_and_no_limit_is_ever_passed(valkey_url: str) -> None:
    with redis.Redis.from_url(valkey_url) as client:
        TwoBudgets.client = client
        run_state_machine_as_test(TwoBudgets, settings=SETTINGS)


def test_the_twins_agree_while_the_api_tells_figures_of_its_own(valkey_url: str) -> None:
    with redis.Redis.from_url(valkey_url) as client:
        TwoBudgetsOfATalkingApi.client = client
        run_state_machine_as_test(TwoBudgetsOfATalkingApi, settings=SETTINGS)
