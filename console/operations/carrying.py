"""Carries an operation out: chunk by chunk, at its rate, behind its canaries, interruptible, and continued where it was."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, Self

from sqlalchemy import Connection

from connectors.errors import ConnectorError
from connectors.renewal import Renewal
from ledger import operations
from ledger.database import AWAY
from ledger.endings import ENDED, State
from ledger.ledger import Ledger
from ledger.operations import Operation, Progress
from ledger.producing import Lease, LeaseLost, check_lease

#: Deliveries in one transaction, where no rate asks for fewer.
CHUNK = 500
#: The usual lease on an operation.
LEASE_SECONDS = 30.0
#: How long canaries may take before the operation is put aside.
CANARY_SECONDS = 900.0
_LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Pace:
    """How carefully: `canary` deliveries go first and alone, then `per_minute` at the most; 0 means neither."""

    canary: int = 0
    per_minute: int = 0

    def as_plain(self) -> dict[str, int]:
        """What is kept with the operation, so that it is continued the same way."""
        return {"canary": self.canary, "per_minute": self.per_minute}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """The pace that `as_plain` made this of."""
        return cls(int(plain.get("canary", 0)), int(plain.get("per_minute", 0)))


@dataclass(frozen=True)
class Dealt:
    """What one chunk did: `count` looked at, `skipped` of them without need, the place reached, and whether it is the
    end."""

    count: int
    skipped: int
    position: str
    is_last: bool


class Step(Protocol):
    """Deals with the next `limit` deliveries behind `operation.position`, within the caller's transaction."""

    def __call__(self, connection: Connection, operation: Operation, limit: int, now: datetime) -> Dealt: ...


@dataclass(frozen=True)
class Reading:
    """What has to ask another system first: `read` does, before the transaction is opened, and gives the step for the
    `limit` deliveries that follow. It may block, and raise ConnectorError, which interrupts the operation."""

    read: Callable[[Operation, int], Step]


class UnderWay(Exception):
    """Somebody else carries this operation out just now."""


@dataclass(frozen=True)
class Hands:
    """What it takes to carry anything out. `wait` rests for so many seconds and answers true when it is time to stop;
    `say` hears of progress after each chunk. Both may be called often."""

    ledger: Ledger
    clock: Callable[[], datetime]
    wait: Callable[[float], bool]
    say: Callable[[Operation], None] = lambda _: None
    #: Somebody else may carry the operation on when nobody was heard of for this long.
    lease_seconds: float = LEASE_SECONDS


def carry_out(hands: Hands, operation: Operation, step: Step | Reading) -> Operation:
    """The operation as it stands in the end: finished, interrupted, or stopped because canaries died.

    What a chunk does and the place reached are one transaction, so a kill costs nothing and doubles nothing. Raises
    UnderWay, and whatever the ledger raises; then it may be continued.
    """
    holder = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"

    def take() -> Lease | None:
        now = hands.clock()
        return hands.ledger.take_lease(operation.lease_name, holder, now=now, seconds=hands.lease_seconds)

    def keep() -> None:
        # A database that is away is the business of the next chunk.
        with suppress(*AWAY):
            take()

    lease = take()
    if lease is None:
        raise UnderWay(f"operation {operation.id} is being carried out by another process")
    try:
        # What is read before a chunk, and canaries, may take longer than a lease.
        with Renewal(keep, hands.lease_seconds):
            return _Carrying(hands, operation, step, lease).run()
    except LeaseLost as error:
        raise UnderWay(f"operation {operation.id} was taken over by another process") from error
    finally:
        hands.ledger.release_lease(lease, now=hands.clock())


class _Carrying:
    def __init__(self, hands: Hands, operation: Operation, step: Step | Reading, lease: Lease) -> None:
        self._hands = hands
        self._operation = operation
        self._step = step
        self._lease = lease
        self._pace = Pace.from_plain(operation.request)

    def run(self) -> Operation:
        self._mark(Progress.RUNNING, "")
        is_last = False
        while not is_last:
            canaries = self._pace.canary - self._operation.done
            try:
                is_last = self._chunk(canaries if canaries > 0 else self._chunk_size())
            except ConnectorError as error:
                return self._mark(Progress.INTERRUPTED, error.message)
            if self._pace.canary and self._operation.done <= self._pace.canary:
                ended = self._watch_canaries()
                if ended is not None:
                    return ended
            elif not is_last and self._hands.wait(self._rest_seconds()):
                return self._mark(Progress.INTERRUPTED, "ended before its time; continue it when you like")
        return self._mark(Progress.FINISHED, "")

    def _chunk(self, limit: int) -> bool:
        step, hands = self._step, self._hands
        if isinstance(step, Reading):
            step = step.read(self._operation, limit)
        now = hands.clock()
        with hands.ledger.writing() as connection:
            check_lease(connection, self._lease)
            dealt = step(connection, self._operation, limit, now)
            operations.advance(
                connection,
                self._operation.id,
                position=dealt.position,
                done=dealt.count,
                skipped=dealt.skipped,
                now=now,
            )
        self._reread()
        hands.say(self._operation)
        return dealt.is_last

    def _watch_canaries(self) -> Operation | None:
        """None when they came through; else how the operation ended."""
        deadline = self._hands.clock().timestamp() + CANARY_SECONDS
        while True:
            with self._hands.ledger.reading() as connection:
                outcomes = operations.outcomes(connection, self._operation.id)
            dead = outcomes.get(State.DEAD, 0)
            if dead:
                text = f"{dead} of {self._operation.done} canaries died again; nothing else was touched"
                return self._mark(Progress.STOPPED, text)
            if all(state in ENDED for state in outcomes):
                return None
            if self._hands.clock().timestamp() > deadline:
                return self._mark(Progress.INTERRUPTED, "the canaries are still under way; continue it later")
            if self._hands.wait(_LOOK_SECONDS):
                return self._mark(Progress.INTERRUPTED, "ended while its canaries were under way")

    def _chunk_size(self) -> int:
        """With a rate: a second's worth, or one."""
        return CHUNK if not self._pace.per_minute else min(CHUNK, max(1, self._pace.per_minute // 60))

    def _rest_seconds(self) -> float:
        return 60.0 * self._chunk_size() / self._pace.per_minute if self._pace.per_minute else 0.0

    def _mark(self, state: Progress, note: str) -> Operation:
        with self._hands.ledger.writing() as connection:
            check_lease(connection, self._lease)
            operations.mark(connection, self._operation.id, state, note, self._hands.clock())
        self._reread()
        return self._operation

    def _reread(self) -> None:
        with self._hands.ledger.reading() as connection:
            self._operation = operations.find(connection, self._operation.id) or self._operation
