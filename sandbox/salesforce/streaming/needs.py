"""What the Streaming API needs from the world around it; not how that world is built."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.salesforce.commits import Commit
from sandbox.salesforce.schema import Schema


class StreamingUser(Protocol):
    """Who is logged in: the 18-character user id is what `commitUser` and session ownership speak of."""

    @property
    def id(self) -> str: ...


class LoginSessions(Protocol):
    """Knows which access token belongs to whom."""

    def user_for(self, authorization: str | None) -> StreamingUser | None:
        """The user of an `Authorization` header (`OAuth` or `Bearer`), or None if it is absent or not valid."""


class CommitSource(Protocol):
    """Tells of every committed transaction, in commit order, after the commit."""

    def on_commit(self, callback: Callable[[Commit], None]) -> None: ...


class StreamingWorld(Protocol):
    """The part of a small Salesforce that change events are made from."""

    @property
    def clock(self) -> Clock: ...
    @property
    def rng(self) -> random.Random: ...
    @property
    def faults(self) -> Faults: ...
    @property
    def schema(self) -> Schema: ...
    @property
    def store(self) -> CommitSource: ...
    @property
    def sessions(self) -> LoginSessions: ...
