"""Which request goes to which handler below `/services/data/vNN.N/`: one table, and the walk through it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.salesforce.errors import ApiError, not_found
from sandbox.salesforce.rest import (
    bulk_ingest,
    bulk_query,
    collections,
    composite,
    describe,
    limits,
    queries,
    records,
    tooling,
    tree,
)
from sandbox.salesforce.rest.call import Call, Reply, refusal
from sandbox.salesforce.versions import check_version
from sandbox.salesforce.world import SalesforceWorld

Handler = Callable[..., Reply]


def dispatch(world: SalesforceWorld, call: Call) -> Reply:
    """Carry one request out. Every ApiError becomes its answer; a transaction that raised has changed nothing."""
    try:
        check_version(call.version)
        handler, names = _find(call)
        return handler(world, call, **names)
    except ApiError as error:
        return refusal(error)


def _find(call: Call) -> tuple[Handler, dict[str, str]]:
    allowed = []
    for method, pattern, handler in ROUTES:
        names = _matched(pattern, call.segments)
        if names is None:
            continue
        if method == call.method or (method == "GET" and call.method == "HEAD"):
            return handler, names
        allowed.append(method)
    if not allowed:
        raise not_found()
    message = f"HTTP Method '{call.method}' not allowed. Allowed are {','.join(sorted(set(allowed)))}"
    raise ApiError("METHOD_NOT_ALLOWED", message)


def _matched(pattern: tuple[str, ...], segments: tuple[str, ...]) -> dict[str, str] | None:
    """The named parts, or None. Fixed parts match in any case."""
    if len(pattern) != len(segments):
        return None
    names: dict[str, str] = {}
    for part, segment in zip(pattern, segments, strict=True):
        if part.startswith("{"):
            names[part[1:-1]] = segment
        elif part.lower() != segment.lower():
            return None
    return names


def _with_dispatch(handler: Callable[[SalesforceWorld, Call, composite.Dispatch], Reply]) -> Handler:
    def handle(world: SalesforceWorld, call: Call, **_names: Any) -> Reply:
        return handler(world, call, dispatch)

    return handle


def _routes(*rows: tuple[str, str, Handler]) -> list[tuple[str, tuple[str, ...], Handler]]:
    return [
        (method, tuple(part for part in path.split("/") if part), handler) for method, path, handler in rows
    ]


#: Fixed paths stand before patterns that would match them too.
ROUTES = _routes(
    ("GET", "", describe.index),
    ("GET", "limits", limits.limits),
    ("GET", "query", queries.query),
    ("GET", "queryAll", queries.query_all),
    ("GET", "query/{locator}", queries.next_page),
    ("GET", "queryAll/{locator}", queries.next_page),
    ("GET", "sobjects", describe.describe_global),
    ("GET", "sobjects/{entity}", describe.basic),
    ("POST", "sobjects/{entity}", records.create),
    ("GET", "sobjects/{entity}/describe", describe.describe),
    ("GET", "sobjects/{entity}/updated", queries.updated),
    ("GET", "sobjects/{entity}/deleted", queries.deleted),
    ("GET", "sobjects/{entity}/{record_id}", records.read),
    ("PATCH", "sobjects/{entity}/{record_id}", records.change),
    ("DELETE", "sobjects/{entity}/{record_id}", records.delete),
    ("GET", "sobjects/{entity}/{field}/{key}", records.read_by_key),
    ("PATCH", "sobjects/{entity}/{field}/{key}", records.upsert),
    ("DELETE", "sobjects/{entity}/{field}/{key}", records.delete_by_key),
    ("POST", "composite", _with_dispatch(composite.composite)),
    ("POST", "composite/graph", _with_dispatch(composite.graph)),
    ("POST", "composite/batch", _with_dispatch(composite.batch)),
    ("POST", "composite/tree/{entity}", tree.create_tree),
    ("POST", "composite/sobjects", collections.create),
    ("PATCH", "composite/sobjects", collections.update),
    ("DELETE", "composite/sobjects", collections.delete),
    ("GET", "composite/sobjects/{entity}", collections.retrieve),
    ("POST", "composite/sobjects/{entity}", collections.retrieve),
    ("PATCH", "composite/sobjects/{entity}/{field}", collections.upsert),
    ("GET", "jobs/ingest", bulk_ingest.list_jobs),
    ("POST", "jobs/ingest", bulk_ingest.create),
    ("GET", "jobs/ingest/{job_id}", bulk_ingest.read),
    ("PATCH", "jobs/ingest/{job_id}", bulk_ingest.change_state),
    ("DELETE", "jobs/ingest/{job_id}", bulk_ingest.delete),
    ("PUT", "jobs/ingest/{job_id}/batches", bulk_ingest.upload),
    ("GET", "jobs/ingest/{job_id}/successfulResults", bulk_ingest.successful),
    ("GET", "jobs/ingest/{job_id}/failedResults", bulk_ingest.failed),
    ("GET", "jobs/ingest/{job_id}/unprocessedrecords", bulk_ingest.unprocessed),
    ("GET", "jobs/query", bulk_query.list_jobs),
    ("POST", "jobs/query", bulk_query.create),
    ("GET", "jobs/query/{job_id}", bulk_query.read),
    ("PATCH", "jobs/query/{job_id}", bulk_query.abort),
    ("DELETE", "jobs/query/{job_id}", bulk_query.delete),
    ("GET", "jobs/query/{job_id}/results", bulk_query.results),
    ("GET", "jobs/query/{job_id}/resultPages", bulk_query.result_pages),
    ("GET", "tooling/query", queries.tooling_query),
    ("GET", "tooling/query/{locator}", queries.next_page),
    ("GET", "tooling/sobjects", describe.describe_tooling_global),
    ("GET", "tooling/sobjects/{entity}/describe", describe.describe_tooling),
    ("POST", "tooling/sobjects/{entity}", tooling.create),
    ("GET", "tooling/sobjects/{entity}/{record_id}", tooling.read),
    ("DELETE", "tooling/sobjects/{entity}/{record_id}", tooling.delete),
)
