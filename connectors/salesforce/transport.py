"""The requests session under simple-salesforce: address, token, timeouts, one renewal, limits. Knows no resources.

simple-salesforce is given an address that does not exist and no token. Both are put in here, at each request, so the
library can neither send a stale token nor start a login of its own (its refresh repeats itself on a persistent 401).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from connectors.exchange import exchange
from connectors.salesforce.errors import SESSION_CODES
from connectors.salesforce.limits import LimitInfo, limit_info
from connectors.salesforce.oauth import Token, TokenProvider
from connectors.salesforce.origin import is_loopback
from connectors.salesforce.refusals import code_of, error_rows, network_error, refusal

#: Stands for the org in every address until the token tells where the org is; `.invalid` never resolves.
ORG = "https://org.invalid"

#: As many threads as a worker process runs; a connection more would never be kept.
POOLED_CONNECTIONS = 16
CONNECT_TIMEOUT_SECONDS = 10.0

_log = logging.getLogger(__name__)


class OrgSession(requests.Session):
    """Sends requests for `ORG` to the org that the token belongs to. Safe to share between threads.

    Every request ends as a response below 300 (or 304), or as a ConnectorError. After 401 the token is renewed and
    the same request sent once more, never twice. `on_limit` hears each reply's usage, in the caller's thread.
    """

    def __init__(
        self,
        tokens: TokenProvider,
        *,
        timeout_seconds: float,
        on_limit: Callable[[LimitInfo], None] | None = None,
    ) -> None:
        super().__init__()
        self._tokens = tokens
        self._on_limit = on_limit
        self.cookies.set_policy(
            DefaultCookiePolicy(allowed_domains=[])
        )  # threads share nothing but connections
        adapter = _TimedAdapter(timeout_seconds)
        self.mount("https://", adapter)
        self.mount("http://", adapter)  # the token's address is http for loopback hosts only: origin.py

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Raises ConnectorError, and ValueError for an address outside the org."""
        path = str(url).removeprefix(ORG)
        if path == str(url):
            raise ValueError(
                f"a Salesforce request must start with {ORG}, this one does not: {str(url)[:80]}"
            )
        token = self._tokens.current()
        response = self._send(method, path, token, *args, **kwargs)
        if _session_ended(response):
            token = self._tokens.renew(token.access_token)
            response = self._send(method, path, token, *args, **kwargs)
            if _session_ended(response):
                self._tokens.distrust(token.access_token)
        if response.status_code >= 300 and not _is_unchanged(response):
            error = refusal(response)
            sent = response.request
            error.exchange = exchange(
                str(sent.method), sent.path_url, sent.body, response.status_code, response.content
            )
            raise error
        return response

    def _send(
        self, method: str | bytes, path: str, token: Token, *args: Any, **kwargs: Any
    ) -> requests.Response:
        # A redirect could lead a token elsewhere, and no data resource has one.
        kwargs |= {"auth": _Bearer(token), "allow_redirects": False}
        host = urlsplit(token.instance_url).hostname or ""
        if is_loopback(host):
            kwargs["proxies"] = {"no_proxy": host}  # in the clear, it must not leave this machine
        try:
            response = super().request(method, token.instance_url + path, *args, **kwargs)
        except (requests.RequestException, HTTPError) as error:  # requests lets some of urllib3's pass
            lost = network_error(error, writes=method != "GET")
            lost.exchange = exchange(str(method), path, kwargs.get("data"))
            raise lost from error
        self._tell_limit(response)
        return response

    def _tell_limit(self, response: requests.Response) -> None:
        info = limit_info(response.headers.get("Sforce-Limit-Info"))
        if info is None or self._on_limit is None:
            return
        try:
            self._on_limit(info)
        except Exception:  # noqa: BLE001 - a gauge that fails must not turn a write that was done into one that was not
            _log.exception("the listener for Salesforce's limits failed; the call itself goes on")


class _Bearer(AuthBase):
    """Puts the token in, and keeps requests from looking for one in a netrc file."""

    def __init__(self, token: Token) -> None:
        self._token = token

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.headers["Authorization"] = f"Bearer {self._token.access_token}"
        return r


class _TimedAdapter(HTTPAdapter):
    """Gives each request a timeout; requests would wait for ever, and simple-salesforce does not ask it not to."""

    def __init__(self, timeout_seconds: float) -> None:
        self._timeout = (min(CONNECT_TIMEOUT_SECONDS, timeout_seconds), timeout_seconds)
        super().__init__(pool_maxsize=POOLED_CONNECTIONS)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        return super().send(request, stream, timeout or self._timeout, verify, cert, proxies)


def _session_ended(response: requests.Response) -> bool:
    """Whether a new token may help. A limit is not mistaken for it, whatever its status."""
    if response.status_code not in (401, 403):
        return False
    codes = {code_of(error) for error in error_rows(response)}
    return bool(codes & SESSION_CODES) or (response.status_code == 401 and not codes)


def _is_unchanged(response: requests.Response) -> bool:
    """Whether the answer says "as it was", to somebody who asked for that."""
    return response.status_code == 304 and "If-Modified-Since" in response.request.headers
