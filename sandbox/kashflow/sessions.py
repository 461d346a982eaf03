"""The two-step login and its tokens (reference kashflow.md section 1); not what a session may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.kashflow.problems import Problem, locked_out, no_session, wrong_credentials
from sandbox.kashflow.surroundings import Surroundings

#: How many characters of the memorable word are asked for.
_ASKED = 3


@dataclass(frozen=True)
class Credentials:
    username: str = "brindlewick-office"
    password: str = field(default="Tidy-Books-26", repr=False)
    memorable_word: str = field(default="lighthouse", repr=False)


@dataclass(frozen=True)
class SessionRules:
    """Durations and limits. Only the idle time is published (section 1.4), the others are guesses."""

    idle: timedelta = timedelta(minutes=60)
    temporary: timedelta = timedelta(minutes=5)
    failures_allowed: int = 5
    locked: timedelta = timedelta(minutes=30)


@dataclass(frozen=True)
class _Challenge:
    positions: tuple[int, ...]
    until: datetime


class Sessions:
    """Sessions of the one user of this account."""

    def __init__(self, credentials: Credentials, around: Surroundings, rules: SessionRules) -> None:
        self._credentials = credentials
        self._around = around
        self._rules = rules
        self._challenges: dict[str, _Challenge] = {}
        self._last_use: dict[str, datetime] = {}
        self._failures = 0
        self._locked_until: datetime | None = None

    def begin(self, username: str, password: str) -> tuple[str, tuple[int, ...]]:
        """Step 1: a temporary token and the 1-based positions it asks for. Raises Problem 400."""
        self._refuse_when_locked(400)
        if username.strip().lower() != self._credentials.username.lower():
            raise wrong_credentials()
        if password != self._credentials.password:
            raise self._failed()
        positions = range(1, len(self._credentials.memorable_word) + 1)
        asked = tuple(sorted(self._around.rng.sample(positions, _ASKED)))
        token = self._around.guid()
        self._challenges[token] = _Challenge(asked, self._around.clock.now() + self._rules.temporary)
        return token, asked

    def finish(self, temporary_token: str, characters: Mapping[int, str]) -> str:
        """Step 2: the session token. Whatever the outcome, the temporary token is used up. Raises Problem 400."""
        self._refuse_when_locked(400)
        challenge = self._challenges.pop(temporary_token.strip().lower(), None)
        if challenge is None or challenge.until < self._around.clock.now():
            raise Problem(400, "InvalidTemporaryToken", "The temporary token is unknown, used or expired.")
        word = self._credentials.memorable_word.lower()
        expected = {position: word[position - 1] for position in challenge.positions}
        if {position: letter.strip().lower() for position, letter in characters.items()} != expected:
            raise self._failed()
        self._failures = 0
        token = self._around.guid()
        self._last_use[token] = self._around.clock.now()
        return token

    def use(self, authorization: str) -> str:
        """The token of an Authorization header, whose idle time starts anew. Raises Problem 401."""
        self._refuse_when_locked(401)
        scheme, _, token = authorization.strip().partition(" ")
        token = token.strip().lower()
        if scheme.lower() != "kftoken":
            raise no_session()
        last_use = self._last_use.get(token)
        now = self._around.clock.now()
        if last_use is None or now - last_use > self._rules.idle:
            self._last_use.pop(token, None)
            raise no_session()
        self._last_use[token] = now
        return token

    def end(self, token: str) -> None:
        """End this session at once. Raises Problem 401 when there is none."""
        if self._last_use.pop(token.strip().lower(), None) is None:
            raise no_session()

    def end_all(self) -> None:
        """End every session, as a restart of the vendor's servers would."""
        self._last_use.clear()

    def unlock(self) -> None:
        self._failures, self._locked_until = 0, None

    def _failed(self) -> Problem:
        self._failures += 1
        if self._failures >= self._rules.failures_allowed:
            self._locked_until = self._around.clock.now() + self._rules.locked
        return wrong_credentials()

    def _refuse_when_locked(self, status: int) -> None:
        if self._locked_until is None:
            return
        if self._around.clock.now() < self._locked_until:
            raise locked_out(status)
        self.unlock()
