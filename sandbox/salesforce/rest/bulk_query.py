"""Bulk API 2.0 query jobs (reference section 3.7)."""

from __future__ import annotations

from typing import Any

from sandbox.salesforce.bulk_jobs import Job
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.rest.call import Call, Reply
from sandbox.salesforce.rest.csv_text import DELIMITERS, LINE_ENDINGS, text_of
from sandbox.salesforce.rest.queries import live_view
from sandbox.salesforce.soql.parser import parse
from sandbox.salesforce.soql.run import run_flat
from sandbox.salesforce.soql.scope import source_entity
from sandbox.salesforce.values import printed
from sandbox.salesforce.world import SalesforceWorld

_MOST_IN_PAGE = 50_000
_RESULT_PAGES = 5


def create(world: SalesforceWorld, call: Call) -> Reply:
    body = call.json_object()
    operation, soql = body.get("operation"), body.get("query")
    line_ending, delimiter = body.get("lineEnding", "LF"), body.get("columnDelimiter", "COMMA")
    if operation not in ("query", "queryAll") or not isinstance(soql, str):
        raise ApiError("InvalidJob", "a query job needs operation (query or queryAll) and query")
    if line_ending not in LINE_ENDINGS or delimiter not in DELIMITERS:
        raise ApiError("InvalidJob", f"no such lineEnding or columnDelimiter: {line_ending!r}, {delimiter!r}")
    job = Job(
        id=world.store.ids.new("750"),
        kind="query",
        operation=operation,
        object=source_entity(world.schema, parse(soql).source).name,
        created_by=call.user.id,
        created_at=world.clock.now(),
        api_version=call.version,
        origin=call.origin("bulkapi"),
        line_ending=line_ending,
        delimiter=delimiter,
        query=soql,
        state="UploadComplete",
    )
    world.bulk_jobs.add(job)
    return Reply(200, shown(job), after=lambda: _run(world, job))


def read(world: SalesforceWorld, call: Call, job_id: str) -> Reply:
    return Reply(200, shown(world.bulk_jobs.get("query", job_id)))


def abort(world: SalesforceWorld, call: Call, job_id: str) -> Reply:
    job = world.bulk_jobs.get("query", job_id)
    if call.json_object().get("state") != "Aborted" or job.ended:
        raise ApiError(
            "InvalidJobState", f"a query job that is {job.state} can only be set to Aborted while it runs"
        )
    job.state = "Aborted"
    return Reply(200, shown(job))


def delete(world: SalesforceWorld, call: Call, job_id: str) -> Reply:
    job = world.bulk_jobs.get("query", job_id)
    if not job.ended:
        raise ApiError("InvalidJobState", f"a job that is {job.state} cannot be deleted; abort it first")
    world.bulk_jobs.remove(job)
    return Reply(204)


def list_jobs(world: SalesforceWorld, call: Call) -> Reply:
    return Reply(200, {"done": True, "records": [shown(job) for job in world.bulk_jobs.all("query")]})


def results(world: SalesforceWorld, call: Call, job_id: str) -> Reply:
    """A page of rows; the header `Sforce-Locator` leads to the next one and reads `null` at the end."""
    job = _complete(world, call, job_id)
    start, size = _position(call), _page_size(call)
    rows = job.results[start : start + size]
    following = f"{start + size}" if start + size < len(job.results) else "null"
    headers = {"Sforce-NumberOfRecords": str(len(rows)), "Sforce-Locator": _locator(following)}
    text = text_of(job.columns, rows, job.delimiter, job.line_ending)
    return Reply(200, text, headers, media_type="text/csv")


def result_pages(world: SalesforceWorld, call: Call, job_id: str) -> Reply:
    """Where up to five pages can be had side by side."""
    job = _complete(world, call, job_id)
    size = max(1, -(-len(job.results) // _RESULT_PAGES))
    starts = range(0, max(1, len(job.results)), size)
    place = f"{call.base}/jobs/query/{job.id}/results"
    pages = [{"resultUrl": f"{place}?maxRecords={size}&locator={_locator(str(start))}"} for start in starts]
    return Reply(200, {"resultPages": pages, "done": True})


def shown(job: Job) -> dict[str, Any]:
    facts = {
        "id": job.id,
        "operation": job.operation,
        "object": job.object,
        "createdById": job.created_by,
        "createdDate": printed(job.created_at),
        "systemModstamp": printed(job.created_at),
        "state": job.state,
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(job.api_version),
        "lineEnding": job.line_ending,
        "columnDelimiter": job.delimiter,
        "jobType": "V2Query",
    }
    if job.ended:
        facts |= {"numberRecordsProcessed": len(job.results), "retries": 0, "totalProcessingTime": 120}
    return facts | ({"errorMessage": job.error} if job.error else {})


def _run(world: SalesforceWorld, job: Job) -> None:
    if job.state != "UploadComplete":
        return
    failure = world.faults.take("bulk_job_failed", entity=job.object)
    if failure is not None:
        job.state = "Failed"
        job.error = str(failure.get("message", "InternalServerError : An unexpected error occurred"))
        return
    try:
        view = live_view(world, with_deleted=job.operation == "queryAll")
        job.columns, job.results = run_flat(job.query, view)
    except ApiError as error:
        job.state, job.error = "Failed", f"{error.code}: {error.message}"
        return
    job.state = "JobComplete"


def _complete(world: SalesforceWorld, call: Call, job_id: str) -> Job:
    job = world.bulk_jobs.get("query", job_id)
    if job.api_version != call.version:
        message = f"results are to be read with the version that made the job, v{job.api_version}"
        raise ApiError("InvalidVersion", message, status=409)
    if job.state != "JobComplete":
        raise ApiError("InvalidJobState", f"results are there when the job is complete; it is {job.state}")
    return job


def _locator(position: str) -> str:
    """Opaque to clients: a position that nobody should compute with."""
    return position if position == "null" else position.encode().hex()


def _position(call: Call) -> int:
    locator = call.params.get("locator", "")
    try:
        return int(bytes.fromhex(locator).decode()) if locator and locator != "null" else 0
    except ValueError:
        raise ApiError("InvalidLocator", f"no such locator: {locator}") from None


def _page_size(call: Call) -> int:
    asked = call.params.get("maxRecords", str(_MOST_IN_PAGE))
    if not asked.isdigit() or int(asked) == 0:
        raise ApiError("InvalidQueryParameter", f"maxRecords must be a positive number, not {asked!r}")
    return min(int(asked), _MOST_IN_PAGE)
