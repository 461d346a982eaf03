"""How many deliveries a worker takes at once: the flow's batch, or of a big backlog as many as one Bulk job carries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from workers.desk import Desk
from workers.ways import bulk_pays

#: After this a backlog that was too small for a Bulk job is counted again.
COUNTED_AGAIN = timedelta(seconds=1)


@contextmanager
def room(desk: Desk, queue: str) -> Iterator[int]:
    """The size of the next batch of `queue`, for as long as the batch is worked on.

    A process works on one big batch at a time: it may wait for minutes, and the other threads are needed elsewhere.
    May ask the ledger, and raises what that raises.
    """
    flows = [flow for flow in desk.book.flows if flow.queue == queue]
    usual = max((flow.batch_size for flow in flows), default=1)
    # Only KashFlow's records are read one by one, and of a pair both sides are; a SOQL query does not take thousands of ids.
    may_grow = bool(flows) and all(
        (flow.source, flow.target) == ("kashflow", "salesforce") and flow.pairing is None for flow in flows
    )
    backlog = _worth_a_job(desk, queue, usual) if may_grow else 0
    if backlog and desk.big_batch.acquire(blocking=False):
        try:
            yield backlog
        finally:
            desk.big_batch.release()
    else:
        yield usual


def _worth_a_job(desk: Desk, queue: str, usual: int) -> int:
    """How many are due, where a Bulk job pays for them; else 0. Where none did a moment ago nobody counts again: that takes
    the longer the more there are."""
    now = desk.clock()
    found = desk.small_since.get(queue)
    if found is not None and now - found < COUNTED_AGAIN:
        return 0
    backlog = desk.ledger.count_due(queue, most=desk.rules.pace.most_rows, now=now)
    if backlog > usual and bulk_pays(backlog, desk.rules.pace):
        return backlog
    desk.small_since[queue] = now
    return 0
