"""A real HTTP server on loopback that logs in like KashFlow and answers everything else as a test says.

It is a script, not a world: the world is `sandbox/kashflow`.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr

from connectors.kashflow import KashFlowCredentials

CREDENTIALS = KashFlowCredentials("acme-ltd", SecretStr("correct horse"), SecretStr("marmalade"))
WRONG_PASSWORD = KashFlowCredentials("acme-ltd", SecretStr("wrong horse"), SecretStr("marmalade"))


@dataclass(frozen=True)
class Asked:
    """One request as the server saw it; `path` without `/v2` and still percent-encoded."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    authorization: str | None


@dataclass(frozen=True)
class Say:
    """One answer. `hang_up` cuts the connection instead, after the request was read."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    hang_up: bool = False


def error(status: int, code: str, message: str = "as the script says", **headers: str) -> Say:
    """KashFlow's error body (reference section 2.7)."""
    return Say(
        status, {"Error": code, "Message": message}, {k.replace("_", "-"): v for k, v in headers.items()}
    )


class ScriptedKashFlow:
    """`answer` gets every request that carries a living token; `login` may replace the answer to a login step."""

    def __init__(self, answer: Callable[[Asked], Say]) -> None:
        self.answer = answer
        self.login: Callable[[Asked], Say | None] = lambda asked: None
        #: Called before each 401, so that a test can let several of them happen at once.
        self.before_turning_away: Callable[[], object] = lambda: None
        self.asked: list[Asked] = []
        self.living: set[str] = set()
        self.url = ""
        self._issued = 0
        self._lock = threading.Lock()

    def logins(self) -> int:
        """How often somebody began to log in."""
        return sum(a.method == "POST" and a.path == "/sessiontoken" for a in self.asked)

    def calls(self) -> list[Asked]:
        """Everything but logins."""
        return [a for a in self.asked if a.path != "/sessiontoken"]

    def end_sessions(self) -> None:
        self.living.clear()

    def respond(self, asked: Asked) -> Say:
        with self._lock:
            self.asked.append(asked)
        if asked.path == "/sessiontoken":
            return self.login(asked) or self._log_in(asked)
        if (asked.authorization or "").removeprefix("KfToken ") not in self.living:
            self.before_turning_away()
            return error(401, "InvalidSessionToken", "Session token provided is invalid.")
        return self.answer(asked)

    def _log_in(self, asked: Asked) -> Say:
        if asked.method == "POST":
            if asked.body != {"UserName": "acme-ltd", "Password": "correct horse"}:
                return error(400, "InvalidCredentials")
            wanted = [{"Position": position, "Value": ""} for position in (2, 5, 9)]
            return Say(201, {"TemporaryToken": "temporary", "MemorableWordList": wanted})
        characters = {item["Position"]: item["Value"] for item in asked.body["MemorableWordList"]}
        if asked.body["TemporaryToken"] != "temporary" or characters != {2: "a", 5: "a", 9: "e"}:
            return error(400, "InvalidCredentials")
        with self._lock:
            self._issued += 1
            token = f"session-{self._issued}"
            self.living.add(token)
        return Say(200, {"SessionToken": token, "CompanyName": "Acme Ltd"})


@contextmanager
def serving(answer: Callable[[Asked], Say]) -> Iterator[ScriptedKashFlow]:
    """The script behind a free port of loopback; its `url` ends in `/v2`."""
    script = ScriptedKashFlow(answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(script))
    script.url = f"http://127.0.0.1:{server.server_address[1]}/v2"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(script: ScriptedKashFlow) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True

        def _handle(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            text = self.rfile.read(length)
            parts = urlsplit(self.path)
            said = script.respond(
                Asked(
                    self.command,
                    parts.path.removeprefix("/v2"),
                    {name: values[0] for name, values in parse_qs(parts.query).items()},
                    json.loads(text) if text else None,
                    self.headers.get("Authorization"),
                )
            )
            self.close_connection = True
            if said.hang_up:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            body = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = _handle  # noqa: N815  the base class asks for these names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's name
            """Tests read `asked`, not a log."""

    return Handler
