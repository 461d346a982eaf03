"""What became of a batch, in one log line and in one value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

from ledger.deliveries import Claim, Settled, Settlement
from ledger.endings import Dead, Failed

log = structlog.get_logger("kashforce.batch")


@dataclass(frozen=True)
class Report:
    """How many deliveries of a batch ended how, and how long it took."""

    queue: str
    claimed: int = 0
    endings: Mapping[str, int] = field(default_factory=dict)
    too_late: int = 0
    seconds: float = 0.0


def report(
    queue: str, claim: Claim, ended: tuple[Settlement, ...], settled: Settled, seconds: float
) -> Report:
    """Log the batch, and each failure in it with its reason; nothing of a record's content is logged."""
    for entry in ended:
        match entry.ending:
            case Dead(reason=reason):
                log.error(
                    "dead",
                    delivery=entry.delivery.id,
                    queue=queue,
                    record=entry.delivery.record_id,
                    stage=reason.stage,
                    code=reason.code,
                )
            case Failed(reason=reason):
                log.warning(
                    "failed", delivery=entry.delivery.id, queue=queue, stage=reason.stage, code=reason.code
                )
            case _:
                pass
    for name, why in settled.paused.items():
        log.error("queue_paused", queue=name, why=why, remedy=f"mend the cause, then kashforce resume {name}")
    made = Report(
        queue,
        claimed=len(claim.deliveries),
        endings=Counter(type(entry.ending).__name__.lower() for entry in ended),
        too_late=len(settled.too_late),
        seconds=seconds,
    )
    log.info(
        "batch",
        queue=queue,
        claimed=made.claimed,
        seconds=round(seconds, 3),
        too_late=made.too_late,
        **made.endings,
    )
    return made
