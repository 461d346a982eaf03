"""Who in a worker's process takes up what: so many batches of a queue at a time, and what a batch causes right behind it."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from itertools import islice

from ledger.deliveries import Waiting
from workers.wire import IDS_PER_MESSAGE

Announce = Callable[[Waiting], None]
#: Works on one batch of a queue; what waits then it says to `Announce`.
RunBatch = Callable[[str, list[int], Announce], None]


#: So many ids of a queue are kept in mind, which is work for a while; what is forgotten the sweeper says again.
MOST_SAID = 10_000


class Turns:
    """Runs batches in the threads that bring messages, at most `most` of a queue side by side. Safe to share between threads.

    Whoever finds all turns of a queue taken is free for other queues at once: what the message said waits for one of them to
    end, with all else that comes meanwhile. So the more there is to do the bigger the batches grow, and no backlog takes all
    threads. What a batch causes on another queue of this process the same thread works on next, without a message. What a
    killed process had not begun the sweeper says again, as with a lost message.

    A thread goes on for `seconds` at most; then it passes on what is left, for messages of all queues are read in turn.
    """

    def __init__(
        self,
        run: RunBatch,
        *,
        announce: Announce,
        queues: Collection[str],
        most: int,
        seconds: float,
        clock: Callable[[], float],
        stopping: Callable[[], bool],
    ) -> None:
        self._run = run
        self._announce = announce
        self._queues = frozenset(queues)
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._stopping = stopping
        self._running: Counter[str] = Counter()
        #: Ids in the order in which they were said, each once.
        self._said: defaultdict[str, dict[int, None]] = defaultdict(dict)
        self._lock = threading.Lock()

    def take(self, queue: str, ids: list[int]) -> None:
        """Work on these and on what they lead to. Raises what `run` raises."""
        todo, until = {queue: ids}, self._clock() + self._seconds
        try:
            while todo and self._clock() < until and not self._stopping():
                queue = next(iter(todo))
                said = self._begin(queue, todo.pop(queue))
                if said is not None:
                    self._work(queue, said, todo)
        finally:
            self._announce(todo)

    def _begin(self, queue: str, ids: list[int]) -> list[int] | None:
        """What one batch is to know of all that was said of the queue by now; None where every turn is taken, and it was
        left to those."""
        with self._lock:
            said = self._said[queue]
            said |= dict.fromkeys(ids[: MOST_SAID - len(said)])
            if self._running[queue] >= self._most:
                return None
            self._running[queue] += 1
            begun = list(islice(said, IDS_PER_MESSAGE))
            for id_ in begun:
                del said[id_]
            return begun

    def _work(self, queue: str, said: list[int], todo: dict[str, list[int]]) -> None:
        """Run one batch; what it causes on other queues of ours joins `todo`, and what was said meanwhile."""

        def announce(waiting: Waiting) -> None:
            # Of its own queue others may take some meanwhile.
            ours = {name: ids for name, ids in waiting.items() if name != queue and name in self._queues}
            self._announce({name: ids for name, ids in waiting.items() if name not in ours})
            for name, ids in ours.items():
                todo.setdefault(name, []).extend(ids)

        try:
            self._run(queue, said, announce)
        finally:
            with self._lock:
                self._running[queue] -= 1
                left = list(self._said.pop(queue, ()))
            if left:
                todo[queue] = left
