"""Every foreign call goes through a meter: it asks the budget first and tells it afterwards how the call went."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from connectors.budget import Budget, Granted, Outcome, Wait, Why
from connectors.errors import ConnectorError, LoginPaused, NotNow, QuotaSpent

Answer = TypeVar("Answer")

#: The code of the QuotaSpent that our own budget raises: nothing was sent.
NO_BUDGET = "budget"

#: How long a patient caller waits for room.
MOST_SECONDS = 120.0
#: And how long a worker does with a batch in its hands: to put that down and take it up again costs more than so short a wait.
BRIEF_SECONDS = 5.0
#: Where the budget names no time.
USUAL_SECONDS = 1.0
#: And where it names hardly any.
LEAST_SECONDS = 0.05

#: What a server says when it is asked too much. One cut connection or one lock says nothing of the kind, and must not
#: send everybody away: it only lowers the number of calls side by side.
OVERLOADED = frozenset({429, 503})


class Meter:
    """Spends from the budget of one API. `clock` is epoch seconds, the budget's own."""

    def __init__(self, system: str, budget: Budget, clock: Callable[[], float] = time.time) -> None:
        self._system = system
        self._budget = budget
        self._clock = clock

    def call(self, request: Callable[[], Answer], *, priority: int, calls: int = 1) -> Answer:
        """The answer of `request`, which costs `calls` calls.

        Raises QuotaSpent, with the seconds to wait, when the budget says "not now"; nothing was sent then.
        """
        match self._budget.spend(calls, priority, self._clock()):
            case Wait(until=until, why=why):
                raise self._not_now(why, max(0.0, until - self._clock()))
            case Granted(lease=lease):
                return self._measured(request, lease)

    def patiently(
        self,
        wait: Callable[[float], bool],
        priority: int,
        most_seconds: float = MOST_SECONDS,
        most_calls: int = 64,
    ) -> PatientMeter:
        """A meter of the same budget for somebody who has time; see PatientMeter."""
        return PatientMeter(
            self._system,
            self._budget,
            self._clock,
            wait=wait,
            priority=priority,
            most_seconds=most_seconds,
            most_calls=most_calls,
        )

    def _not_now(self, why: Why, seconds: float) -> QuotaSpent:
        text = f"not now: {why}"
        return QuotaSpent(text, system=self._system, code=NO_BUDGET, retry_after_seconds=seconds)

    def _measured(self, request: Callable[[], Answer], lease: str) -> Answer:
        started = self._clock()
        outcome = Outcome(seconds=0.0, ok=False, overloaded=False, retry_after_seconds=None)
        try:
            answer = request()
            outcome = Outcome(self._clock() - started, ok=True, overloaded=False, retry_after_seconds=None)
            return answer
        except ConnectorError as error:
            outcome = _outcome_of(error, self._clock() - started)
            raise
        finally:
            self._budget.done(lease, outcome)


class PatientMeter(Meter):
    """Waits until there is room, `most_seconds` at most, and is never more urgent than `priority`. `wait` rests for so many
    seconds, and answers true when it is time to stop.

    Of its threads `most_calls` ask the budget at a time; the others wait for one of these, and go on at once when it is done.
    """

    def __init__(
        self,
        system: str,
        budget: Budget,
        clock: Callable[[], float],
        *,
        wait: Callable[[float], bool],
        priority: int,
        most_seconds: float,
        most_calls: int,
    ) -> None:
        super().__init__(system, budget, clock)
        self._wait = wait
        self._priority = priority
        self._most_seconds = most_seconds
        self._turns = threading.BoundedSemaphore(most_calls)

    def call(self, request: Callable[[], Answer], *, priority: int, calls: int = 1) -> Answer:
        """Raises QuotaSpent when there was no room for `most_seconds`, or it is known that there will be none, as when the
        day's share is used up, or it is time to stop."""
        if not self._turns.acquire(timeout=self._most_seconds):
            raise self._not_now(Why.CONCURRENCY, LEAST_SECONDS)
        try:
            return self._when_there_is_room(request, max(priority, self._priority), calls)
        finally:
            self._turns.release()

    def _when_there_is_room(self, request: Callable[[], Answer], priority: int, calls: int) -> Answer:
        waited = 0.0
        while True:
            try:
                return super().call(request, priority=priority, calls=calls)
            except QuotaSpent as error:
                # The longer it lasts the rarer the question, for many may be waiting.
                seconds = max(error.retry_after_seconds or USUAL_SECONDS, LEAST_SECONDS, waited / 4)
                waited += seconds
                if error.code != NO_BUDGET or waited > self._most_seconds or self._wait(seconds):
                    raise


def _outcome_of(error: ConnectorError, seconds: float) -> Outcome:
    """What a failed call says about how loaded the API is. A refusal is an answer like any other, and a pause of our
    own login breaker no answer at all: neither says anything."""
    if not isinstance(error, NotNow) or isinstance(error, LoginPaused):
        return Outcome(seconds, ok=True, overloaded=False, retry_after_seconds=None)
    return Outcome(
        seconds,
        ok=False,
        overloaded=isinstance(error, QuotaSpent) or error.status in OVERLOADED,
        retry_after_seconds=error.retry_after_seconds,
    )
