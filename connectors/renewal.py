"""Keeps what a living process holds from running out, so that what a killed one held ends soon."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Renewal:
    """While it is open, `renew` is called three times per lease, from a thread of its own. `renew` must not raise."""

    def __init__(self, renew: Callable[[], None], lease_seconds: float) -> None:
        self._renew = renew
        self._seconds = lease_seconds / 3
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="kashforce-renewal", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._stop.wait(self._seconds):
            self._renew()
