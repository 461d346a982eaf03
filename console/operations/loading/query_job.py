"""Ids by one Bulk query job, for more records than pages of a query should bring. Waits for the job, but not for ever."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import structlog

from connectors.errors import ConnectorError, NotNow
from connectors.salesforce.bulk import Job
from ledger.deliveries import LAST
from workers.desk import Desk
from workers.ways import pauses

log = structlog.get_logger("kashforce.backfill")


def ids_by_job(desk: Desk, statement: str) -> Iterator[list[str]] | None:
    """The ids that `statement` finds, in its order, page by page; None when no job brought them, to be asked otherwise.

    The pages may raise ConnectorError: whoever goes on asks again behind the last id. The job is removed at the end.
    """
    bulk, meter = desk.salesforce.bulk, desk.salesforce_meter
    try:
        job = meter.call(lambda: bulk.create_query(statement), priority=LAST)
        ended = _ended(desk, job)
    except ConnectorError as error:
        log.warning("bulk_broke", code=error.code or type(error).__name__)
        return None
    log.info("bulk", rows=ended.processed, job=ended.id, state=ended.state, failed=ended.failed)
    if ended.state == "JobComplete":
        return _results(desk, ended)
    with suppress(ConnectorError):
        meter.call(lambda: bulk.delete(ended) if ended.ended else bulk.abort(ended), priority=LAST)
    return None


def _ended(desk: Desk, job: Job) -> Job:
    """The job when it has ended, or as it is when patience has."""
    for pause in pauses(desk.rules.pace.bulk_patience_seconds):
        stops = desk.wait(pause)
        with suppress(NotNow):  # asked again after the next pause
            polled = desk.salesforce_meter.call(lambda: desk.salesforce.bulk.poll(job), priority=LAST)
            if polled.ended or stops:
                return polled
    return job


def _results(desk: Desk, job: Job) -> Iterator[list[str]]:
    bulk, meter = desk.salesforce.bulk, desk.salesforce_meter
    pages = bulk.query_results(job)
    while (page := meter.call(lambda: next(pages, None), priority=LAST)) is not None:
        yield [row["Id"] for row in page]
    with suppress(ConnectorError):
        meter.call(lambda: bulk.delete(job), priority=LAST)
