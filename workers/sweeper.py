"""The safety net under the wire: brings back lost leases, and says again what no message speaks of any more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from redis.exceptions import RedisError

from ledger.ledger import Ledger
from workers.rules import Rules
from workers.wire import IDS_PER_MESSAGE, Wire

log = structlog.get_logger("kashforce.sweeper")

#: Messages per queue and sweep: a worker fills its batch from the queue anyway, so more would only be noise.
MESSAGES_PER_SWEEP = 10
#: Few at a time, so that nobody waits for it; at the usual pace four million a day.
COMPACTED_PER_SWEEP = 100


def sweep(
    ledger: Ledger, wire: Wire, queues: Sequence[str], rules: Rules, clock: Callable[[], datetime]
) -> None:
    """One round. Safe to run anywhere, any number of times, at the same time."""
    expired = ledger.expire_leases(now=clock())
    if expired:
        log.warning("leases_expired", deliveries=len(expired))
    waiting = ledger.find_unannounced(
        [queue for queue in queues if not _has_unread(wire, queue)],
        limit=IDS_PER_MESSAGE * MESSAGES_PER_SWEEP,
        now=clock(),
        resend_seconds=rules.resend_seconds,
    )
    if waiting:
        log.info("announced_again", **{queue.replace(".", "_"): len(ids) for queue, ids in waiting.items()})
        wire.announce(waiting)
    if rules.keep_seconds:
        before = clock() - timedelta(seconds=rules.keep_seconds)
        ledger.compact(before=before, limit=COMPACTED_PER_SWEEP, now=clock())


def _has_unread(wire: Wire, queue: str) -> bool:
    """True while workers still have messages of this queue to read; asked Redis first, because a backlog of
    a million deliveries must not be announced again and again."""
    try:
        return wire.unread(queue) > 0
    except RedisError:
        return True
