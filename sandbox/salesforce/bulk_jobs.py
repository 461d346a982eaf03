"""Bulk API 2.0 jobs as the org keeps them; what happens to their rows is rest/bulk_ingest.py and rest/bulk_query.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.salesforce.errors import not_found

#: Column of a CSV row -> text; one row of an upload or of a result.
CsvRow = dict[str, str]


@dataclass
class Job:
    """One job of either kind. `kind` is "ingest" or "query"; `state` as in reference section 3.7."""

    id: str
    kind: str
    operation: str
    object: str
    created_by: str
    created_at: datetime
    api_version: str
    #: The text of `changeOrigin` for what the job writes.
    origin: str
    line_ending: str
    delimiter: str
    state: str = "Open"
    external_id_field: str = ""
    query: str = ""
    upload: str | None = None
    error: str = ""
    #: An upload that takes its time is written when somebody asks after this.
    busy_until: datetime | None = None
    columns: list[str] = field(default_factory=list)
    successful: list[CsvRow] = field(default_factory=list)
    failed: list[CsvRow] = field(default_factory=list)
    unprocessed: list[CsvRow] = field(default_factory=list)
    results: Sequence[Sequence[Any]] = ()

    @property
    def ended(self) -> bool:
        return self.state in ("JobComplete", "Failed", "Aborted")


class BulkJobs:
    """The jobs of one org by id, oldest first."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}

    def add(self, job: Job) -> None:
        self._jobs[job.id] = job

    def get(self, kind: str, job_id: str) -> Job:
        """ApiError NOT_FOUND without one; a 15-character id will do."""
        for job in self._jobs.values():
            if job.kind == kind and job_id in (job.id, job.id[:15]):
                return job
        raise not_found()

    def remove(self, job: Job) -> None:
        del self._jobs[job.id]

    def all(self, kind: str) -> list[Job]:
        return [job for job in self._jobs.values() if job.kind == kind]
