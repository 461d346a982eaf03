"""Requests that nobody means: random paths, headers, queries and bodies, built from real words so that they get far.

The ASGI application is called without a server and without httpx, because thousands of them have to be quick.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from starlette.types import ASGIApp, Message

_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW")
_ODD_TEXTS = (
    "", " ", "0", "1", "-1", "007", "1.5", "1e999", "9" * 30, "9" * 5000, "NaN", "true", "null", "None", "x", "%", "%00",
    "2026-02-31", "2026-03-02", "2026-03-02 12:00:00", "2026-03-02T12:00:00Z", "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59", "٣", "²", "é☃", "\x00", "\ud800", "'", "\\'", '"', "\r\n", "a" * 300, "../..", "@{x.id}",
)  # fmt: skip
_ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 3, 10**25, 1.5, -0.0, [], {}, [None], [[]], [{}], {"": None},
)  # fmt: skip
_ODD_BODIES = (
    b"", b" ", b"{", b"\xff\xfe", b"[" * 3000, b'{"a":' * 3000, b"NaN", b"[1e99999999]",
    b'{"Name":1e999999999,"compositeRequest":[{"method":"POST","url":"/services/data/v66.0/sobjects/Account","referenceId":"a","body":{"Name":1e999999999}}]}', b'[{"id":1e999999999,"channel":"/meta/handshake"}]',
    b"1" * 5000, b'"\\ud800"', b"null",
    b"[]", b"{}", b"a,b\n1,2\n", b"a=b&c=%ff&d", b"<x/>", b"--b\r\n", b"\x1f\x8b\x08broken", b"\xef\xbb\xbf{}",
)  # fmt: skip
_HEADERS: tuple[tuple[str, Sequence[str]], ...] = (
    ("content-type", ("application/json", "text/csv", "application/xml", "multipart/form-data; boundary=b", "multipart/form-data", "application/x-www-form-urlencoded", ";;", "é")),
    ("content-encoding", ("gzip", "deflate", "identity", "br", "x")),
    ("accept-encoding", ("gzip", "identity", "*", "gzip;q=0", ";q=x")),
    ("sforce-query-options", ("batchSize=1", "batchSize=99999999999999999999", "batchSize=x")),
    ("sforce-call-options", ("client=a b;c", "client=", "defaultNamespace")),
    ("if-modified-since", ("Sat, 21 Nov 2026 09:00:00 GMT", "yesterday", "Sat, 99 Nov 9999999999 09:00:00 GMT", "0")),
    ("if-unmodified-since", ("Sat, 21 Nov 1020 09:00:00 GMT", "-1", "Thu, 01 Jan 0001 00:00:00 +2359")),
    ("cookie", ("BAYEUX_BROWSER=x", "=;;", "a")),
    ("authorization", ("Basic x", "Bearer", "KfToken x", "OAuth \xff", "")),
    ("content-length", ("0", "x", "-5")),
    ("host", ("", "é", "[::", "a:b:c")),
)  # fmt: skip


@dataclass(frozen=True)
class Call:
    """One call: `path` has `{}` for each key, `bodies` are JSON values as they should be, for spoiling."""

    method: str
    path: str
    bodies: Sequence[Any] = ()


@dataclass(frozen=True)
class Words:
    """What one world understands: its calls, and the words in them."""

    calls: Sequence[Call]
    keys: Sequence[str]
    parameters: Sequence[str]
    fields: Sequence[str]
    texts: Sequence[str]
    authorization: str


@dataclass(frozen=True)
class Odd:
    """One request, as repeatable as its seed."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Chance:
    """Makes requests of a world's words."""

    def __init__(self, words: Words, seed: int) -> None:
        self._words = words
        self._rng = random.Random(seed)

    def request(self) -> Odd:
        call = self._rng.choice(self._words.calls)
        method = self._rng.choice(_METHODS) if self._rng.random() < 0.1 else call.method
        return Odd(method, self._path(call.path) + self._query(), self._headers(), self._body(call.bodies))

    def _path(self, path: str) -> str:
        while "{}" in path:
            path = path.replace("{}", quote(self._text().encode("utf-8", "replace"), safe=""), 1)
        if self._rng.random() < 0.05:
            path += self._rng.choice(("/", "//", "/x", "/%2e%2e/", "%", "/é".encode().decode("latin-1")))
        return path.upper() if self._rng.random() < 0.03 else path

    def _query(self) -> str:
        pairs = [
            f"{self._rng.choice(self._words.parameters)}={quote(self._text().encode('utf-8', 'replace'), safe='')}"
            for _ in range(self._rng.choice((0, 0, 0, 1, 1, 2, 4)))
        ]
        return "?" + "&".join(pairs) if pairs else ""

    def _headers(self) -> tuple[tuple[str, str], ...]:
        headers = {"host": "sandbox.test", "authorization": self._words.authorization}
        for name, values in _HEADERS:
            if self._rng.random() < 0.03:
                headers[name] = self._rng.choice(values)
        return tuple(headers.items())

    def _body(self, bodies: Sequence[Any]) -> bytes:
        if self._rng.random() < 0.1:
            return self._rng.choice(_ODD_BODIES)
        if bodies and self._rng.random() < 0.8:
            return json.dumps(self._spoilt(self._rng.choice(bodies))).encode()
        return json.dumps(self._value(0)).encode()

    def _spoilt(self, value: Any) -> Any:
        """Much like it was, but not everywhere."""
        if self._rng.random() < 0.02:
            return self._value(2)
        if isinstance(value, dict):
            return {key: self._spoilt(part) for key, part in value.items() if self._rng.random() > 0.03}
        return [self._spoilt(part) for part in value] if isinstance(value, list) else value

    def _value(self, depth: int) -> Any:
        shape = self._rng.random()
        if depth > 4 or shape < (0.0 if depth == 0 else 0.55):
            return self._rng.choice(_ODD_VALUES) if self._rng.random() < 0.4 else self._text()
        if shape > 0.85:
            return [self._value(depth + 1) for _ in range(self._rng.randint(0, 3))]
        return {
            self._rng.choice(self._words.fields): self._value(depth + 1)
            for _ in range(self._rng.randint(0, 6))
        }

    def _text(self) -> str:
        pool = self._rng.choice((self._words.keys, self._words.keys, self._words.texts, _ODD_TEXTS))
        return self._rng.choice(pool)


def answers(app: ASGIApp, requests: Iterable[Odd]) -> list[tuple[Odd, int]]:
    """What became of each request: its status. An exception of the application is the caller's to see."""

    async def all_of_them() -> list[tuple[Odd, int]]:
        return [(request, await _status(app, request)) for request in requests]

    return asyncio.run(all_of_them())


async def _status(app: ASGIApp, request: Odd) -> int:
    raw_path, _, query = request.target.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": request.method, "scheme": "http",
        "path": unquote(raw_path), "raw_path": raw_path.encode("latin-1"), "query_string": query.encode("latin-1"), "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in request.headers],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    said: list[Message] = [{"type": "http.request", "body": request.body}, {"type": "http.disconnect"}]
    statuses: list[int] = []

    async def receive() -> Message:
        return said.pop(0) if len(said) > 1 else said[0]

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    try:
        await app(scope, receive, send)
    except Exception as error:
        raise AssertionError(f"{request} ended in {error!r}") from error
    return statuses[0]
