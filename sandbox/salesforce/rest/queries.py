"""SOQL over REST: pages, locators, and what changed or was deleted lately (reference section 3.6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.locators import invalid_locator
from sandbox.salesforce.rest.call import Call, Reply
from sandbox.salesforce.rest.records import data_entity
from sandbox.salesforce.schema_rows import virtual_rows
from sandbox.salesforce.soql.run import run
from sandbox.salesforce.soql.view import View
from sandbox.salesforce.values import printed, read_datetime
from sandbox.salesforce.world import SalesforceWorld

_LOCATOR_PREFIX = "01g"
_LONGEST_WINDOW = timedelta(days=30)


def query(world: SalesforceWorld, call: Call) -> Reply:
    return _first_page(world, call, with_deleted=False, tooling=False)


def query_all(world: SalesforceWorld, call: Call) -> Reply:
    return _first_page(world, call, with_deleted=True, tooling=False)


def tooling_query(world: SalesforceWorld, call: Call) -> Reply:
    return _first_page(world, call, with_deleted=False, tooling=True)


def next_page(world: SalesforceWorld, call: Call, locator: str) -> Reply:
    """`…/query/<id>-<offset>`."""
    if world.faults.take("query_locator_expired") is not None:
        raise invalid_locator()
    locator_id, cursor, offset = world.locators.find(locator, call.user.id)
    size = _page_size(world, cursor.batch_size)
    return _page(call, locator_id, cursor.items, cursor.record, offset, size, len(cursor.items))


def updated(world: SalesforceWorld, call: Call, entity: str) -> Reply:
    found = data_entity(world, entity)
    start, end = _window(call)
    ids = [
        row["Id"]
        for row in world.store.rows(found.name)
        if not row["IsDeleted"] and start <= row["SystemModstamp"] < end
    ]
    return Reply(200, {"ids": ids, "latestDateCovered": printed(end)})


def deleted(world: SalesforceWorld, call: Call, entity: str) -> Reply:
    found = data_entity(world, entity)
    start, end = _window(call)
    records = [
        {"id": row["Id"], "deletedDate": printed(row["SystemModstamp"])}
        for row in world.store.rows(found.name)
        if row["IsDeleted"] and start <= row["SystemModstamp"] < end
    ]
    earliest = world.clock.now() - _LONGEST_WINDOW
    body = {
        "deletedRecords": records,
        "earliestDateAvailable": printed(earliest),
        "latestDateCovered": printed(end),
    }
    return Reply(200, body)


def live_view(world: SalesforceWorld, *, with_deleted: bool = False) -> View:
    """What a query that starts now sees; the fault `query_commit_lag` puts it into the past, once per object."""
    now = world.clock.now()

    @cache
    def as_of(entity: str) -> datetime | None:
        lag = world.faults.take("query_commit_lag", entity=entity)
        return None if lag is None else now - timedelta(seconds=float(lag.get("seconds", 30)))

    return View(world.schema, world.store, now.date(), with_deleted=with_deleted, as_of=as_of)


def _first_page(world: SalesforceWorld, call: Call, *, with_deleted: bool, tooling: bool) -> Reply:
    soql = call.params.get("q", "")
    if not soql.strip():
        raise ApiError("MALFORMED_QUERY", "SOQL statement cannot be empty")
    view = live_view(world, with_deleted=with_deleted)
    if tooling:
        view = View(world.schema, world.store, view.today, virtual=virtual_rows(world.schema))
    result = run(soql, view, call.base + ("/tooling" if tooling else ""), tooling=tooling)
    asked = call.batch_size(world.settings.query_batch_minimum)
    size = _page_size(world, asked)
    locator_id = ""
    if len(result.items) > size:
        locator_id = world.store.ids.new(_LOCATOR_PREFIX)
        world.locators.keep(locator_id, result.items, result.record, user_id=call.user.id, batch_size=asked)
    return _page(call, locator_id, result.items, result.record, 0, size, result.total)


def _page(
    call: Call,
    locator_id: str,
    items: Sequence[Any],
    record: Callable[[Any], dict[str, Any]],
    offset: int,
    size: int,
    total: int,
) -> Reply:
    end = offset + size
    body: dict[str, Any] = {"totalSize": total, "done": end >= len(items)}
    if end < len(items):
        body["nextRecordsUrl"] = f"{call.base}/query/{locator_id}-{end}"
    body["records"] = [record(item) for item in items[offset:end]]
    return Reply(200, body)


def _page_size(world: SalesforceWorld, asked: int) -> int:
    small = world.faults.take("query_small_pages")
    return asked if small is None else min(asked, max(1, int(small.get("size", 1))))


def _window(call: Call) -> tuple[datetime, datetime]:
    try:
        start, end = (read_datetime(call.params[name].replace(" ", "+")) for name in ("start", "end"))
    except (KeyError, ValueError):
        raise ApiError(
            "INVALID_REPLICATION_DATE", "start and end are needed as ISO 8601 with an offset"
        ) from None
    if start >= end:
        raise ApiError("INVALID_REPLICATION_DATE", "startDate before endDate is required")
    if end - start > _LONGEST_WINDOW:
        raise ApiError("INVALID_REPLICATION_DATE", "the window may be 30 days long at most")
    return start, end
