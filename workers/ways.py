"""Two ways to update many Salesforce records, Collections and one Bulk job, and which of them pays. Arithmetic only."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

#: Records in one Collections call (reference salesforce.md section 3.3).
COLLECTIONS_RECORDS = 200
#: Create, upload, close; three files of results (reference salesforce.md section 3.7).
CALLS_OF_A_JOB = 6
#: Records in one page of a query (reference salesforce.md section 3.6), and in one of a query job's results.
QUERY_RECORDS = 2_000
RESULT_RECORDS = 50_000
#: Create and delete of a query job (reference salesforce.md section 3.7).
CALLS_OF_A_QUERY_JOB = 2
#: A job is polled after these seconds, and then again and again after the last.
POLL_PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)


@dataclass(frozen=True)
class Pace:
    """How fast Salesforce is expected to be. No limit is published for any of it; only the order of magnitude matters,
    for where the two ways cost nearly the same, either will do."""

    #: One Collections call of 200 records, with what the org's own flows and triggers do to them.
    collections_seconds: float = 3.0
    #: One page of a query.
    query_seconds: float = 1.0
    #: Any other call.
    call_seconds: float = 0.3
    #: From the end of an upload until Salesforce takes the job up.
    bulk_start_seconds: float = 10.0
    #: Rows of a job written in a second, for its batches run side by side.
    bulk_rows_per_second: float = 200.0
    #: Rows that a query job finds in a second.
    bulk_found_per_second: float = 5_000.0
    #: What one call is worth in seconds: the day divided by the daily calls of the smallest org
    #: (reference salesforce.md section 5). So calls and seconds can be added up.
    call_worth_seconds: float = 86_400 / 15_000
    #: A job that takes longer is aborted; what it has not written by then waits again.
    bulk_patience_seconds: float = 600.0
    #: Rows in one job at most: more of them would be held, and read one by one from KashFlow, before the first is settled.
    most_rows: int = 10_000


@dataclass(frozen=True)
class Cost:
    """What a way takes."""

    calls: int
    seconds: float

    def weight(self, pace: Pace) -> float:
        """Calls and seconds in one figure."""
        return self.seconds + self.calls * pace.call_worth_seconds


def by_collections(rows: int, pace: Pace) -> Cost:
    """200 rows a call, one call after the other."""
    calls = math.ceil(rows / COLLECTIONS_RECORDS)
    return Cost(calls, calls * pace.collections_seconds)


def by_bulk(rows: int, pace: Pace) -> Cost:
    """One job, polled until it should have ended."""
    needed = pace.bulk_start_seconds + rows / pace.bulk_rows_per_second
    return _job(needed, CALLS_OF_A_JOB, pace)


def by_query(rows: int, pace: Pace) -> Cost:
    """Ids of records, page by page."""
    calls = max(1, math.ceil(rows / QUERY_RECORDS))
    return Cost(calls, calls * pace.query_seconds)


def by_query_job(rows: int, pace: Pace) -> Cost:
    """One query job, polled until it should have ended, and its results."""
    needed = pace.bulk_start_seconds + rows / pace.bulk_found_per_second
    return _job(needed, CALLS_OF_A_QUERY_JOB + math.ceil(rows / RESULT_RECORDS), pace)


def query_job_pays(rows: int, pace: Pace) -> bool:
    """Is one query job for so many records cheaper than pages of a query?"""
    return by_query_job(rows, pace).weight(pace) < by_query(rows, pace).weight(pace)


def _job(needed_seconds: float, calls: int, pace: Pace) -> Cost:
    waited, polls = 0.0, 0
    for pause in pauses(math.inf):
        if waited >= needed_seconds:
            break
        waited += pause
        polls += 1
    return Cost(calls + polls, waited + (calls + polls) * pace.call_seconds)


def bulk_pays(rows: int, pace: Pace) -> bool:
    """Is one Bulk job for so many rows cheaper than Collections?"""
    return by_bulk(rows, pace).weight(pace) < by_collections(rows, pace).weight(pace)


def pauses(patience_seconds: float) -> Iterator[float]:
    """The pauses between polls, longer and longer, until the patience is used up."""
    waited, position = 0.0, 0
    while waited < patience_seconds:
        pause = min(POLL_PAUSES[min(position, len(POLL_PAUSES) - 1)], patience_seconds - waited)
        yield pause
        waited += pause
        position += 1
