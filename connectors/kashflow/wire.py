"""One request out, one JSON value or one of our errors back. Knows neither records nor pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import httpx

from connectors.kashflow.border import answer_lost, translate
from connectors.kashflow.patience import Patience
from connectors.kashflow.reading import Row, read_json, read_row
from connectors.kashflow.writing import to_json

Params = Mapping[str, str | int | bool]


class Wire:
    """What the resources share: one HTTP client with its session, and the patience for reads."""

    def __init__(self, http: httpx.Client, patience: Patience) -> None:
        self._http = http
        self._patience = patience

    def read(self, path: str, params: Params | None = None) -> object:
        """GET, tried again as far as the patience goes. Raises any ConnectorError."""
        return self._patience.read(lambda: read_json(self._send("GET", path, params=params)))

    def write(self, method: Literal["POST", "PUT"], path: str, body: Mapping[str, object]) -> Row:
        """The record that came back, or an empty row where an update was answered with nothing.

        Sent exactly once: KashFlow has no idempotency key (quirk 3), so after any NotNow whose
        `may_have_happened` is true the caller looks before it sends again. Raises any ConnectorError.
        """
        response = self._send(method, path, body=to_json(body))
        answer = read_json(response)
        if answer is None and method == "PUT":
            return {}
        if not isinstance(answer, dict):
            raise answer_lost(response, "it is not a record")
        return read_row(answer, of=path)

    def _send(
        self, method: str, path: str, *, params: Params | None = None, body: str | None = None
    ) -> httpx.Response:
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            response = self._http.request(method, path, params=params, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as trouble:
            raise translate(trouble) from trouble
        if not response.is_success:
            raise translate(response)
        return response
