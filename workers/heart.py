"""Keeps the leases of running batches alive while this process lives, so that a lease can be short."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from ledger.deliveries import Claim
from ledger.ledger import Ledger

log = structlog.get_logger("kashforce.heart")


class Heart:
    """One thread per process that renews the leases of the claims it keeps, three times per lease.

    A killed process stops renewing; its deliveries wait again within one lease.
    """

    def __init__(self, ledger: Ledger, lease_seconds: float, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._lease_seconds = lease_seconds
        self._clock = clock
        self._tokens: set[str] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="kashforce-heart", daemon=True)

    def __enter__(self) -> Heart:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    @contextmanager
    def keeping(self, claim: Claim) -> Iterator[None]:
        with self._lock:
            self._tokens.add(claim.token)
        try:
            yield
        finally:
            with self._lock:
                self._tokens.discard(claim.token)

    def _beat(self) -> None:
        while not self._stop.wait(self._lease_seconds / 3):
            with self._lock:
                tokens = list(self._tokens)
            if not tokens:
                continue
            try:
                self._ledger.renew(tokens, now=self._clock(), lease_seconds=self._lease_seconds)
            except SQLAlchemyError as error:
                # A lost lease is safe, only slow: the batch is looked at again by whoever claims it next.
                log.warning("lease_not_renewed", error=type(error).__name__, claims=len(tokens))
