"""The servers that tests share, as fixtures; `tests/conftest.py` loads them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from tests.support.valkey import ValkeyServer


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[ValkeyServer]:
    """One server for all tests of a process, empty between tests only through `valkey_url`; do not kill it."""
    with ValkeyServer() as server:
        yield server


@pytest.fixture
def valkey_url(valkey_server: ValkeyServer) -> str:
    """A real Valkey, empty."""
    with redis.Redis.from_url(valkey_server.url) as client:
        client.flushall()
    return valkey_server.url
