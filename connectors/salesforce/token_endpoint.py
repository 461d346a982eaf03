"""One call to Salesforce's OAuth token endpoint and what its answer means; which grant to send is not decided here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from connectors.errors import AnswerLost, ConnectorError, LoginFailed, Unreachable, Unreadable
from connectors.salesforce.errors import oauth_error
from connectors.salesforce.ids import to_18
from connectors.salesforce.origin import checked_origin, is_loopback
from connectors.tls import trusted

SYSTEM = "salesforce"


@dataclass(frozen=True)
class Token:
    """An access token and where it is good; its text never appears in a repr.

    `user_id` is the integration user (the `commitUser` of our own change events), `org_id` the organization; both in
    18-character form, or "" when the answer did not tell.
    """

    access_token: str = field(repr=False)
    instance_url: str
    user_id: str = ""
    org_id: str = ""


def post_form(origin: str, form: Mapping[str, str], timeout_seconds: float) -> httpx.Response:
    """POST the grant. A client per call: logins are rare, and so nothing is left open.

    Raises Unreachable when nothing was sent, AnswerLost when no answer came.
    """
    by_proxy = not is_loopback(httpx.URL(origin).host)  # in the clear, a secret must not leave this machine
    try:
        with httpx.Client(
            timeout=timeout_seconds, verify=trusted(by_environment=by_proxy), trust_env=by_proxy
        ) as client:
            return client.post(f"{origin}/services/oauth2/token", data=dict(form))
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
        raise Unreachable(
            f"cannot reach {origin} to log in ({type(error).__name__}); check SALESFORCE_URL and the network",
            system=SYSTEM,
        ) from error
    except httpx.HTTPError as error:
        raise _no_answer(origin, type(error).__name__) from error


def read_token(origin: str, response: httpx.Response, secrets: Sequence[str]) -> Token:
    """The token in the answer, or the error it means. `secrets` are struck out of whatever the server says."""
    answer = _json_object(response)
    if response.status_code != 200:
        raise _refusal(origin, response, answer, secrets)
    if answer is None:
        raise _no_answer(origin, "no JSON in the answer", response.status_code)
    access_token, instance_url = answer.get("access_token"), answer.get("instance_url")
    if not (isinstance(access_token, str) and access_token and isinstance(instance_url, str)):
        raise Unreadable("the login answer has no access_token or no instance_url", system=SYSTEM, status=200)
    try:
        instance = checked_origin(instance_url, setting="the login answer's instance_url")
    except ValueError as error:
        raise Unreadable(str(error), system=SYSTEM, status=200) from error
    org_id, user_id = _identity(answer.get("id"))
    return Token(access_token, instance, user_id, org_id)


def is_invalid_grant(response: httpx.Response) -> bool:
    """Is it the refusal that a wrong clock may cause?"""
    return (_json_object(response) or {}).get("error") == "invalid_grant"


def server_time(response: httpx.Response) -> datetime | None:
    """What the server's clock says (HTTP `Date`), aware, or None when it does not tell."""
    try:
        told = parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return None
    return told if told.tzinfo else None


def _refusal(
    origin: str, response: httpx.Response, answer: dict[str, Any] | None, secrets: Sequence[str]
) -> ConnectorError:
    if answer is None or not isinstance(answer.get("error"), str):
        if response.status_code >= 500:
            return _no_answer(origin, "an error page", response.status_code)
        return LoginFailed(
            f"{origin} answered the login with HTTP {response.status_code}; check SALESFORCE_URL",
            system=SYSTEM,
            status=response.status_code,
        )
    description = str(answer.get("error_description") or "")[:300]
    for secret in filter(None, secrets):
        description = description.replace(secret, "***")
    return oauth_error(answer["error"], description, response.status_code)


def _no_answer(origin: str, why: str, status: int | None = None) -> AnswerLost:
    # A login that was carried out unseen changes no record, so nobody has to look before trying again.
    return AnswerLost(
        f"{origin} gave no usable answer to the login ({why})",
        system=SYSTEM,
        status=status,
        may_have_happened=False,
    )


def _json_object(response: httpx.Response) -> dict[str, Any] | None:
    try:
        answer = response.json()
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _identity(identity_url: object) -> tuple[str, str]:
    """Organization id and user id out of `https://host/id/<org>/<user>` (reference salesforce.md section 3.1)."""
    parts = identity_url.rstrip("/").split("/") if isinstance(identity_url, str) else []
    try:
        return to_18(parts[-2]), to_18(parts[-1])
    except (IndexError, ValueError):
        return "", ""
