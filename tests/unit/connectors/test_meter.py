"""A meter asks before each call and always tells afterwards how it went, whatever happened in between."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from connectors.budget import (
    BudgetRules,
    BudgetState,
    ConcurrencyRules,
    Granted,
    LocalBudget,
    Outcome,
    Wait,
    Why,
)
from connectors.errors import (
    AnswerLost,
    Busy,
    ConnectorError,
    LoginPaused,
    NotAllowed,
    QuotaSpent,
    Refused,
    Unreachable,
)
from connectors.meter import NO_BUDGET, Meter
from tests.support.budgets import START, SetClock


@dataclass
class _Told:
    """A budget that grants what it is told to, and remembers what it hears."""

    answer: Granted | Wait = field(default_factory=lambda: Granted("lease-1"))
    asked: list[tuple[int, int]] = field(default_factory=list)
    heard: list[tuple[str, Outcome]] = field(default_factory=list)

    def spend(self, calls: int, priority: int, now: float | None = None) -> Granted | Wait:
        self.asked.append((calls, priority))
        return self.answer

    def done(self, lease: str, outcome: Outcome) -> None:
        self.heard.append((lease, outcome))

    def observe_usage(self, used: int, allowed: int) -> None: ...

    def state(self) -> BudgetState:
        raise NotImplementedError


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


def test_a_granted_call_is_made_and_its_time_is_told(clock: SetClock) -> None:
    budget = _Told()

    def request() -> str:
        clock.advance(1.5)
        return "the answer"

    assert Meter("kashflow", budget, clock).call(request, priority=1, calls=2) == "the answer"
    assert budget.asked == [(2, 1)]
    assert budget.heard == [("lease-1", Outcome(seconds=1.5, ok=True))]


def test_not_now_sends_nothing_and_says_how_long(clock: SetClock) -> None:
    budget = _Told(Wait(START + 30, Why.PAUSED))

    with pytest.raises(QuotaSpent) as refused:
        Meter("kashflow", budget, clock).call(lambda: pytest.fail("it was sent"), priority=0)

    assert refused.value.retry_after_seconds == 30
    assert (refused.value.code, refused.value.system) == (NO_BUDGET, "kashflow")
    assert not refused.value.may_have_happened
    assert budget.heard == []


def test_a_moment_that_has_passed_already_is_no_negative_wait(clock: SetClock) -> None:
    with pytest.raises(QuotaSpent) as refused:
        Meter("kashflow", _Told(Wait(START - 30, Why.BURST)), clock).call(lambda: None, priority=0)

    assert refused.value.retry_after_seconds == 0


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Refused("no", system="kashflow"), Outcome(0.0, ok=True)),
        (NotAllowed("no", system="kashflow"), Outcome(0.0, ok=True)),
        (Unreachable("no", system="kashflow"), Outcome(0.0, ok=False)),
        (AnswerLost("no", system="kashflow"), Outcome(0.0, ok=False)),
        (Busy("a lock", system="salesforce", status=400), Outcome(0.0, ok=False)),
        (Busy("no", system="kashflow", status=503), Outcome(0.0, ok=False, overloaded=True)),
        # Our own breaker sent nothing: the API must not be called overloaded for it.
        (LoginPaused("no", system="kashflow", retry_after_seconds=600), Outcome(0.0, ok=True)),
        (
            QuotaSpent("no", system="kashflow", retry_after_seconds=9),
            Outcome(0.0, ok=False, overloaded=True, retry_after_seconds=9),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_failure_is_told_for_what_it_says_about_the_api(
    clock: SetClock, error: ConnectorError, outcome: Outcome
) -> None:
    budget = _Told()

    def request() -> None:
        raise error

    with pytest.raises(type(error)):
        Meter("kashflow", budget, clock).call(request, priority=0)

    assert budget.heard == [("lease-1", outcome)]


@pytest.mark.parametrize("error", [KeyError("ours"), KeyboardInterrupt(), GeneratorExit()])
def test_a_lease_is_given_back_even_when_our_own_code_breaks(clock: SetClock, error: BaseException) -> None:
    budget = _Told()

    def request() -> None:
        raise error

    with pytest.raises(type(error)):
        Meter("kashflow", budget, clock).call(request, priority=0)

    assert [lease for lease, _ in budget.heard] == ["lease-1"]


def test_with_a_real_budget_no_slot_is_lost_to_calls_that_fail(clock: SetClock) -> None:
    budget = LocalBudget(BudgetRules(ConcurrencyRules(1, 1)), clock)
    meter = Meter("kashflow", budget, clock)

    def request() -> None:
        raise Refused("no", system="kashflow")

    for _ in range(5):
        with pytest.raises(Refused):
            meter.call(request, priority=0)
    assert budget.state().concurrency == 0
    assert meter.call(lambda: "through", priority=0) == "through"


def test_a_call_within_a_call_is_another_call(clock: SetClock) -> None:
    meter = Meter("kashflow", LocalBudget(BudgetRules(ConcurrencyRules(1, 1)), clock), clock)

    with pytest.raises(QuotaSpent, match="not now: concurrency"):
        meter.call(lambda: meter.call(lambda: None, priority=0), priority=0)


def test_a_patient_meter_waits_for_room_and_never_jumps_the_queue(clock: SetClock) -> None:
    budget = _Told(answer=Wait(until=clock.now + 7, why=Why.BURST))
    waited: list[float] = []

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        budget.answer = Granted("lease-1")
        return False

    patient = Meter("salesforce", budget, clock).patiently(wait, 9)

    assert patient.call(lambda: "answer", priority=0) == "answer"
    assert waited == [7]
    assert budget.asked == [(1, 9), (1, 9)]


@pytest.mark.parametrize("stops", [True, False])
def test_a_patient_meter_gives_up_when_it_is_told_to_stop_or_the_day_is_used_up(
    clock: SetClock, stops: bool
) -> None:
    budget = _Told(answer=Wait(until=clock.now + 50, why=Why.DAILY))
    waited: list[float] = []

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        return stops

    with pytest.raises(QuotaSpent) as refused:
        Meter("salesforce", budget, clock).patiently(wait, 9).call(lambda: "answer", priority=0)

    assert refused.value.code == NO_BUDGET
    assert waited == ([50] if stops else [50, 50])


def test_a_patient_meter_waits_no_longer_than_it_has_time_and_asks_the_rarer_the_longer_it_waits(
    clock: SetClock,
) -> None:
    budget = _Told(answer=Wait(until=clock.now + 0.1, why=Why.CONCURRENCY))
    waited: list[float] = []

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        return False

    with pytest.raises(QuotaSpent):
        Meter("kashflow", budget, clock).patiently(wait, 0, 5).call(lambda: "answer", priority=0)

    assert 4 < sum(waited) <= 5
    assert waited == sorted(waited)
    assert waited[0] == pytest.approx(0.1)
    assert waited[-1] > 5 * waited[0]


def test_a_patient_meter_does_not_wait_for_what_an_api_said(clock: SetClock) -> None:
    def turned_away() -> str:
        raise QuotaSpent("the day's calls are spent", system="salesforce", code="REQUEST_LIMIT_EXCEEDED")

    with pytest.raises(QuotaSpent, match="the day's calls"):
        Meter("salesforce", _Told(), clock).patiently(lambda _: False, 3).call(turned_away, priority=3)
