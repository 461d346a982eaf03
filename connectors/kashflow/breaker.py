"""Keeps a wrong password from being tried twice, in this process and beside others. Does not log in itself.

What is known about one set of credentials, as stored in a `BreakerMemory` (a JSON object in one text):

    (nothing) ──attempt──> trying ──succeeded──> proven        everybody may log in
        ^                    │  └───refused────> open          nobody may, until `until` or a reset
        └──── no answer ─────┘
    open ──`until` has passed──> trying                        one process looks whether the lock is gone

    {"fingerprint": "9f2c01ab", "state": "open", "code": "AccountLocked", "until": 1767225600.0}

`until` is in seconds since 1970, null for "until reset". Another fingerprint means other credentials: what is
stored says nothing about them. Two processes that read before either writes may both try; no more than that.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, Protocol

from pydantic import BaseModel, ValidationError

from connectors.errors import LoginFailed, LoginPaused

#: A client of the field pauses ten minutes after a lock (reference section 1.4).
SHORTEST_PAUSE_SECONDS = 600.0
#: How long another process's first login may take before we believe that it died with it. With a Renewal it may be short.
TRIAL_SECONDS = 180.0
_LOOK_AGAIN_SECONDS = 2.0
#: These can end without new credentials: a lock runs out, a password is renewed, the next temporary token is in
#: time (its code is not published). Every other refusal means that the credentials are wrong, and trying them again
#: only brings the lock closer.
_MAY_PASS = re.compile(r"AccountLocked|PasswordExpired|Invalid\w*Token")


class BreakerMemory(Protocol):
    """Where the one text is kept. Neither method may raise: `read` answers None when it cannot know."""

    def read(self) -> str | None: ...

    def write(self, text: str | None) -> None: ...


class ProcessMemory:
    """The twin that forgets with its process."""

    def __init__(self) -> None:
        self._text: str | None = None

    def read(self) -> str | None:
        return self._text

    def write(self, text: str | None) -> None:
        self._text = text


class _Known(BaseModel, frozen=True):
    fingerprint: str
    state: Literal["trying", "proven", "open"]
    code: str = ""
    until: float | None = None


class LoginBreaker:
    """Admits login attempts. Thread-safe; several clients and processes may share one memory.

    `clock` tells seconds since 1970, because processes compare what they stored.
    """

    def __init__(
        self,
        memory: BreakerMemory | None = None,
        *,
        clock: Callable[[], float] = time.time,
        pause_seconds: float = SHORTEST_PAUSE_SECONDS,
        trial_seconds: float = TRIAL_SECONDS,
    ) -> None:
        if pause_seconds < SHORTEST_PAUSE_SECONDS:
            raise ValueError(f"a login pause below {SHORTEST_PAUSE_SECONDS:.0f} s may lock the KashFlow user")
        self._memory = ProcessMemory() if memory is None else memory
        self._clock = clock
        self._pause_seconds = pause_seconds
        self._trial_seconds = trial_seconds
        #: Whose first login is under way in this process.
        self._trial: str | None = None
        self._lock = threading.Lock()

    @contextmanager
    def attempt(self, fingerprint: str) -> Iterator[None]:
        """One login inside the `with`; a LoginFailed that leaves it opens the breaker.

        Raises LoginPaused instead of entering while nobody may try.
        """
        self._admit(fingerprint)
        try:
            yield
        except LoginFailed as failure:
            self.refused(fingerprint, failure.code)
            raise
        except BaseException:
            self._abandon(fingerprint)
            raise
        self._end_trial(_Known(fingerprint=fingerprint, state="proven"))

    def renew(self) -> None:
        """Say that the first login under way in this process still is; others wait for another `trial_seconds`."""
        with self._lock:
            known = self._known(self._trial) if self._trial else None
            if self._trial and (known is None or known.state == "trying"):
                self._say_trying(self._trial)

    def refused(self, fingerprint: str, code: str) -> None:
        """KashFlow turned these credentials down, at a login or in the middle of a session."""
        until = self._clock() + self._pause_seconds if _MAY_PASS.fullmatch(code) else None
        self._end_trial(_Known(fingerprint=fingerprint, state="open", code=code, until=until))

    def reset(self) -> None:
        """Somebody has looked: the next login is tried."""
        self._memory.write(None)

    def _admit(self, fingerprint: str) -> None:
        with self._lock:
            known = self._known(fingerprint)
            if known is not None and known.state == "proven":
                return
            if known is not None and not (known.until is not None and known.until <= self._clock()):
                raise self._paused(known)
            self._trial = fingerprint
            self._say_trying(fingerprint)

    def _abandon(self, fingerprint: str) -> None:
        with self._lock:
            self._trial = None
            known = self._known(fingerprint)
            if known is not None and known.state == "trying":
                self._memory.write(None)

    def _say_trying(self, fingerprint: str) -> None:
        until = self._clock() + self._trial_seconds
        self._remember(_Known(fingerprint=fingerprint, state="trying", until=until))

    def _end_trial(self, known: _Known) -> None:
        with self._lock:
            self._trial = None
            self._remember(known)

    def _paused(self, known: _Known) -> LoginPaused:
        if known.state == "trying":
            return LoginPaused(
                "another process is trying these KashFlow credentials for the first time",
                system="kashflow",
                retry_after_seconds=_LOOK_AGAIN_SECONDS,
            )
        wait = self._pause_seconds if known.until is None else known.until - self._clock()
        remedy = (
            "correct KASHFORCE_KASHFLOW_USERNAME, _PASSWORD or _MEMORABLE_WORD, or reset the login breaker"
            if known.until is None
            else f"one login is tried again in {wait:.0f} s"
        )
        return LoginPaused(
            f"no login to KashFlow is tried, because the last one was refused ({known.code or 'no code'}): {remedy}",
            system="kashflow",
            code=known.code,
            retry_after_seconds=wait,
        )

    def _remember(self, known: _Known) -> None:
        self._memory.write(known.model_dump_json())

    def _known(self, fingerprint: str) -> _Known | None:
        """What is stored about these credentials; a text that is not ours counts as nothing."""
        text = self._memory.read()
        if text is None:
            return None
        try:
            known = _Known.model_validate_json(text)
        except ValidationError:
            return None
        return known if known.fingerprint == fingerprint else None
