"""Bulk API 2.0 ingest jobs as resources (reference section 3.7); what happens to the rows is bulk_load.py."""

from __future__ import annotations

from typing import Any

from sandbox.salesforce.bulk_jobs import CsvRow, Job
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.rest.bulk_load import load
from sandbox.salesforce.rest.call import Call, Reply, parsed
from sandbox.salesforce.rest.csv_text import DELIMITERS, LINE_ENDINGS, text_of
from sandbox.salesforce.rest.records import data_entity
from sandbox.salesforce.values import printed
from sandbox.salesforce.world import SalesforceWorld

_OPERATIONS = frozenset({"insert", "update", "upsert", "delete", "hardDelete"})
_MOST_BYTES = 150_000_000
_CSV = "text/csv"


def create(world: SalesforceWorld, call: Call) -> Reply:
    """A new job; a multipart body brings its CSV along and is complete at once."""
    body = parsed(call.parts["job"].encode()) if "job" in call.parts else call.json_object()
    job = _job_from(world, call, body)
    world.bulk_jobs.add(job)
    if "content" in call.parts:
        job.upload = call.parts["content"]
        return _complete(world, job)
    return Reply(200, shown(job))


def upload(world: SalesforceWorld, call: Call, job_id: str) -> Reply:
    job = world.bulk_jobs.get("ingest", job_id)
    if job.state != "Open" or job.upload is not None:
        raise ApiError("InvalidBatch", "The job takes one upload, while it is open")
    if not call.headers.get("content-type", _CSV).lower().startswith(_CSV):
        raise ApiError("InvalidBatch", "The content type of an upload is text/csv", status=415)
    if len(call.body) > _MOST_BYTES:
        raise ApiError("InvalidBatch", "The upload is larger than 150 MB", status=413)
    try:
        job.upload = call.body.decode("utf-8")
    except UnicodeDecodeError:
        raise ApiError("InvalidBatch", "The upload is not UTF-8") from None
    return Reply(201)


def change_state(world: SalesforceWorld, call: Call, job_id: str) -> Reply:
    job = world.bulk_jobs.get("ingest", job_id)
    wanted = call.json_object().get("state")
    if wanted not in ("UploadComplete", "Aborted"):
        raise ApiError("InvalidJobState", f"a job can be set to UploadComplete or Aborted, not {wanted!r}")
    if job.state not in ("Open", wanted):
        raise ApiError("InvalidJobState", f"the job is {job.state} and cannot become {wanted}")
    if wanted == "Aborted":
        job.state = "Aborted"
    elif job.state == "Open":
        return _complete(world, job)
    return Reply(200, shown(job))


def read(world: SalesforceWorld, call: Call, job_id: str) -> Reply:
    return Reply(200, shown(world.bulk_jobs.get("ingest", job_id)))


def list_jobs(world: SalesforceWorld, call: Call) -> Reply:
    return Reply(200, {"done": True, "records": [shown(job) for job in world.bulk_jobs.all("ingest")]})


def delete(world: SalesforceWorld, call: Call, job_id: str) -> Reply:
    job = world.bulk_jobs.get("ingest", job_id)
    if not job.ended:
        raise ApiError("InvalidJobState", f"a job that is {job.state} cannot be deleted; abort it first")
    world.bulk_jobs.remove(job)
    return Reply(204)


def successful(world: SalesforceWorld, call: Call, job_id: str) -> Reply:
    job = _ended(world, job_id)
    return _csv(job, ["sf__Id", "sf__Created", *job.columns], job.successful)


def failed(world: SalesforceWorld, call: Call, job_id: str) -> Reply:
    job = _ended(world, job_id)
    return _csv(job, ["sf__Id", "sf__Error", *job.columns], job.failed)


def unprocessed(world: SalesforceWorld, call: Call, job_id: str) -> Reply:
    job = _ended(world, job_id)
    return _csv(job, job.columns, job.unprocessed)


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
        "contentUrl": f"services/data/v{job.api_version}/jobs/ingest/{job.id}/batches",
        "lineEnding": job.line_ending,
        "columnDelimiter": job.delimiter,
        "jobType": "V2Ingest",
    }
    if job.external_id_field:
        facts["externalIdFieldName"] = job.external_id_field
    if job.state != "Open":
        facts |= {
            "numberRecordsProcessed": len(job.successful) + len(job.failed),
            "numberRecordsFailed": len(job.failed),
            "retries": 0,
            "totalProcessingTime": 120,
            "apiActiveProcessingTime": 80,
            "apexProcessingTime": 0,
        }
    return facts | ({"errorMessage": job.error} if job.error else {})


def _job_from(world: SalesforceWorld, call: Call, body: dict[str, Any]) -> Job:
    operation, line_ending = body.get("operation"), body.get("lineEnding", "LF")
    delimiter, key_field = body.get("columnDelimiter", "COMMA"), body.get("externalIdFieldName", "")
    if operation not in _OPERATIONS:
        raise ApiError(
            "InvalidJob", f"operation must be one of {', '.join(sorted(_OPERATIONS))}, not {operation!r}"
        )
    if line_ending not in LINE_ENDINGS or delimiter not in DELIMITERS:
        raise ApiError("InvalidJob", f"no such lineEnding or columnDelimiter: {line_ending!r}, {delimiter!r}")
    if body.get("contentType", "CSV") != "CSV":
        raise ApiError("InvalidJob", "contentType must be CSV")
    entity = data_entity(world, str(body.get("object", "")))
    if operation == "upsert" and not key_field:
        raise ApiError("InvalidJob", "an upsert needs externalIdFieldName")
    return Job(
        id=world.store.ids.new("750"),
        kind="ingest",
        operation=operation,
        object=entity.name,
        created_by=call.user.id,
        created_at=world.clock.now(),
        api_version=call.version,
        origin=call.origin("bulkapi"),
        line_ending=line_ending,
        delimiter=delimiter,
        external_id_field=key_field,
    )


def _complete(world: SalesforceWorld, job: Job) -> Reply:
    """The rows wait; they are written once this answer is out."""
    if job.upload is None:
        raise ApiError("InvalidJobState", "the job has no upload yet")
    job.state = "UploadComplete"
    return Reply(200, shown(job), after=lambda: load(world, job))


def _ended(world: SalesforceWorld, job_id: str) -> Job:
    job = world.bulk_jobs.get("ingest", job_id)
    if not job.ended:
        raise ApiError("InvalidJobState", f"results are there when the job has ended; it is {job.state}")
    return job


def _csv(job: Job, header: list[str], rows: list[CsvRow]) -> Reply:
    lines = [[row.get(name, "") for name in header] for row in rows]
    return Reply(200, text_of(header, lines, job.delimiter, job.line_ending), media_type=_CSV)
