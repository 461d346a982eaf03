"""Access and refresh tokens: who holds one, until when. How somebody earns one is grants.py."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.clock import Clock
from sandbox.salesforce.table import Row

_TOKEN_CHARS = string.ascii_letters + string.digits + "._"


@dataclass(frozen=True)
class User:
    """Whoever is logged in; `id` is the 18-character id that changes carry as their author."""

    id: str
    username: str
    name: str
    email: str

    @classmethod
    def of(cls, row: Row) -> User:
        return cls(row["Id"], row["Username"], row["Name"], row["Email"])


@dataclass
class _Session:
    user: User
    expires_at: datetime


class Sessions:
    """The tokens of one org. A session slides: each use gives it its whole life again (reference section 3.1)."""

    def __init__(self, clock: Clock, rng: random.Random, org_id: str, life_seconds: float) -> None:
        self._clock = clock
        self._rng = rng
        self._org_id = org_id
        self._life = timedelta(seconds=life_seconds)
        self._access: dict[str, _Session] = {}
        self._refresh: dict[str, User] = {}
        self._codes: dict[str, User] = {}

    def issue(self, user: User) -> str:
        """A new access token, `00D…!…`."""
        token = f"{self._org_id[:15]}!{self._random(96)}"
        self._access[token] = _Session(user, self._clock.now() + self._life)
        return token

    def issue_refresh(self, user: User) -> str:
        token = f"5Aep861{self._random(80)}"
        self._refresh[token] = user
        return token

    def issue_code(self, user: User) -> str:
        """An authorization code, good for one exchange."""
        code = f"aPrx{self._random(60)}"
        self._codes[code] = user
        return code

    def user_for(self, authorization: str | None) -> User | None:
        """The user of an `Authorization: Bearer …` or `OAuth …` header, None if absent, unknown or expired."""
        scheme, _, token = (authorization or "").strip().partition(" ")
        return self.user_of(token.strip()) if scheme.lower() in ("bearer", "oauth") else None

    def user_of(self, token: str) -> User | None:
        session = self._access.get(token)
        if session is None or session.expires_at <= self._clock.now():
            self._access.pop(token, None)
            return None
        session.expires_at = self._clock.now() + self._life
        return session.user

    def expires_at(self, token: str) -> datetime | None:
        """When the token ends if nobody uses it; None when it is not valid."""
        session = self._access.get(token)
        return session.expires_at if session is not None and session.expires_at > self._clock.now() else None

    def user_of_refresh(self, token: str) -> User | None:
        return self._refresh.get(token)

    def spend_code(self, code: str) -> User | None:
        return self._codes.pop(code, None)

    def revoke(self, token: str) -> bool:
        """End an access or refresh token. False when there was none. A refresh token takes its sessions along."""
        owner = self._refresh.pop(token, None)
        if owner is not None:
            self._access = {key: each for key, each in self._access.items() if each.user != owner}
        return self._access.pop(token, None) is not None or owner is not None

    def revoke_all(self) -> None:
        """End every access token, as an administrator or a fault would."""
        self._access.clear()

    def _random(self, length: int) -> str:
        return "".join(self._rng.choice(_TOKEN_CHARS) for _ in range(length))
