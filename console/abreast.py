"""Runs several loops of one process side by side, as one: they begin together and end together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed


def side_by_side(loops: Mapping[str, Callable[[], None]], stop: Callable[[], None]) -> None:
    """Blocks until all loops have ended. When the first ends, for whatever reason, `stop` tells the others to.

    Raises what a loop raised: half a process must not look like a whole one.
    """
    with ThreadPoolExecutor(len(loops), thread_name_prefix="-".join(loops)) as threads:
        running = [threads.submit(loop) for loop in loops.values()]
        try:
            for ended in as_completed(running):
                stop()
                ended.result()
        finally:
            stop()
