"""Bulk API 2.0 query jobs (reference section 3.7)."""

from __future__ import annotations

from typing import Any

from sandbox.salesforce.bulk_jobs import Job
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.rest import bulk
from sandbox.salesforce.rest.call import Call, Reply
from sandbox.salesforce.rest.csv_text import text_of
from sandbox.salesforce.rest.queries import live_view
from sandbox.salesforce.soql.parser import parse
from sandbox.salesforce.soql.run import run_flat
from sandbox.salesforce.soql.scope import source_entity
from sandbox.salesforce.world import SalesforceWorld

_MOST_IN_PAGE = 50_000
_LONGEST_NUMBER = 9
_RESULT_PAGES = 5


def create(world: SalesforceWorld, call: Call) -> Reply:
    body = call.json_object()
    soql = body.get("query")
    if body.get("operation") not in ("query", "queryAll") or not isinstance(soql, str):
        raise ApiError("InvalidJob", "a query job needs operation (query or queryAll) and query")
    entity = source_entity(world.schema, parse(soql).source)
    job = bulk.new_job(
        world, call, body, kind="query", entity=entity.name, query=soql, state="UploadComplete"
    )
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
    return bulk.deleted(world, "query", job_id)


def list_jobs(world: SalesforceWorld, call: Call) -> Reply:
    return bulk.listed(world, "query", shown)


def results(world: SalesforceWorld, call: Call, job_id: str) -> Reply:
    """A page of rows; the header `Sforce-Locator` leads to the next one and reads `null` at the end."""
    job = _complete(world, call, job_id)
    start, size = _position(call), _page_size(call)
    rows = job.results[start : start + size]
    following = f"{start + size}" if start + size < len(job.results) else "null"
    headers = {"Sforce-NumberOfRecords": str(len(rows)), "Sforce-Locator": _locator(following)}
    text = text_of(job.columns, rows, job.delimiter, job.line_ending)
    return Reply(200, text, headers, media_type=bulk.CSV)


def result_pages(world: SalesforceWorld, call: Call, job_id: str) -> Reply:
    """Where up to five pages can be had side by side."""
    job = _complete(world, call, job_id)
    size = max(1, -(-len(job.results) // _RESULT_PAGES))
    starts = range(0, max(1, len(job.results)), size)
    place = f"{call.base}/jobs/query/{job.id}/results"
    pages = [{"resultUrl": f"{place}?maxRecords={size}&locator={_locator(str(start))}"} for start in starts]
    return Reply(200, {"resultPages": pages, "done": True})


def shown(job: Job) -> dict[str, Any]:
    facts = bulk.facts_of(job, "V2Query")
    if job.ended:
        facts |= {"numberRecordsProcessed": len(job.results), "retries": 0, "totalProcessingTime": 120}
    return facts


def _run(world: SalesforceWorld, job: Job) -> None:
    if job.state != "UploadComplete" or bulk.declared_failure(world, job):
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
    if not asked.isdecimal() or not asked.strip("0") or len(asked) > _LONGEST_NUMBER:
        raise ApiError("InvalidQueryParameter", f"maxRecords must be a positive number, not {asked!r}")
    return min(int(asked), _MOST_IN_PAGE)
