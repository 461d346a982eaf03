"""Two ways in which a reply reaches a client badly: cut off, or trickling; what it says is not decided here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

_MEDIA_TYPE = "application/json;charset=UTF-8"
_PIECES = 10


class CutResponse(Response):
    """Announces the whole body, sends half of it and hangs up: the server closes an unfinished response."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        half = bytes(self.body[: len(self.body) // 2])
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": half, "more_body": True})


class SlowResponse(StreamingResponse):
    """Sends the body in pieces over so many seconds."""

    def __init__(self, body: bytes, seconds: float) -> None:
        super().__init__(_trickle(body, seconds / _PIECES), media_type=_MEDIA_TYPE)
        self.headers["content-length"] = str(len(body))


async def _trickle(body: bytes, pause_seconds: float) -> AsyncIterator[bytes]:
    size = max(1, len(body) // _PIECES)
    for start in range(0, len(body), size):
        await asyncio.sleep(pause_seconds)
        yield body[start : start + size]
