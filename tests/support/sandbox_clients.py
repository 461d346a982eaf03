"""Clients of a running sandbox: logged in at its KashFlow, and for its control path."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from connectors.tls import trusted
from sandbox.server import Sandbox
from tests.support.kashflow_books import log_in


@contextmanager
def kashflow_client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """A client of the running KashFlow with a session."""
    with httpx.Client(
        base_url=f"{sandbox.kashflow_url}/", timeout=10, verify=trusted(by_environment=False)
    ) as client:
        log_in(client, sandbox.kashflow)
        yield client


class Control:
    """The control path, each call expected to succeed unless it is `refused`."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        response = self._client.request(method, path, json=body)
        assert response.is_success, response.text
        return response.json() if response.content else None

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Status and the sentence that says what is wrong."""
        response = self._client.request(method, path, json=body)
        assert response.is_client_error, response.text
        sentence: str = response.json()["error"]
        return response.status_code, sentence
