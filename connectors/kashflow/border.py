"""The border: every answer of KashFlow that is no success, and every failure of httpx, becomes one of our errors.

Nothing is retried and nothing is logged here. Messages name the call and what to do; they never carry a query
(customers' names), a header or anything that was sent to log in.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import httpx

from connectors.errors import (
    AnswerLost,
    Busy,
    ConnectorError,
    Duplicate,
    LoginFailed,
    Never,
    NotAllowed,
    NotFound,
    NotNow,
    QuotaSpent,
    Refused,
    Unreachable,
    Unreadable,
)
from connectors.exchange import Exchange, exchange

SESSION_ENDED = "InvalidSessionToken"
SQL_TIMEOUT = "-2146232060"
LOCKED = "AccountLocked"


class _Meaning(NamedTuple):
    error: type[ConnectorError]
    remedy: str = ""


_NO_PERMISSION = "the KashFlow user lacks the role for this, or the account's API settings exclude us"
_WRONG_ADDRESS = "there is no KashFlow REST API at this address: check KASHFORCE_KASHFLOW_URL"
_NOT_ENABLED = "enable the REST API and admit this address in KashFlow's API settings"

#: What the code in the body means, whatever the status (reference section 2.7). A 401 reaches this table only
#: after a fresh login, so an invalid token means a missing permission by then (section 1.4).
BY_CODE = {
    SESSION_ENDED: _Meaning(NotAllowed, _NO_PERMISSION),
    LOCKED: _Meaning(LoginFailed, "the user is locked: unlock it in KashFlow, then wait ten minutes"),
    "InvalidCredentials": _Meaning(LoginFailed, "username, password or memorable word is wrong"),
    "PasswordExpired": _Meaning(LoginFailed, "the password must be changed in KashFlow's web pages"),
    SQL_TIMEOUT: _Meaning(Busy, "KashFlow's database timed out"),
}
#: What a status means where the code says nothing. The ones below 500 that are not listed are Refused.
BY_STATUS = {
    400: _Meaning(Refused),
    401: _Meaning(NotAllowed, _NO_PERMISSION),
    402: _Meaning(NotAllowed, "the KashFlow subscription does not cover this"),
    403: _Meaning(NotAllowed, _NO_PERMISSION),
    404: _Meaning(NotFound),
    405: _Meaning(NotAllowed, "KashFlow does not offer this call"),
    408: _Meaning(AnswerLost),
    429: _Meaning(QuotaSpent),
    500: _Meaning(AnswerLost, "KashFlow failed inside"),
    503: _Meaning(Busy),
}
#: The same for `/sessiontoken`, where no record is at stake.
BY_LOGIN_STATUS = {
    400: _Meaning(LoginFailed, "KashFlow did not accept the login"),
    401: _Meaning(LoginFailed, "KashFlow did not accept the login"),
    403: _Meaning(NotAllowed, _NOT_ENABLED),
    404: _Meaning(NotAllowed, _WRONG_ADDRESS),
    405: _Meaning(NotAllowed, _WRONG_ADDRESS),
}
#: What a failure of the transport means; the first class that fits. Only those where nothing was sent are
#: Unreachable: a connection that breaks while writing may have delivered the whole request.
BY_EXCEPTION: tuple[tuple[type[Exception], _Meaning], ...] = (
    (
        httpx.ConnectError,
        _Meaning(Unreachable, "no connection: check KASHFORCE_KASHFLOW_URL and the network"),
    ),
    (httpx.ConnectTimeout, _Meaning(Unreachable, "nobody answered the connection in time")),
    (httpx.PoolTimeout, _Meaning(Unreachable, "all our connections to KashFlow are in use")),
    (httpx.ProxyError, _Meaning(Unreachable, "the proxy did not let us through")),
    (httpx.UnsupportedProtocol, _Meaning(Unreachable, _WRONG_ADDRESS)),
    (httpx.TimeoutException, _Meaning(AnswerLost, "no answer in time")),
    (httpx.RequestError, _Meaning(AnswerLost, "the connection broke")),
    (httpx.InvalidURL, _Meaning(Refused, "this code cannot be part of an address")),
)

#: No published code says "duplicate"; SOAP words it so (reference quirk 5).
_DUPLICATE = re.compile(r"not unique|already (?:exist|in use|used|been used|taken)|duplicate", re.IGNORECASE)
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_LONGEST_TEXT = 300
_LONGEST_WAIT_SECONDS = 86_400


def translate(trouble: httpx.Response | httpx.HTTPError | httpx.InvalidURL) -> ConnectorError:
    """The error that `trouble` is. A response must have been read, and must not be a usable 2xx."""
    if isinstance(trouble, httpx.Response):
        error = _from_answer(trouble)
        error.exchange = _exchange(trouble.request, trouble)
        return error
    error = _from_exception(trouble)
    error.exchange = _exchange(_request_of(trouble))
    return error


def answer_lost(response: httpx.Response, why: str) -> AnswerLost:
    """For an answer that says success and cannot be used."""
    lost = AnswerLost(
        f"KashFlow's answer to {_call(response.request)} is of no use: {why}",
        system="kashflow",
        status=response.status_code,
        may_have_happened=_writes(response.request),
    )
    lost.exchange = _exchange(response.request, response)
    return lost


def error_code(response: httpx.Response) -> str:
    """The `Error` of the body, or "" (reference section 2.7). It comes as text, once in a while as a number."""
    return _code_and_text(response)[0]


def _from_answer(response: httpx.Response) -> ConnectorError:
    code, text = _code_and_text(response)
    status = response.status_code
    request = response.request
    if status < 400 or (status == 404 and not code and _is_page(response)):
        return _not_an_api(response)
    meaning = _meaning(status, code, text, login=_is_login(request))
    saying = " ".join(filter(None, [code, "" if _is_login(request) else text]))
    message = f"KashFlow answered {_call(request)} with {status}"
    message += f" ({saying})" if saying else ""
    message += f": {meaning.remedy}" if meaning.remedy else ""
    return _build(
        meaning.error,
        message,
        code=code,
        status=status,
        retry_after_seconds=_retry_after_seconds(response),
        # A 429 turns the request away at the door; a server that failed or timed out may have done its work.
        may_have_happened=_writes(request) and issubclass(meaning.error, AnswerLost | Busy),
    )


def _meaning(status: int, code: str, text: str, *, login: bool) -> _Meaning:
    # Within a login the token meant is the temporary one, so it is the login that failed.
    if code in BY_CODE and not (login and code == SESSION_ENDED):
        return BY_CODE[code]
    if login and status in BY_LOGIN_STATUS:
        return BY_LOGIN_STATUS[status]
    if status in (400, 409) and _DUPLICATE.search(f"{code} {text}"):
        return _Meaning(Duplicate)
    return BY_STATUS.get(status, _Meaning(AnswerLost) if status >= 500 else _Meaning(Refused))


def _not_an_api(response: httpx.Response) -> ConnectorError:
    """A page instead of JSON is no statement about a record, least of all "there is no such record"."""
    if response.is_success:
        return answer_lost(response, "it is not JSON")
    return Unreadable(
        f"KashFlow answered {_call(response.request)} with {response.status_code} and no JSON: {_WRONG_ADDRESS}",
        system="kashflow",
        status=response.status_code,
    )


def _from_exception(trouble: httpx.HTTPError | httpx.InvalidURL) -> ConnectorError:
    meaning = next((m for kind, m in BY_EXCEPTION if isinstance(trouble, kind)), _Meaning(AnswerLost))
    request = _request_of(trouble)
    call = "a call" if request is None else _call(request)
    # Only the words of a connection error are safe to repeat: others may quote a header.
    words = f" ({_clean(str(trouble))})" if isinstance(trouble, httpx.ConnectError) else ""
    remedy = meaning.remedy or "no usable answer came back"
    return _build(
        meaning.error,
        f"KashFlow was asked for {call}: {remedy} [{type(trouble).__name__}]{words}",
        may_have_happened=issubclass(meaning.error, AnswerLost) and (request is None or _writes(request)),
    )


def _exchange(request: httpx.Request | None, response: httpx.Response | None = None) -> Exchange | None:
    if request is None or _is_login(request):
        return None
    path = request.url.raw_path.decode("ascii")
    if response is None:
        return exchange(request.method, path, request.content)
    return exchange(request.method, path, request.content, response.status_code, response.content)


def _request_of(trouble: httpx.HTTPError | httpx.InvalidURL) -> httpx.Request | None:
    """The request that failed, which may be one of the login's; None for an address that never became one."""
    try:
        return None if isinstance(trouble, httpx.InvalidURL) else trouble.request
    except RuntimeError:  # httpx's way to say that none was set
        return None


def _build(
    error: type[ConnectorError],
    message: str,
    *,
    code: str = "",
    status: int | None = None,
    retry_after_seconds: float | None = None,
    may_have_happened: bool = False,
) -> ConnectorError:
    if issubclass(error, NotNow):
        return error(
            message,
            system="kashflow",
            code=code,
            status=status,
            retry_after_seconds=retry_after_seconds,
            may_have_happened=may_have_happened,
        )
    if not issubclass(error, Never):
        raise TypeError(f"the table names {error.__name__}, which is neither NotNow nor Never")
    return error(message, system="kashflow", code=code, status=status)


def _code_and_text(response: httpx.Response) -> tuple[str, str]:
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(body, dict):
        return "", ""
    found = {str(name).lower(): value for name, value in body.items()}
    code = found.get("error")
    text = found.get("message")
    return (
        _clean(str(code)) if isinstance(code, str | int) else "",
        _clean(text) if isinstance(text, str) else "",
    )


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text[:_LONGEST_TEXT]).strip()


def _retry_after_seconds(response: httpx.Response) -> float | None:
    """Seconds to wait as the `Retry-After` header says, in either of its forms, at most a day; else None."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(min(int(text[:9]), _LONGEST_WAIT_SECONDS))
    try:
        until = parsedate_to_datetime(text)
        # The server's own clock, because ours may differ; it sends both or we do not know.
        now = parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return None
    seconds = (_aware(until) - _aware(now)).total_seconds()
    return min(max(seconds, 0.0), float(_LONGEST_WAIT_SECONDS))


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_page(response: httpx.Response) -> bool:
    return bool(response.content.strip()) and not response.content.lstrip().startswith((b"{", b"[", b'"'))


def _is_login(request: httpx.Request) -> bool:
    return request.url.path.lower().endswith("/sessiontoken")


def _writes(request: httpx.Request) -> bool:
    """True when the request changes records; a login does not."""
    return request.method not in _READS and not _is_login(request)


def _call(request: httpx.Request) -> str:
    return f"{request.method} {_clean(request.url.path)}"
