"""Pieces of resource addresses: names and values that came from data must not change which resource is called."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote


def segment(text: str) -> str:
    """`text` as one path segment. Raises ValueError for what would end as another path: nothing, `.` and `..`."""
    if text in ("", ".", ".."):
        raise ValueError(f"{text!r} cannot be a name or a key in a Salesforce address")
    return quote(text, safe="")


def moment(at: datetime, name: str) -> str:
    """An aware datetime as the API's parameters want it. Raises ValueError naming the argument of a naive one."""
    if at.tzinfo is None:
        raise ValueError(f"{name} has no time zone: Salesforce would take it for its own")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")
