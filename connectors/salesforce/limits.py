"""What the org's limits look like on the wire: the header of every reply, and the limits resource."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_API_USAGE = re.compile(r"(?:^|;)\s*api-usage=(\d{1,18})/(\d{1,18})(?!\d)", re.ASCII)


@dataclass(frozen=True)
class LimitInfo:
    """Calls of the rolling 24 hours, of the entire org: `used` out of `allowed`."""

    used: int
    allowed: int


@dataclass(frozen=True)
class Limit:
    """One row of the limits resource, in the unit of its name; accurate to about five minutes."""

    maximum: int
    remaining: int


def limit_info(header: str | None) -> LimitInfo | None:
    """`Sforce-Limit-Info: api-usage=18/5000; per-app-api-usage=...` (reference salesforce.md section 3.8).

    None when the header is absent or does not tell the org's usage.
    """
    told = _API_USAGE.search(header or "")
    return LimitInfo(used=int(told.group(1)), allowed=int(told.group(2))) if told else None


def limits_of(answer: dict[str, Any]) -> dict[str, Limit]:
    """The rows of `GET /limits` by name; rows of another shape are left out, new ones appear by themselves."""
    return {name: limit for name, row in answer.items() if (limit := _limit(row))}


def _limit(row: Any) -> Limit | None:
    match row:
        case {"Max": int(maximum), "Remaining": int(remaining)}:
            return Limit(maximum, remaining)
        case _:
            return None
