"""Ten thousand malformed answers of Salesforce: callers meet a value of the promised shape or one of our errors."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests

from connectors.errors import ConnectorError
from connectors.salesforce import collections, queries, rows
from connectors.salesforce.bulk import Bulk, Job
from connectors.salesforce.collections import RowResult
from connectors.salesforce.composite import Subrequest, composite
from connectors.salesforce.describe import Descriptions
from connectors.salesforce.limits import limits_of
from connectors.salesforce.org import Org
from tests.support.canned_salesforce import Canned, org_answered_by
from tests.support.spoilt import Spoiler

ANSWERS = 10_000
DEAL, OTHER = "006000000000001AAA", "006000000000002AAA"
JOB = Job("750000000000001AAA", "ingest", "JobComplete", 2, 1, "")
SINCE, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)

_ERROR = {
    "errorCode": "UNABLE_TO_LOCK_ROW",
    "statusCode": "UNABLE_TO_LOCK_ROW",
    "message": "m",
    "fields": ["Name"],
}
_ROW = {"attributes": {"type": "Opportunity", "url": "/x"}, "Id": DEAL, "Amount": 12.5, "Lines": None}
_PAGE = {"totalSize": 1, "done": True, "records": [_ROW]}
_JOB = {"id": JOB.id, "state": "JobComplete", "numberRecordsProcessed": 2, "numberRecordsFailed": 0}
_CSV = b'"sf__Id","sf__Created","Ext__c"\n"006000000000001AAA","true","A"\n"006000000000002AAA","false","B"\n'


@dataclass(frozen=True)
class Asked:
    """One kind of call, what a good answer to it holds, and whether what comes of it is what was promised."""

    call: Callable[[Org], Any]
    good: Any
    promised: Callable[[Any], bool]


def _are_results(found: Any) -> bool:
    return (
        len(found) == 2
        and all(isinstance(result, RowResult) for result in found)
        and all((result.error is None) == result.success for result in found)
        and all(result.id is not None or not result.success for result in found)
    )


def _are_rows(found: Any) -> bool:
    return all(isinstance(row, dict) for page in found for row in page)


CALLS = [
    Asked(lambda org: list(queries.pages(org, "SELECT Id FROM Opportunity")), _PAGE, _are_rows),
    Asked(
        lambda org: list(queries.pages(org, "SELECT Id FROM Opportunity")),
        {**_PAGE, "done": False, "nextRecordsUrl": "/services/data/v66.0/query/01g-2000"},
        _are_rows,
    ),
    Asked(
        lambda org: list(queries.pages(org, "SELECT Id, (SELECT Id FROM Lines) FROM Opportunity")),
        {**_PAGE, "records": [{**_ROW, "Lines": {**_PAGE, "done": False, "nextRecordsUrl": "/x"}}]},
        _are_rows,
    ),
    Asked(
        lambda org: collections.update(org, "Opportunity", [{"Id": DEAL}, {"Id": OTHER}], all_or_none=False),
        [{"id": DEAL, "success": True, "errors": []}, {"success": False, "errors": [_ERROR]}],
        _are_results,
    ),
    Asked(
        lambda org: collections.upsert(org, "Account", "E__c", [{"E__c": 1}, {"E__c": 2}], all_or_none=False),
        [{"id": DEAL, "success": True, "created": True, "errors": []}, {"id": OTHER, "success": True, "errors": []}],
        _are_results,
    ),
    Asked(
        lambda org: collections.retrieve(org, "Opportunity", [DEAL, OTHER], ["Id"]),
        [_ROW, None],
        lambda found: len(found) == 2 and all(row is None or isinstance(row, dict) for row in found),
    ),
    Asked(
        lambda org: rows.upsert(org, "Account", "E__c", "1", {"Name": "x"}),
        {"id": DEAL, "success": True, "created": False, "errors": []},
        lambda found: isinstance(found, RowResult),
    ),
    Asked(
        lambda org: rows.deleted(org, "Opportunity", SINCE, UNTIL),
        {
            "deletedRecords": [{"id": DEAL, "deletedDate": "2026-03-01T09:00:00.000+0000"}],
            "earliestDateAvailable": "2026-02-01T09:00:00.000+0000",
            "latestDateCovered": "2026-03-02T09:00:00.000+0000",
        },
        lambda found: all(len(record.id) == 18 and record.deleted_at.tzinfo for record in found.records),
    ),
    Asked(
        lambda org: composite(org, [Subrequest("GET", "query/?q=x", "a"), Subrequest("GET", "limits", "b")]),
        {
            "compositeResponse": [
                {"body": _PAGE, "httpHeaders": {}, "httpStatusCode": 200, "referenceId": "a"},
                {"body": [_ERROR], "httpHeaders": {}, "httpStatusCode": 400, "referenceId": "b"},
            ]
        },
        lambda found: [answer.reference_id for answer in found] == ["a", "b"],
    ),
    Asked(lambda org: Descriptions(org).of("Account"), {"fields": [{"name": "Id"}]}, lambda it: isinstance(it, dict)),
    Asked(
        lambda org: limits_of(org.get_object("limits")),
        {"DailyApiRequests": {"Max": 15000, "Remaining": 9}, "Other": {"Max": 1, "Remaining": 1}},
        lambda found: all(isinstance(limit.remaining, int) for limit in found.values()),
    ),
    Asked(lambda org: Bulk(org).poll(JOB), _JOB, lambda job: isinstance(job.processed, int)),
    Asked(
        lambda org: Bulk(org).outcome(JOB, "Ext__c"),
        _CSV,
        lambda found: all(isinstance(result, RowResult) for result in found.results.values()),
    ),
    Asked(lambda org: list(Bulk(org).query_results(JOB)), _CSV, _are_rows),
]  # fmt: skip


class _Wire:
    """What comes back for the call under way, spoilt anew for every request of it."""

    def __init__(self, seed: int) -> None:
        self.spoiler = Spoiler(seed)
        self.rng = random.Random(seed)
        self.good: Any = None
        self.answers = 0

    def answer(self, _: requests.PreparedRequest) -> Canned:
        self.answers += 1
        status = self.rng.choice(
            (200, 200, 200, 200, 200, 201, 204, 300, 304, 400, 401, 403, 404, 429, 500, 503)
        )
        good = self.good if status < 300 else [_ERROR]
        body = self.spoiler.text(good) if isinstance(good, bytes) else self.spoiler.body(good)
        return status, body, self.rng.choice(_HEADERS)


_HEADERS: tuple[dict[str, str], ...] = (
    {}, {}, {}, {"Sforce-Limit-Info": "api-usage=99999999999999999999/5"}, {"Sforce-Limit-Info": "x"},
    {"Retry-After": "9" * 400}, {"Retry-After": "-1"}, {"Sforce-Locator": "a"}, {"Content-Type": "text/html; charset=none"},
    {"Last-Modified": "yesterday"},
)  # fmt: skip


def test_ten_thousand_malformed_answers_are_values_as_promised_or_our_errors() -> None:
    wire = _Wire(5)
    values = errors = 0
    while wire.answers < ANSWERS:
        asked = wire.rng.choice(CALLS)
        wire.good = asked.good
        try:
            # A new session each time: one that was turned away rests before it logs in again.
            with closing(org_answered_by(wire.answer)) as org:
                found = asked.call(org)
        except ConnectorError as error:
            assert error.system == "salesforce"  # noqa: PT017 - either may come of it
            errors += 1
        else:
            assert asked.promised(found), (asked, found)
            values += 1

    assert min(values, errors) > ANSWERS / 20, "the answers were all of one kind"
