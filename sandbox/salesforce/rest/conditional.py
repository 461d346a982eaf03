"""Requests that hold only if something has (not) changed since: describe and single records (reference section 3.2)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.rest.call import Call, Reply
from sandbox.salesforce.table import Row


def check_unmodified(call: Call, row: Row) -> None:
    """412 when `If-Unmodified-Since` names a time before the record's last change."""
    since = _moment(call.headers.get("if-unmodified-since"))
    if since is not None and row["LastModifiedDate"] > since:
        raise ApiError("PRECONDITION_FAILED", "The record has been modified since the given time", status=412)


def unless_unmodified(call: Call, changed_at: datetime, reply: Reply) -> Reply:
    """304 without a body when `If-Modified-Since` is not before the last change, else `reply` with the time of it."""
    changed_at = changed_at.astimezone(UTC).replace(microsecond=0)
    since = _moment(call.headers.get("if-modified-since"))
    if since is not None and changed_at <= since:
        return Reply(304)
    reply.headers["Last-Modified"] = format_datetime(changed_at, usegmt=True)
    return reply


def _moment(header: str | None) -> datetime | None:
    """A date header; one that cannot be read counts as absent, as HTTP asks for."""
    if not header:
        return None
    try:
        return parsedate_to_datetime(header).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
