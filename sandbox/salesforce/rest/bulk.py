"""What ingest and query jobs of Bulk API 2.0 have in common: how one is made, shown, listed and deleted (section 3.7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.salesforce.bulk_jobs import Job
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.rest.call import Call, Reply
from sandbox.salesforce.rest.csv_text import DELIMITERS, LINE_ENDINGS
from sandbox.salesforce.values import printed
from sandbox.salesforce.world import SalesforceWorld

CSV = "text/csv"


def new_job(
    world: SalesforceWorld,
    call: Call,
    body: Mapping[str, Any],
    *,
    kind: str,
    entity: str,
    state: str = "Open",
    external_id_field: str = "",
    query: str = "",
) -> Job:
    """A job of this caller, kept by the org; the last three are what only one kind has. ApiError InvalidJob."""
    line_ending = _one_of(LINE_ENDINGS, body, "lineEnding", "LF")
    delimiter = _one_of(DELIMITERS, body, "columnDelimiter", "COMMA")
    _one_of(("CSV",), body, "contentType", "CSV")
    job = Job(
        id=world.store.ids.new("750"),
        kind=kind,
        operation=body["operation"],
        object=entity,
        created_by=call.user.id,
        created_at=world.clock.now(),
        api_version=call.version,
        origin=call.origin("bulkapi"),
        line_ending=line_ending,
        delimiter=delimiter,
        state=state,
        external_id_field=external_id_field,
        query=query,
    )
    world.bulk_jobs.add(job)
    return job


def facts_of(job: Job, job_type: str) -> dict[str, Any]:
    """What JobInfo says of either kind."""
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
        "jobType": job_type,
        "lineEnding": job.line_ending,
        "columnDelimiter": job.delimiter,
    }
    return facts | ({"errorMessage": job.error} if job.error else {})


def listed(world: SalesforceWorld, kind: str, shown: Callable[[Job], dict[str, Any]]) -> Reply:
    jobs = [shown(job) for job in world.bulk_jobs.all(kind)]
    return Reply(200, {"done": True, "records": jobs, "nextRecordsUrl": None})


def deleted(world: SalesforceWorld, kind: str, job_id: str) -> Reply:
    """Only a job that has ended can go."""
    job = world.bulk_jobs.get(kind, job_id)
    if not job.ended:
        raise ApiError("InvalidJobState", f"a job that is {job.state} cannot be deleted; abort it first")
    world.bulk_jobs.remove(job)
    return Reply(204)


def declared_failure(world: SalesforceWorld, job: Job) -> bool:
    """Whether the fault `bulk_job_failed` strikes this job, which then is Failed."""
    failure = world.faults.take("bulk_job_failed", entity=job.object)
    if failure is None:
        return False
    job.state = "Failed"
    job.error = str(failure.get("message", "InternalServerError : An unexpected error occurred"))
    return True


def _one_of(
    known: Mapping[str, str] | tuple[str, ...], body: Mapping[str, Any], name: str, usual: str
) -> str:
    value = body.get(name, usual)
    if not isinstance(value, str) or value not in known:
        raise ApiError("InvalidJob", f"{name} must be one of {', '.join(known)}, not {value!r}")
    return value
