"""Up to 25 requests in one API call (`POST /composite`), answered one by one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connectors.errors import ConnectorError, Unreadable
from connectors.salesforce.errors import SYSTEM
from connectors.salesforce.org import Org
from connectors.salesforce.refusals import row_error

#: The API's limit on one call (reference salesforce.md section 3.4).
MOST_SUBREQUESTS = 25


@dataclass(frozen=True)
class Subrequest:
    """`path` below the version root, e.g. `sobjects/Contact`; `body` may name an earlier answer as `@{acc.id}`."""

    method: str
    path: str
    reference_id: str
    body: object = None


@dataclass(frozen=True)
class Subanswer:
    """What one subrequest brought; `error` is None when its `status` is below 300."""

    reference_id: str
    status: int
    body: Any
    error: ConnectorError | None


def composite(org: Org, requests: Sequence[Subrequest], *, all_or_none: bool = False) -> list[Subanswer]:
    """Send in the order given; the answers come in the same order.

    With `all_or_none` a failure undoes the others, whose error is then a Busy `PROCESSING_HALTED`. Raises ValueError
    for requests that the API would refuse as a whole, and ConnectorError when the call itself failed.
    """
    _check(requests)
    answer = org.call(
        "POST",
        "composite",
        body={
            "allOrNone": all_or_none,
            "collateSubrequests": False,  # collated ones may run in another order
            "compositeRequest": [_as_json(org, request) for request in requests],
        },
    )
    answers = answer.get("compositeResponse") if isinstance(answer, dict) else None
    if not isinstance(answers, list) or len(answers) != len(requests):
        raise _unreadable("the composite answer does not have one entry per request")
    return [_answer_to(request, entry) for request, entry in zip(requests, answers, strict=True)]


def _check(requests: Sequence[Subrequest]) -> None:
    if not 1 <= len(requests) <= MOST_SUBREQUESTS:
        raise ValueError(f"a composite call takes 1 to {MOST_SUBREQUESTS} requests, not {len(requests)}")
    names = [request.reference_id for request in requests]
    for name in names:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_]*", name, re.ASCII):
            raise ValueError(f"the reference id {name!r} may have letters, digits and underscores only")
    if len(set(names)) < len(names):
        raise ValueError("each request of a composite call needs a reference id of its own")


def _as_json(org: Org, request: Subrequest) -> dict[str, object]:
    entry: dict[str, object] = {
        "method": request.method,
        "url": org.root + request.path,
        "referenceId": request.reference_id,
    }
    return entry if request.body is None else {**entry, "body": request.body}


def _answer_to(request: Subrequest, entry: object) -> Subanswer:
    match entry:
        case {"httpStatusCode": int(status), "referenceId": request.reference_id, **rest}:
            body = rest.get("body")
            errors = body if isinstance(body, list) else [body]
            error = None if status < 300 else row_error(errors, status=status)
            return Subanswer(request.reference_id, status, body, error)
    raise _unreadable(f"the composite answer's entry for {request.reference_id!r} is not where it should be")


def _unreadable(message: str) -> Unreadable:
    return Unreadable(message, system=SYSTEM, may_have_happened=True)
