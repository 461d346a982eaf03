"""What stands before every page: the login, and the headers that keep a browser from being turned against it."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable, Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: No script, nothing from elsewhere, no frame, no form; nothing is kept, because figures age.
SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}


class SecurityHeaders:
    """Puts the headers on every answer, refusals and errors too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY_HEADERS)
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class BasicLogin:
    """HTTP Basic authentication of one user on every path but the `open_paths`."""

    def __init__(self, app: ASGIApp, *, user: str, password: str, open_paths: Iterable[str] = ()) -> None:
        self._app = app
        self._expected = f"{user}:{password}".encode()
        self._open_paths = frozenset(open_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in self._open_paths or self._is_known(scope):
            await self._app(scope, receive, send)
            return
        refusal = PlainTextResponse(
            "The user is operator; the password is KASHFORCE_CONSOLE_PASSWORD.\n",
            status_code=401,
            headers={"WWW-Authenticate": 'Basic realm="Kashforce", charset="UTF-8"'},
        )
        await refusal(scope, receive, send)

    def _is_known(self, scope: Scope) -> bool:
        scheme, _, encoded = Headers(scope=scope).get("Authorization", "").partition(" ")
        try:
            given = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):  # ValueError: not ASCII
            given = b""
        # One comparison of the whole, which takes as long for a nearly right password as for a wrong one.
        return hmac.compare_digest(given, self._expected) and scheme.lower() == "basic"
