"""Lets an application cut the connection it is answering on; uvicorn itself always answers something."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

#: Name of the ASGI extension: a callable that closes the connection without sending anything.
CUT = "sandbox.cut"


class ConnectionCut(Exception):
    """Stands for a cut connection where there is none to cut: an application called without a server."""


class CuttableProtocol(H11Protocol):
    """HTTP/1.1 that offers the application the extension `CUT`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        application = self.app

        async def with_cut(scope: Scope, receive: Receive, send: Send) -> None:
            extensions = scope.get("extensions") or {}
            scope["extensions"] = {**extensions, CUT: self.transport.abort}
            await application(scope, receive, send)

        self.app = with_cut


class NoAnswer(Response):
    """A response of which nothing is sent, because nobody is there any more."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        return


async def cut(request: Request) -> Response:
    """Close the request's connection; what is to be returned then. Raises ConnectionCut without a server."""
    abort = request.scope.get("extensions", {}).get(CUT)
    if abort is None:
        raise ConnectionCut
    abort()
    # uvicorn would answer 500 for us, had it not noticed before we return that the connection is gone.
    while (await request.receive())["type"] != "http.disconnect":
        pass
    return NoAnswer()
