"""Bulk API 2.0 ingest jobs as resources (reference section 3.7); what happens to the rows is bulk_load.py."""

from __future__ import annotations

from typing import Any

from sandbox.salesforce.bulk_jobs import CsvRow, Job
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.rest import bulk
from sandbox.salesforce.rest.bulk_load import go_on, load, stop
from sandbox.salesforce.rest.call import Call, Reply, json_object
from sandbox.salesforce.rest.csv_text import text_of
from sandbox.salesforce.rest.records import data_entity
from sandbox.salesforce.world import SalesforceWorld

_OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
_MOST_BYTES = 150_000_000


def create(world: SalesforceWorld, call: Call) -> Reply:
    """A new job; a multipart body brings its CSV along and is complete at once."""
    job = _job_from(
        world, call, json_object(call.parts["job"]) if "job" in call.parts else call.json_object()
    )
    if "content" in call.parts:
        job.upload = call.parts["content"]
        return _complete(world, job)
    return Reply(200, shown(job))


def upload(world: SalesforceWorld, call: Call, job_id: str) -> Reply:
    job = world.bulk_jobs.get("ingest", job_id)
    if job.state != "Open" or job.upload is not None:
        raise ApiError("InvalidBatch", "The job takes one upload, while it is open")
    if not call.headers.get("content-type", bulk.CSV).lower().startswith(bulk.CSV):
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
    go_on(world, job)
    if wanted == "Aborted" and not job.ended:
        stop(job)
    if job.state not in ("Open", wanted):
        raise ApiError("InvalidJobState", f"the job is {job.state} and cannot become {wanted}")
    if job.state == "Open":
        return _complete(world, job)
    return Reply(200, shown(job))


def read(world: SalesforceWorld, call: Call, job_id: str) -> Reply:
    job = world.bulk_jobs.get("ingest", job_id)
    go_on(world, job)
    return Reply(200, shown(job))


def list_jobs(world: SalesforceWorld, call: Call) -> Reply:
    return bulk.listed(world, "ingest", shown)


def delete(world: SalesforceWorld, call: Call, job_id: str) -> Reply:
    return bulk.deleted(world, "ingest", job_id)


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
    facts = bulk.facts_of(job, "V2Ingest")
    facts["contentUrl"] = f"services/data/v{job.api_version}/jobs/ingest/{job.id}/batches"
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
    return facts


def _job_from(world: SalesforceWorld, call: Call, body: dict[str, Any]) -> Job:
    operation, key_field = body.get("operation"), body.get("externalIdFieldName") or ""
    if operation not in _OPERATIONS:
        message = f"operation must be one of {', '.join(_OPERATIONS)}, not {operation!r}"
        raise ApiError("InvalidJob", message)
    entity = data_entity(world, str(body.get("object", "")))
    if operation == "upsert" and not key_field:
        raise ApiError("InvalidJob", "an upsert needs externalIdFieldName")
    return bulk.new_job(
        world, call, body, kind="ingest", entity=entity.name, external_id_field=str(key_field)
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
    return Reply(200, text_of(header, lines, job.delimiter, job.line_ending), media_type=bulk.CSV)
