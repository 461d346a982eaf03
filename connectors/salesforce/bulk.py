"""Bulk API 2.0 jobs step by step: nothing here waits, the caller polls when it sees fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from connectors.errors import Unreadable
from connectors.salesforce import jsontext
from connectors.salesforce.bulk_rows import BulkOutcome, outcome, read_rows, write_rows
from connectors.salesforce.errors import SYSTEM
from connectors.salesforce.org import Org, object_of
from connectors.salesforce.paths import segment

Operation = Literal["insert", "update", "upsert", "delete"]
Kind = Literal["ingest", "query"]

#: A job in one of these will not change any more.
ENDED = frozenset({"JobComplete", "Failed", "Aborted"})


@dataclass(frozen=True)
class Job:
    """A job as Salesforce last described it: Open, UploadComplete, InProgress, then JobComplete, Failed or Aborted.

    JobComplete may have failed rows, and Failed or Aborted may have committed some: always read the outcome.
    """

    id: str
    kind: Kind
    state: str
    processed: int
    failed: int
    error_message: str

    @property
    def ended(self) -> bool:
        return self.state in ENDED


class Bulk:
    """Ingest: `create`, `upload`, `close`, then `poll` until `ended`, then `outcome`, `delete`.

    Query: `create_query`, `poll`, `query_results`. One API call each (reference salesforce.md section 3.7).
    """

    def __init__(self, org: Org) -> None:
        self._org = org

    def create(self, entity: str, operation: Operation, external_id_field: str | None = None) -> Job:
        """Open an ingest job; an upsert names its external id field. Not idempotent, but an empty job harms nobody."""
        asked: dict[str, object] = {
            "object": entity,
            "operation": operation,
            "contentType": "CSV",
            "lineEnding": "LF",
            "columnDelimiter": "COMMA",
        }
        if external_id_field:
            asked["externalIdFieldName"] = external_id_field
        return self._job("POST", "ingest", "", asked)

    def upload(self, job: Job, records: Sequence[Mapping[str, Any]]) -> None:
        """Send the rows, once per job, all with the same fields; None blanks a field. ValueError above 100 MB."""
        self._org.exchange(
            "PUT",
            f"{_path(job)}/batches",
            data=write_rows(records),
            headers={"Content-Type": "text/csv; charset=UTF-8"},
        )

    def close(self, job: Job) -> Job:
        """Hand the uploaded rows over; before this nothing happens to them."""
        return self._job("PATCH", job.kind, f"/{segment(job.id)}", {"state": "UploadComplete"})

    def abort(self, job: Job) -> Job:
        """Stop it; rows that were done stay done."""
        return self._job("PATCH", job.kind, f"/{segment(job.id)}", {"state": "Aborted"})

    def poll(self, job: Job) -> Job:
        """What became of it by now."""
        return self._job("GET", job.kind, f"/{segment(job.id)}")

    def outcome(self, job: Job, key_field: str) -> BulkOutcome:
        """Each uploaded row's fate by the value of its `key_field`, since results come in an order of their own."""
        parts = ("successfulResults", "failedResults", "unprocessedrecords")
        succeeded, failed, unprocessed = (
            read_rows(self._org.exchange("GET", f"{_path(job)}/{part}/").content) for part in parts
        )
        return outcome(key_field, succeeded, failed, unprocessed)

    def delete(self, job: Job) -> None:
        """Remove an ended job; Salesforce does so by itself after seven days."""
        self._org.exchange("DELETE", _path(job))

    def create_query(self, soql: str, *, include_deleted: bool = False) -> Job:
        """Start a query job."""
        return self._job(
            "POST", "query", "", {"operation": "queryAll" if include_deleted else "query", "query": soql}
        )

    def query_results(self, job: Job, page_rows: int = 50_000) -> Iterator[list[dict[str, str]]]:
        """The rows of a complete query job, page by page; every value is text, and an empty one means null."""
        locator: str | None = None
        seen: set[str] = set()
        while True:
            params = {"maxRecords": str(page_rows)} | ({"locator": locator} if locator else {})
            response = self._org.exchange(
                "GET", f"{_path(job)}/results", params=params, headers={"Accept": "text/csv"}
            )
            yield read_rows(response.content)
            locator = response.headers.get("Sforce-Locator", "null")
            if locator == "null":
                return
            if locator in seen:
                raise Unreadable("the query results come back to a page that was read", system=SYSTEM)
            seen.add(locator)

    def _job(self, method: str, kind: Kind, rest: str, body: object = None) -> Job:
        data = None if body is None else jsontext.encode(body)
        answer = object_of(self._org.exchange(method, f"jobs/{kind}{rest}", data=data))
        match answer:
            case {"id": str(job_id), "state": str(state)}:
                return Job(
                    id=job_id,
                    kind=kind,
                    state=state,
                    processed=_count(answer.get("numberRecordsProcessed")),
                    failed=_count(answer.get("numberRecordsFailed")),
                    error_message=str(answer.get("errorMessage") or ""),
                )
        raise Unreadable("the answer about a bulk job has no id or no state", system=SYSTEM)


def _path(job: Job) -> str:
    return f"jobs/{job.kind}/{segment(job.id)}"


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0
