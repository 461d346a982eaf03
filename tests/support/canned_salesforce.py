"""Answers to our real Salesforce calls without a network: whatever bytes a test wants to come back for a request."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import requests
from requests.adapters import BaseAdapter

from connectors.salesforce.oauth import fixed_token
from connectors.salesforce.org import Org
from connectors.salesforce.transport import OrgSession

#: Status, body and headers of an answer.
Canned = tuple[int, bytes, dict[str, str]]


class _Canned(BaseAdapter):
    def __init__(self, answer: Callable[[requests.PreparedRequest], Canned]) -> None:
        super().__init__()
        self._answer = answer

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        status, body, headers = self._answer(request)
        response = requests.Response()
        response.status_code, response.raw, response.request = status, io.BytesIO(body), request
        response.url = str(request.url)
        response.headers.update(headers)
        return response

    def close(self) -> None: ...


def org_answered_by(answer: Callable[[requests.PreparedRequest], Canned]) -> Org:
    """An org as our client sees it, token, session and all; close it."""
    session = OrgSession(fixed_token("https://org.test", "a token"), timeout_seconds=5)
    session.mount("https://", _Canned(answer))
    return Org(session, api_version="66.0", client_name="Kashforce")
