"""Lets an application cut the connection it is answering on; uvicorn itself always answers something."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from starlette.requests import Request
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

#: Name of the ASGI extension: a callable that closes the connection without sending anything.
CUT = "sandbox.cut"


class ConnectionCut(Exception):
    """The connection is gone and no answer can be sent; also what stands for it where there is no connection."""


class CuttableProtocol(H11Protocol):
    """HTTP/1.1 that offers the application the extension `CUT`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        application = self.app

        async def with_cut(scope: Scope, receive: Receive, send: Send) -> None:
            extensions = scope.get("extensions") or {}
            scope["extensions"] = {**extensions, CUT: self.transport.abort}
            with suppress(ConnectionCut):
                await application(scope, receive, send)

        self.app = with_cut


async def cut(request: Request) -> None:
    """Close the request's connection without an answer. Always raises ConnectionCut."""
    abort = request.scope.get("extensions", {}).get(CUT)
    if abort is not None:
        abort()
        # uvicorn answers 500 for us unless it has noticed that the connection is gone.
        while (await request.receive())["type"] != "http.disconnect":
            pass
    raise ConnectionCut
