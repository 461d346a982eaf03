"""Finds the id of the twin when Salesforce says that a record like ours exists already."""

from __future__ import annotations

import re
from typing import Any

from connectors.salesforce.ids import to_18

_NAMED = re.compile(r"record with id: ([A-Za-z0-9]{15,18})\b")


def existing_id_in(message: str) -> str | None:
    """The id in "duplicate value found: X duplicates value on record with id: 001...", in 18-character form."""
    named = _NAMED.search(message)
    return _as_id(named.group(1)) if named else None


def matched_id(duplicate_result: Any) -> str | None:
    """The only record that a duplicate rule matched; None when it matched several, or does not tell."""
    found = set(_record_ids(duplicate_result))
    return found.pop() if len(found) == 1 else None


def _record_ids(duplicate_result: Any) -> list[str]:
    try:
        ids = [
            _as_id(match["record"]["Id"])
            for result in duplicate_result["matchResults"]
            for match in result["matchRecords"]
        ]
    except (TypeError, KeyError):
        return []
    return [record_id for record_id in ids if record_id]


def _as_id(text: object) -> str | None:
    try:
        return to_18(text) if isinstance(text, str) else None
    except ValueError:
        return None
