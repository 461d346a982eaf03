"""A process that is killed while it logs in to KashFlow keeps the others from it for one lease, and not for minutes."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from connectors.errors import ConnectorError
from console.bootstrap import House
from tests.support.console import settings_in
from tests.support.installation import eventually

#: Seconds of real time.
LEASE = 2.0
SOON = 30.0
KEY = "kashforce:kashflow:login"


@pytest.fixture
def silent_server() -> Iterator[socket.socket]:
    """Takes connections and never says a word, until it is closed."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_a_login_under_way_is_renewed_lease_by_lease(
    silent_server: socket.socket, valkey_url: str, tmp_path: Path
) -> None:
    settings = settings_in(
        tmp_path,
        redis_url=valkey_url,
        lease_seconds=LEASE,
        kashflow_url=f"http://127.0.0.1:{silent_server.getsockname()[1]}/v2",
        kashflow_username="office",
        kashflow_password="correct horse",
        kashflow_memorable_word="stapler",
    )
    with House(settings) as house:
        client = house.kashflow_client()

        def log_in() -> None:
            with suppress(ConnectorError):
                client.vat_rates()

        def until() -> float:
            """Until when others believe that this login is under way."""
            return float(json.loads(house.redis.get(KEY) or "{}").get("until", 0))

        thread = threading.Thread(target=log_in)
        thread.start()
        connection, _ = silent_server.accept()
        try:
            first = eventually(until, SOON, "a first login")
            assert first <= time.time() + LEASE
            eventually(lambda: until() > first + LEASE, SOON, "a renewal")
        finally:
            silent_server.close()
            connection.close()
            thread.join()
