"""One Bulk job from its creation to the fate of each row. It waits for the job, but not for ever."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from connectors.errors import ConnectorError, NotNow, Refused
from connectors.salesforce.bulk import Bulk, Job
from connectors.salesforce.bulk_rows import BulkOutcome, aligned
from workers.desk import Desk
from workers.ways import pauses

Answer = TypeVar("Answer")

#: The column by which results are matched with records: they come in an order of their own.
KEY = "Id"


def update_by_job(
    desk: Desk, entity: str, records: Sequence[Mapping[str, Any]], priority: int
) -> tuple[Job, BulkOutcome]:
    """Update the records, each with its `Id`, in one job: the job after its end, and what it says of each record.

    A job that takes too long, or for which a worker that has to stop cannot wait, is aborted; what it wrote stays
    written. Blocks its thread for `bulk_patience_seconds` at most, calls aside. Raises ConnectorError.
    """
    return _Carrier(desk, desk.salesforce.bulk, priority).carry(entity, aligned(records))


@dataclass(frozen=True)
class _Carrier:
    desk: Desk
    bulk: Bulk
    priority: int

    def carry(self, entity: str, records: Sequence[Mapping[str, Any]]) -> tuple[Job, BulkOutcome]:
        job = self._paid(lambda: self.bulk.create(entity, "update"))
        try:
            self._paid(lambda: self.bulk.upload(job, records))
            ended = self._ended(self._paid(lambda: self.bulk.close(job)))
            return ended, self._paid(lambda: self.bulk.outcome(ended, KEY), calls=3)
        except ConnectorError:
            # What it has not written yet it must not write later, over something newer.
            with suppress(ConnectorError):
                self._paid(lambda: self.bulk.abort(job))
            raise

    def _ended(self, job: Job) -> Job:
        for pause in pauses(self.desk.rules.pace.bulk_patience_seconds):
            if self.desk.wait(pause):
                break
            with suppress(NotNow):  # asked again after the next pause
                polled = self._paid(lambda: self.bulk.poll(job))
                if polled.ended:
                    return polled
        try:
            return self._paid(lambda: self.bulk.abort(job))
        except Refused:  # it ended in this very moment
            return self._paid(lambda: self.bulk.poll(job))

    def _paid(self, request: Callable[[], Answer], calls: int = 1) -> Answer:
        """One exchange out of the budget; between two of them others may have their turn."""
        return self.desk.salesforce_meter.call(request, priority=self.priority, calls=calls)
