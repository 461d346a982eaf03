"""The servers that tests share, as fixtures; `tests/conftest.py` loads them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from tests.support.postgres import PostgresServer
from tests.support.valkey import ValkeyServer


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[ValkeyServer]:
    """One server for all tests of a process; do not kill it, and take `valkey_url` to find it empty."""
    with ValkeyServer() as server:
        yield server


@pytest.fixture
def valkey_url(valkey_server: ValkeyServer) -> str:
    """A real Valkey, empty."""
    with redis.Redis.from_url(valkey_server.url) as client:
        client.flushall()
    return valkey_server.url


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for all tests of a process, so that xdist workers share nothing; do not kill it."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database of a real PostgreSQL; it is dropped after the test."""
    url = postgres_server.fresh_database()
    yield url
    postgres_server.drop_database(url)
