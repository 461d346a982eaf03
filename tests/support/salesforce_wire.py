"""A Salesforce of few words on loopback: real HTTP, but it says only what the test told it to say."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ORG_ID = "00D000000000001EAA"
USER_ID = "005000000000001AAA"


@dataclass(frozen=True)
class Answer:
    """`body` as bytes goes out as it is, anything else as JSON. `hang_up` cuts the connection instead."""

    status: int = 200
    body: object = b""
    headers: dict[str, str] = field(default_factory=dict)
    hang_up: bool = False

    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Heard:
    """One request as it came in."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def params(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}

    @property
    def json(self) -> Any:
        return json.loads(self.body, parse_float=Decimal)


Reply = Callable[[Heard], Answer]


class ScriptedSalesforce:
    """`will_answer` scripts the data API, `will_answer_logins` the token endpoint, which by itself issues token-1, -2..."""

    def __init__(self) -> None:
        self.url = ""
        self.heard: list[Heard] = []
        self.logins: list[Heard] = []
        self._answers: deque[Answer] = deque()
        self._login_answers: deque[Answer] = deque()
        self._reply: Reply | None = None
        self._lock = threading.Lock()

    def will_answer(self, *answers: Answer) -> None:
        self._answers.extend(answers)

    def will_answer_logins(self, *answers: Answer) -> None:
        self._login_answers.extend(answers)

    def answers_by(self, reply: Reply) -> None:
        """For answers that depend on the request; called by several threads at once."""
        self._reply = reply

    def token_answer(self, access_token: str) -> Answer:
        identity = f"{self.url}/id/{ORG_ID}/{USER_ID}"
        return Answer(body={"access_token": access_token, "instance_url": self.url, "id": identity})

    def reply_to(self, heard: Heard) -> Answer:
        if heard.path == "/services/oauth2/token":
            with self._lock:
                self.logins.append(heard)
                if self._login_answers:
                    return self._login_answers.popleft()
                return self.token_answer(f"token-{len(self.logins)}")
        with self._lock:
            self.heard.append(heard)
            if self._reply is None:
                return self._answers.popleft() if self._answers else Answer(418, b"the script has ended")
        return self._reply(heard)


class _Server(ThreadingHTTPServer):
    """Takes as many connections at once as a test opens: those beyond the usual five would be let in seconds later."""

    request_queue_size = 64


@contextmanager
def scripted_salesforce() -> Iterator[ScriptedSalesforce]:
    world = ScriptedSalesforce()

    class Handler(_Handler):
        script = world

    server = _Server(("127.0.0.1", 0), Handler)
    world.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield world
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    script: ScriptedSalesforce

    def handle_any(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        heard = Heard(self.command, self.path, headers, self.rfile.read(length))
        answer = self.script.reply_to(heard)
        if answer.hang_up:
            self.close_connection = True
            return
        content = answer.content()
        # Without the `Date` that http.server would add: a test says its own.
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if answer.status not in (204, 304):
            self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any  # noqa: N815 - the names http.server looks for

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name http.server calls it by
        """Says nothing: a test reads what was heard."""
