"""The rows of an ingest job, written in batches of 200; results come in shuffled order (reference section 3.7)."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

from sandbox.salesforce.bulk_jobs import CsvRow, Job
from sandbox.salesforce.errors import ApiError, bad_field
from sandbox.salesforce.fields import Entity
from sandbox.salesforce.ids import full_id
from sandbox.salesforce.rest.bulk import declared_failure
from sandbox.salesforce.rest.csv_text import rows_of
from sandbox.salesforce.rest.row_faults import strike
from sandbox.salesforce.transaction import Transaction
from sandbox.salesforce.world import SalesforceWorld

_NULL = "#N/A"
_BATCH = 200


def load(world: SalesforceWorld, job: Job) -> None:
    """Carry the job out: afterwards it is JobComplete, or Failed with a message and untouched rows. An aborted job stays as it is."""
    if job.state != "UploadComplete":
        return
    slow = world.faults.take("bulk_job_slow", entity=job.object)
    if slow is not None:
        job.state = "InProgress"
        job.busy_until = world.clock.now() + timedelta(seconds=float(slow.get("seconds", 60)))
        return
    _carry_out(world, job)


def go_on(world: SalesforceWorld, job: Job) -> None:
    """Carry out a slow job whose time has come."""
    if job.state == "InProgress" and job.busy_until is not None and job.busy_until <= world.clock.now():
        _carry_out(world, job)


def stop(job: Job) -> None:
    """Abort a job that has not ended: none of its rows were processed."""
    job.state = "Aborted"
    with suppress(ApiError):  # an upload that cannot be read has no rows
        job.columns, job.unprocessed = rows_of(job.upload or "", job.delimiter, job.line_ending)


def _carry_out(world: SalesforceWorld, job: Job) -> None:
    try:
        job.columns, rows = rows_of(job.upload or "", job.delimiter, job.line_ending)
        _check_header(world, job)
    except ApiError as error:
        job.state, job.error = "Failed", f"{error.code} : {error.message}"
        return
    if declared_failure(world, job):
        job.unprocessed = rows
        return
    _load_rows(world, job, rows)
    world.rng.shuffle(job.successful)
    world.rng.shuffle(job.failed)
    job.state = "JobComplete"


def _load_rows(world: SalesforceWorld, job: Job, rows: list[CsvRow]) -> None:
    for start in range(0, len(rows), _BATCH):
        with world.store.transaction(job.created_by, job.origin) as tx:
            for index, row in enumerate(rows[start : start + _BATCH], start=start):
                if world.faults.take("bulk_unprocessed_rows", entity=job.object, index=index) is not None:
                    job.unprocessed = rows[index:]
                    return
                _load_row(world, job, tx, index, row)


def _load_row(world: SalesforceWorld, job: Job, tx: Transaction, index: int, row: CsvRow) -> None:
    record_id = ""
    try:
        with world.store.transaction(tx.user_id):
            _strike(world, job, index)
            record_id, made = _write(world, job, tx, row)
        job.successful.append({"sf__Id": record_id, "sf__Created": str(made).lower(), **row})
    except ApiError as error:
        job.failed.append({"sf__Id": row.get("Id", ""), "sf__Error": error.in_csv(), **row})


def _write(world: SalesforceWorld, job: Job, tx: Transaction, row: CsvRow) -> tuple[str, bool]:
    """(id, whether it was created)."""
    values = _values(row)
    entity = world.schema.entity(job.object)
    if job.operation == "insert":
        strike(world, entity.name)
        return tx.create(entity.name, values), True
    if job.operation == "upsert" and job.external_id_field.lower() != "id":
        return _upsert(world, job, tx, values)
    record_id = _id_from(entity, values)
    strike(world, entity.name, record_id)
    if job.operation in ("delete", "hardDelete"):
        tx.delete(record_id)
    else:
        tx.update(record_id, values)
    return record_id, False


def _upsert(world: SalesforceWorld, job: Job, tx: Transaction, values: dict[str, Any]) -> tuple[str, bool]:
    key_field = job.external_id_field
    key = next((values.pop(name) for name in list(values) if name.lower() == key_field.lower()), None)
    if key is None:
        raise bad_field("MISSING_ARGUMENT", f"{key_field} not specified", key_field)
    matches = tx.matches(job.object, key_field, key)
    strike(world, job.object, matches[0]["Id"] if matches else "")
    return tx.upsert(job.object, key_field, key, values)


def _values(row: CsvRow) -> dict[str, Any]:
    """Empty means unchanged, #N/A means null; `Account.Ext__c` becomes a relationship by external id."""
    values: dict[str, Any] = {}
    for name, text in row.items():
        if text == "":
            continue
        value = None if text == _NULL else text
        relationship, _, key = name.partition(".")
        if key:
            values[relationship] = {key: value}
        else:
            values[name] = value
    return values


def _id_from(entity: Entity, values: dict[str, Any]) -> str:
    given = next((values.pop(name) for name in list(values) if name.lower() == "id"), None)
    known = full_id(given or "")
    if known is None:
        raise bad_field(
            "MALFORMED_ID" if given else "MISSING_ARGUMENT", f"Id not specified or malformed: {given}", "Id"
        )
    if known[:3] != entity.prefix:
        raise bad_field("INVALID_ID_FIELD", f"{given} is no id of {entity.name}", "Id")
    return known


def _check_header(world: SalesforceWorld, job: Job) -> None:
    """A column that is no field fails the whole job, before any row."""
    entity = world.schema.entity(job.object)
    for name in job.columns:
        relationship, _, key = name.partition(".")
        known = entity.reference_by_relationship(relationship) if key else world.schema.visible(entity, name)
        if known is None:
            raise ApiError("InvalidBatch", f"Field name not found : {name}")


def _strike(world: SalesforceWorld, job: Job, index: int) -> None:
    failure = world.faults.take("bulk_fail_rows", entity=job.object, index=index)
    if failure is not None:
        raise ApiError(str(failure.get("error", "UNKNOWN_EXCEPTION")), "the row was refused", fields=[])
