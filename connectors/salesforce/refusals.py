"""Reads what Salesforce answers instead of what was asked for, and what the network does, into our error tree.

The border of this API: nothing of requests, urllib3 or simple-salesforce passes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import requests
from requests import exceptions as broken
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from connectors.errors import (
    AnswerLost,
    Busy,
    ConnectorError,
    Duplicate,
    LoginFailed,
    Never,
    NotAllowed,
    NotFound,
    QuotaSpent,
    Refused,
    Unreachable,
    Unreadable,
)
from connectors.salesforce import jsontext
from connectors.salesforce.duplicates import matched_id
from connectors.salesforce.errors import DAILY_LIMIT_RETRY_SECONDS, SYSTEM, coded_error


def network_error(error: Exception, *, writes: bool) -> ConnectorError:
    """What a request that got no answer means; `writes` when it may have changed something over there."""
    name = type(error).__name__
    if _never_left(error):
        return Unreachable(f"cannot reach Salesforce ({name}); check the network", system=SYSTEM)
    return AnswerLost(f"Salesforce gave no answer ({name})", system=SYSTEM, may_have_happened=writes)


def refusal(response: requests.Response) -> ConnectorError:
    """What an answer of status 300 or more means: by its code if it has one, else by its status."""
    writes = response.request.method != "GET"
    errors = error_rows(response)
    if response.status_code == 300:
        return _several_match(response)
    if errors:
        return row_error(
            errors,
            status=response.status_code,
            retry_after_seconds=_retry_after(response),
            may_have_happened=writes and response.status_code >= 500,
        )
    return _by_status(
        response.status_code, "", "no error code in the answer", _retry_after(response), writes=writes
    )


def row_error(
    errors: Sequence[object],
    *,
    status: int | None = None,
    retry_after_seconds: float | None = None,
    may_have_happened: bool = False,
) -> ConnectorError:
    """The error of a record (or a call) that Salesforce gave one or more `errors` for, as dictionaries.

    One that will not pass wins over one that may: repeating the record would meet it again.
    """
    read = [
        _one(error, status, retry_after_seconds, may_have_happened)
        for error in errors
        if isinstance(error, dict)
    ]
    if not read:
        return Refused("Salesforce refused the record and gave no reason", system=SYSTEM, status=status)
    return next((error for error in read if isinstance(error, Never)), read[0])


def error_rows(response: requests.Response) -> list[dict[str, Any]]:
    """The error objects of a body, which documents call an array and some resources send alone; [] when unreadable."""
    try:
        body = jsontext.decode(response.content)
    except ValueError:
        return []
    rows = body if isinstance(body, list) else [body]
    return [row for row in rows if isinstance(row, dict) and code_of(row)]


def code_of(error: dict[str, Any]) -> str:
    """`errorCode` of a single call, `statusCode` of a record in a collection."""
    code = error.get("errorCode") or error.get("statusCode")
    return code if isinstance(code, str) else ""


def _one(
    error: dict[str, Any], status: int | None, retry_after_seconds: float | None, may_have_happened: bool
) -> ConnectorError:
    code, message = code_of(error), str(error.get("message") or "no message")
    listed = error.get("fields")
    fields = [field for field in listed if isinstance(field, str)] if isinstance(listed, list) else []
    known = coded_error(
        code,
        message,
        status=status,
        fields=fields,
        existing_id=matched_id(error.get("duplicateResult")),
        retry_after_seconds=retry_after_seconds,
        may_have_happened=may_have_happened,
    )
    if known:
        return known
    if status is None:
        return Refused(f"{code}: {message}", system=SYSTEM, code=code, fields=fields)
    return _by_status(status, code, message, retry_after_seconds, writes=may_have_happened)


def _by_status(
    status: int, code: str, message: str, retry_after_seconds: float | None, *, writes: bool
) -> ConnectorError:
    """For answers whose code nobody documented (reference salesforce.md section 4 says: branch on codes first)."""
    text = f"Salesforce answered HTTP {status}, {code or 'no code'}: {message}"
    if status >= 500:
        return AnswerLost(
            text,
            system=SYSTEM,
            code=code,
            status=status,
            may_have_happened=writes,
            retry_after_seconds=retry_after_seconds,
        )
    if status == 429:
        wait = retry_after_seconds or DAILY_LIMIT_RETRY_SECONDS
        return QuotaSpent(text, system=SYSTEM, code=code, status=status, retry_after_seconds=wait)
    if status in (412, 420):  # the record moved on under a condition; the edge has no route for the host yet
        return Busy(text, system=SYSTEM, code=code, status=status, retry_after_seconds=retry_after_seconds)
    otherwise = Refused if status >= 400 else Unreadable  # no resource of ours redirects
    return _NEVER_BY_STATUS.get(status, otherwise)(text, system=SYSTEM, code=code, status=status)


_NEVER_BY_STATUS: dict[int, type[Never]] = {
    401: LoginFailed,
    403: NotAllowed,
    404: NotFound,
    410: NotAllowed,
}


def _several_match(response: requests.Response) -> Duplicate:
    return Duplicate(
        f"several records carry the external id of {response.request.path_url}: "
        "merge them in Salesforce and make the field unique",
        system=SYSTEM,
        code="DUPLICATE_EXTERNAL_ID",
        status=300,
    )


def _never_left(error: Exception) -> bool:
    if isinstance(error, broken.ConnectTimeout | broken.SSLError | broken.ProxyError):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def _retry_after(response: requests.Response) -> float | None:
    """`Retry-After` in seconds; its other form, a date, is not worth a clock here."""
    told = response.headers.get("Retry-After", "")
    return float(told) if told.isascii() and told.isdigit() else None
