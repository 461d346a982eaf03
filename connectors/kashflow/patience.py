"""How long a read may be tried again inside the client. Writes are never tried again here."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from connectors.errors import AnswerLost, Busy, NotNow, Unreachable

T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """Seconds to wait before each further try of a read, and up to `jitter_seconds` more so that threads part."""

    waits_seconds: tuple[float, ...]
    jitter_seconds: float = 0.3
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def read(self, call: Callable[[], T]) -> T:
        """What `call` brings; the last error when the waits are used up."""
        trying = Retrying(
            retry=retry_if_exception(_is_worth_another_try),
            stop=stop_after_attempt(1 + len(self.waits_seconds)),
            wait=self._wait_seconds,
            sleep=self.sleep,
            reraise=True,
        )
        return trying(call)

    def _wait_seconds(self, state: RetryCallState) -> float:
        # tenacity asks after the last try too, before it stops.
        seconds = (*self.waits_seconds, 0.0)[state.attempt_number - 1]
        return seconds + random.uniform(0, self.jitter_seconds)


#: For workers: one quick second try, because a worker that sleeps holds a lease and a thread.
HURRIED = Patience(waits_seconds=(0.2,), jitter_seconds=0.1)
#: For pollers: what brings KashFlow's nightly database timeouts to an end (reference section 2.7).
PATIENT = Patience(waits_seconds=(2.0, 8.0))


def _is_worth_another_try(error: BaseException) -> bool:
    """Trouble that may pass within seconds; where KashFlow said how long to wait, the caller must know."""
    passing = isinstance(error, Busy | AnswerLost | Unreachable)
    return passing and isinstance(error, NotNow) and error.retry_after_seconds is None
