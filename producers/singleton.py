"""Makes a producer the only one of its kind: it holds a lease in the ledger, and a standby waits for it."""

from __future__ import annotations

import os
import socket
import threading
import uuid
from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from ledger.ledger import Ledger
from ledger.producing import Lease

log = structlog.get_logger("kashforce.singleton")

#: How long the right lasts without being renewed. A standby looks five times in that time, so it takes over 12 s
#: after the holder was killed at the latest.
LEASE_SECONDS = 10.0


class Singleton:
    """The right to be the producer `name`, renewed by a thread of its own while it is held.

    `on_lost` is called from that thread when another process was given the right: it has to make the
    producer stop. What the producer still tries to write is refused by the lease's fence.
    """

    def __init__(
        self,
        ledger: Ledger,
        name: str,
        *,
        clock: Callable[[], datetime],
        on_lost: Callable[[], None],
        seconds: float = LEASE_SECONDS,
    ) -> None:
        self._ledger = ledger
        self._name = name
        self._clock = clock
        self._on_lost = on_lost
        self._seconds = seconds
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._lease: Lease | None = None

    @property
    def lease(self) -> Lease:
        """What every write of the producer is made under."""
        if self._lease is None:
            raise RuntimeError(f"{self._name} does not hold its lease yet; acquire it first")
        return self._lease

    def acquire(self) -> bool:
        """Wait until the right is ours. False when `release` was called meanwhile."""
        said = False
        while not self._stop.is_set():
            self._lease = self._try_to_take()
            if self._lease is not None:
                self._thread = threading.Thread(target=self._renew, name=f"{self._name}-lease", daemon=True)
                self._thread.start()
                log.info("leading", producer=self._name, fence=self._lease.fence)
                return True
            if not said:
                log.info("standing_by", producer=self._name)
                said = True
            self._stop.wait(self._seconds / 5)
        return False

    def release(self) -> None:
        """Give the right back, so that a standby need not wait for the lease to run out."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._lease is not None:
            lease, self._lease = self._lease, None
            try:
                self._ledger.release_lease(lease, now=self._clock())
            except SQLAlchemyError as error:
                log.warning("lease_not_released", producer=self._name, error=type(error).__name__)

    def interrupt(self) -> None:
        """Make a waiting `acquire` return; safe in a signal handler."""
        self._stop.set()

    def _take(self) -> Lease | None:
        return self._ledger.take_lease(self._name, self._holder, now=self._clock(), seconds=self._seconds)

    def _try_to_take(self) -> Lease | None:
        """A standby outlives the ledger's restart: it is needed most when the others were killed by it."""
        try:
            return self._take()
        except SQLAlchemyError as error:
            log.warning("lease_not_renewed", producer=self._name, error=type(error).__name__)
            return None

    def _renew(self) -> None:
        while not self._stop.wait(self._seconds / 3):
            try:
                renewed = self._take()
            except SQLAlchemyError as error:
                # The fence keeps us honest: should somebody else take over, our next write is refused.
                log.warning("lease_not_renewed", producer=self._name, error=type(error).__name__)
                continue
            if renewed is None or (self._lease is not None and renewed.fence != self._lease.fence):
                log.error("lease_lost", producer=self._name)
                self._on_lost()
                return
