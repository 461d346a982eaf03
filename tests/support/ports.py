"""Finds a loopback port that nobody listens on; it does not reserve it."""

from __future__ import annotations

import socket


def free_port() -> int:
    """A port that was free a moment ago: start listening soon."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
