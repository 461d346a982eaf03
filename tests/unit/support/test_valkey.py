"""The Valkey server for tests: it answers, it dies, it comes back empty at the same address."""

from __future__ import annotations

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.support.valkey import ValkeyServer


def test_a_killed_server_comes_back_empty_at_the_same_address() -> None:
    with (
        ValkeyServer() as server,
        redis.Redis.from_url(server.url, retry=Retry(NoBackoff(), 0)) as client,
    ):
        client.set("kept", "no")

        server.kill()
        with pytest.raises(redis.ConnectionError):
            client.ping()
        server.restart()

        assert client.get("kept") is None


def test_a_port_that_is_taken_is_said_with_the_log_of_the_server() -> None:
    with ValkeyServer() as server:
        late = ValkeyServer()
        late.port = server.port
        with pytest.raises(RuntimeError, match="Address already in use"), late:
            pass
