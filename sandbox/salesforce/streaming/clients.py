"""Who is connected: one entry per Bayeux session, and how a held connect is woken; not what is delivered."""

from __future__ import annotations

import asyncio
import random
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

from sandbox.clock import Clock


class Wake(Enum):
    """Why a held connect is answered."""

    NEWS = auto()
    REPLACED = auto()
    FORGOTTEN = auto()
    DISCONNECTED = auto()
    HUNG_UP = auto()
    CLOSING = auto()


class HeldConnect:
    """A `/meta/connect` that waits, for `seconds` at most. `wake` may be called from any thread."""

    def __init__(self, seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._until = self._loop.time() + seconds
        self._wakes: asyncio.Queue[Wake] = asyncio.Queue()

    def wake(self, why: Wake) -> None:
        self._loop.call_soon_threadsafe(self._wakes.put_nowait, why)

    async def woken(self) -> Wake | None:
        """Why it was woken next, or None when the time is up."""
        try:
            async with asyncio.timeout_at(self._until):
                return await self._wakes.get()
        except TimeoutError:
            return None


@dataclass(eq=False)
class Client:
    """One Bayeux session. `cursors` maps each subscribed channel to the replay id it has been served up to."""

    id: str
    browser: str
    user_id: str
    answered_at: datetime
    cursors: dict[str, int] = field(default_factory=dict)
    connects: int = 0
    #: Whether the client has ever sent the cookie: from then on it must.
    cookie_shown: bool = False
    #: The interval the client was last told, in milliseconds.
    advised_interval_ms: int = 0
    held: HeldConnect | None = None

    def wake(self, why: Wake) -> None:
        if self.held is not None:
            self.held.wake(why)


class Clients:
    """All living Bayeux sessions. One that asks nothing for `expiry_seconds` after an answer is forgotten."""

    def __init__(self, clock: Clock, rng: random.Random, expiry_seconds: float) -> None:
        self._clock = clock
        self._rng = rng
        self._expiry = timedelta(seconds=expiry_seconds)
        self._by_id: dict[str, Client] = {}
        self._lock = threading.Lock()

    def admit(self, user_id: str, browser: str | None) -> Client:
        """A new session; `browser` is the cookie value the client brought, if any."""
        client = Client(self._token(), browser or self._token(), user_id, self._clock.now())
        client.cookie_shown = browser is not None
        with self._lock:
            self._by_id[client.id] = client
        return client

    def living(self) -> list[Client]:
        """Every session, after forgetting those that kept silent too long."""
        horizon = self._clock.now() - self._expiry
        with self._lock:
            silent = [one for one in self._by_id.values() if one.held is None and one.answered_at < horizon]
            for client in silent:
                del self._by_id[client.id]
            return list(self._by_id.values())

    def __len__(self) -> int:
        return len(self.living())

    def find(self, client_id: object) -> Client | None:
        self.living()
        return self._by_id.get(client_id) if isinstance(client_id, str) else None

    def forget(self, client: Client, why: Wake = Wake.FORGOTTEN) -> None:
        with self._lock:
            self._by_id.pop(client.id, None)
        client.wake(why)

    def forget_all(self) -> None:
        for client in self.living():
            self.forget(client)

    def answered(self, client: Client) -> None:
        client.answered_at = self._clock.now()

    def wake_all(self, why: Wake) -> None:
        for client in self.living():
            client.wake(why)

    def shares_cookie(self, client: Client) -> bool:
        """Whether another session of the same cookie has a connect held: one browser may hold only one."""
        return any(
            other is not client and other.browser == client.browser and other.held is not None
            for other in self.living()
        )

    def _token(self) -> str:
        """At least 128 random bits, in letters and digits."""
        return f"{self._rng.getrandbits(136):034x}"
