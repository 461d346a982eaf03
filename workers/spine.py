"""The spine: one batch from claim to report, one screen. What a step does stands in its own module."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.deliveries import Claim
from workers.desk import Desk
from workers.heart import Heart
from workers.report import Report, report
from workers.room import room
from workers.steps import compare, express, hydrate, resolve, send, understand
from workers.work import Batch


def run(desk: Desk, heart: Heart, queue: str, hinted: Sequence[int]) -> Report:
    """Work on one batch of `queue`: the deliveries `hinted` that still wait, and what else does.

    Returns what became of it; raises only when the ledger cannot be reached, and then nothing was lost:
    the lease runs out and the sweeper brings the batch back.
    """
    with room(desk, queue) as limit:
        claim = desk.ledger.claim(
            queue, hinted, limit=limit, now=desk.clock(), lease_seconds=desk.rules.lease_seconds
        )
        if not claim.deliveries:
            return Report(queue)
        if claim.left_some and (left := _left(claim, hinted)):
            # Before the work: whoever has time takes them meanwhile. One message leads to one, so none are piled up.
            desk.announce({queue: left})
        with heart.keeping(claim):
            batch = Batch.of(claim, desk)
            # Understood before resolved: a record that cannot be translated must not leave a new customer behind.
            for step in (hydrate, understand, resolve, express, compare):
                batch = batch.through(step, desk)
            batch = batch.through_once(send, desk)
            settled = desk.ledger.settle(claim, batch.ended, now=desk.clock())
    desk.announce(settled.waiting)
    return report(queue, claim, batch.ended, settled, (desk.clock() - claim.claimed_at).total_seconds())


def _left(claim: Claim, hinted: Sequence[int]) -> list[int]:
    """What the message spoke of and was not taken. What else is due has messages of its own."""
    taken = {delivery.id for delivery in claim.deliveries}
    return [id_ for id_ in hinted if id_ not in taken]
