"""Says on Redis which deliveries wait. A message may be lost or come twice; neither harms, the ledger decides."""

from __future__ import annotations

from collections.abc import Iterator

import structlog
from celery import Celery
from kombu.exceptions import KombuError, OperationalError
from redis import Redis
from redis.exceptions import RedisError

from ledger.deliveries import Waiting
from workers.app import RUN

log = structlog.get_logger("kashforce.wire")

#: Ids in one message: big messages are what makes Celery on Redis fast (reference celery.md section 4).
IDS_PER_MESSAGE = 200


class Wire:
    """Sends the messages of one process. Safe to share between threads."""

    def __init__(self, app: Celery, redis: Redis) -> None:
        self._app = app
        self._redis = redis

    def announce(self, waiting: Waiting) -> None:
        """One message per queue and up to 200 deliveries. Never raises: the sweeper says again what got lost."""
        try:
            for queue, ids in _chunks(waiting):
                self._app.send_task(
                    RUN,
                    args=[queue, ids],
                    # By name: an exchange of "" counts as none, and the message would go to the default queue.
                    queue=queue,
                    # What Flower shows; the full arguments would be copied into every event.
                    argsrepr=f"{queue}: {len(ids)} from {ids[0]}",
                    kwargsrepr="",
                    retry=False,
                )
        except (KombuError, OperationalError, RedisError, OSError) as error:
            log.warning("not_announced", error=type(error).__name__, queues=sorted(waiting))

    def unread(self, queue: str) -> int:
        """Messages of this queue that no worker has read yet. Raises RedisError when nobody can tell."""
        return int(self._redis.llen(queue))


def _chunks(waiting: Waiting) -> Iterator[tuple[str, list[int]]]:
    for queue, ids in waiting.items():
        for start in range(0, len(ids), IDS_PER_MESSAGE):
            yield queue, list(ids[start : start + IDS_PER_MESSAGE])
