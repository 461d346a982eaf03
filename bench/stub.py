"""A Salesforce that answers at once and knows nothing: canned answers of the right shape, in a process of its own.

`python -m bench.stub` prints its address and serves until its standard input is closed. What it costs is left out of
every figure.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlsplit

#: Ids in the body of a Collections call, whatever else it says.
_IDS = re.compile(rb'"(006[0-9A-Za-z]{15})"')
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
#: An organisation with calls to spare.
_USAGE = b"Sforce-Limit-Info: api-usage=1/5000000\r\n"
_PATH = "/services/data/v66.0/"


@dataclass(frozen=True)
class Stub:
    """A running one."""

    url: str
    pid: int
    #: Kept open, and as plain as there are: who waits asks often, and what asking costs counts as the producer's.
    connection: HTTPConnection

    def count(self) -> int:
        """Records that were written up to now."""
        self.connection.request("GET", "/count")
        return int(self.connection.getresponse().read())


@contextmanager
def stub(fields: list[str]) -> Iterator[Stub]:
    """A stub whose Opportunity has these fields, all of them empty."""
    command = [sys.executable, "-m", "bench.stub", *fields]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin  # noqa: S101 - asked for with PIPE
        assert process.stdout  # noqa: S101
        url = process.stdout.readline().strip()
        with closing(HTTPConnection(urlsplit(url).netloc)) as connection:
            yield Stub(url, process.pid, connection)
        process.stdin.close()


class _Answers:
    """What it says to each request; only ids of the request come back."""

    def __init__(self, url: str, fields: list[str]) -> None:
        self._token = {"access_token": "a token", "instance_url": url, "token_type": "Bearer"}
        self._description = {"name": "Opportunity", "fields": [{"name": name} for name in fields]}
        nothing = dict.fromkeys(fields)
        self._empty = json.dumps(nothing).encode()[1:]
        #: Records that were written.
        self.count = 0

    def to(self, method: bytes, path: bytes, body: bytes) -> tuple[int, bytes]:
        """Status and body."""
        target = path.decode().removeprefix(_PATH)
        if target.startswith("/services/oauth2/token"):
            return 200, json.dumps(self._token).encode()
        if target.endswith(("/describe", "/describe/")):
            return 200, json.dumps(self._description).encode()
        if target.startswith("composite/sobjects"):
            ids = _IDS.findall(body)
            row = self._written if method == b"PATCH" else self._present
            self.count += len(ids) if method == b"PATCH" else 0
            return 200, b"[" + b",".join(row(id_) for id_ in ids) + b"]"
        if target.startswith("sobjects/Opportunity/") and method == b"PATCH":
            self.count += 1
            return 204, b""
        if target == "/count":
            return 200, b"%d" % self.count
        return 404, b'[{"errorCode":"NOT_FOUND","message":"the stub has no such resource"}]'

    def _written(self, id_: bytes) -> bytes:
        return b'{"id":"' + id_ + b'","success":true,"errors":[]}'

    def _present(self, id_: bytes) -> bytes:
        return b'{"attributes":{"type":"Opportunity"},"Id":"' + id_ + b'",' + self._empty


async def _converse(answers: _Answers, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            method, path, _ = head.split(b" ", 2)
            length = _LENGTH.search(head)
            body = await reader.readexactly(int(length.group(1))) if length else b""
            status, answer = answers.to(method, path, body)
            writer.write(
                b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%b\r\n%b"
                % (status, len(answer), _USAGE, answer)
            )
    except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
        pass  # the client has gone, or we go
    finally:
        writer.close()


async def _serve(fields: list[str]) -> None:
    answers: _Answers | None = None

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert answers is not None  # noqa: S101 - set before anybody knows the address
        await _converse(answers, reader, writer)

    server = await asyncio.start_server(converse, "127.0.0.1", 0, limit=1 << 22)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    answers = _Answers(url, fields)
    print(url, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1:]))
