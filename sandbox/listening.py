"""One application on one loopback port, served by uvicorn within a running event loop; it ends when it is told to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from sandbox.connections import CuttableProtocol

HOST = "127.0.0.1"
#: How long requests that are being answered may hold up the end.
_GRACE_SECONDS = 1
#: How long an idle connection is kept. Published clients look at a Bulk job every five seconds and more on the
#: connection they have, and uvicorn's own five would cut it under them.
_IDLE_SECONDS = 75


def bound_socket(port: int, what: str) -> socket.socket:
    """A socket on this loopback port, 0 for a free one. Raises OSError naming the port and the remedy."""
    # By its protocol asyncio knows it for TCP, and lets nothing of an answer wait for the client's acknowledgement: head
    # and body are sent one after the other, and the second would be held back for 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        # Two may be bound to one port as long as none listens.
        listener.listen()
    except OSError as reason:
        listener.close()
        message = (
            f"port {port} for {what} cannot be used ({reason.strerror}): choose another, or 0 for a free one"
        )
        raise OSError(reason.errno, message) from None
    return listener


class Listening(uvicorn.Server):
    """`up` is set when connections are accepted; `should_exit` ends it."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=CuttableProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=_IDLE_SECONDS,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are for whoever started several of these, not for each of them."""
        yield
