"""One call per record, several side by side: what KashFlow needs, because it takes one record a call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from connectors.meter import NO_BUDGET
from ledger.deliveries import Settlement
from ledger.endings import NotNow, Reason
from workers.desk import Desk
from workers.work import Progress, Work

#: Why a record waits that was claimed and not begun.
STOPPING = "its worker was told to stop before it came to this record"


def abreast(desk: Desk, one: Callable[[Desk, Work], Progress], works: Sequence[Work]) -> list[Progress]:
    """What `one` makes of each work, in the order of `works`.

    The budget grants only so many calls at a time. Whoever was turned away asks again when the others of this batch
    have made their calls; only when nobody of the batch was let in, the rest is put off. So nobody waits idly, and
    a batch is not torn apart by its own concurrency.
    """

    def unless_stopping(work: Work) -> Progress:
        # A big batch may have minutes to go; what has not begun is begun by another worker.
        if desk.wait(0):
            return work.ends(NotNow(desk.clock(), Reason("claim", "stopping", STOPPING)))
        return one(desk, work)

    if len(works) == 1:
        return [unless_stopping(works[0])]
    made: dict[int, Progress] = {}
    left = list(works)
    with ThreadPoolExecutor(desk.rules.kashflow_side_by_side) as pool:
        while left:
            made |= zip((work.delivery.id for work in left), pool.map(unless_stopping, left), strict=True)
            turned_away = [work for work in left if _was_turned_away(made[work.delivery.id])]
            if len(turned_away) == len(left):
                break
            left = turned_away
    return [made[work.delivery.id] for work in works]


def _was_turned_away(progress: Progress) -> bool:
    """True when the budget said "not now": nothing was sent, so asking again is safe."""
    return (
        isinstance(progress, Settlement)
        and isinstance(progress.ending, NotNow)
        and progress.ending.reason.code == NO_BUDGET
    )
