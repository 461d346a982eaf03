"""A small Bayeux server on loopback that misbehaves as a test plans it; it knows nothing of our client."""

from __future__ import annotations

import json
import secrets
import socket
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Message = dict[str, Any]
COOKIE = "BAYEUX_BROWSER"


@dataclass
class Client:
    """One session. `positions`: per subscribed channel, how much of its log was handed out."""

    cookie: str
    positions: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """One HTTP request as it came in."""

    headers: dict[str, str]
    messages: list[Message]


@dataclass(frozen=True)
class Refuse:
    """Act: answer the message with this reply instead of carrying it out."""

    reply: Message


@dataclass(frozen=True)
class Spoil:
    """Act: carry the message out, then do this to the body of the answer."""

    how: Callable[[BaseHTTPRequestHandler, bytes], None]


@dataclass(frozen=True)
class Well:
    """Act: behave."""


Act = Refuse | Spoil | Well


class BayeuxServer:
    """Sessions by cookie, parked connects, replay by id. A second subscribe to a channel moves nothing, as in the
    published servers. Use as a context manager."""

    def __init__(self, *, park_seconds: float = 0.3, parks_first_connect: bool = False) -> None:
        self.park_seconds = park_seconds
        self.parks_first_connect = parks_first_connect
        self.requests: list[Request] = []
        self.clients: dict[str, Client] = {}
        self.log: dict[str, list[Message]] = defaultdict(list)
        self.handshake_advice: Message | None = None
        self.connections = 0
        self._plans: dict[str, deque[Act]] = defaultdict(deque)
        self._changed = threading.Condition()
        self._stopping = False
        self._next_replay_id = 100
        self._http = _Http(self)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/cometd/66.0"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._http.shutdown()
        self._thread.join()
        self._http.hang_up()
        self._http.server_close()

    # What a test does to it

    def plan(self, channel: str, *acts: Act) -> None:
        """How to treat the next messages to this meta channel, one act each; after them it behaves."""
        self._plans[channel].extend(acts)

    def publish(self, channel: str, payload: object, **message: Any) -> str:
        """Returns the replay id. Fields of `message` replace those of the event."""
        with self._changed:
            self._next_replay_id += 7
            data = {"schema": "s", "payload": payload, "event": {"replayId": self._next_replay_id}}
            self.log[channel].append({"channel": channel, "data": data, **message})
            self._changed.notify_all()
            return str(self._next_replay_id)

    def forget_sessions(self) -> None:
        with self._changed:
            self.clients.clear()
            self._changed.notify_all()

    def until(self, condition: Callable[[], bool]) -> None:
        """Blocks until the condition, about this server, holds."""
        with self._changed:
            assert self._changed.wait_for(condition, timeout=20), "what was waited for did not happen"

    def sent(self, channel: str) -> list[Message]:
        """Every message to this meta channel so far."""
        return [each for request in self.requests for each in request.messages if each["channel"] == channel]

    # What it does

    def note(self, request: Request) -> None:
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()

    def answer(self, message: Message, cookie: str | None) -> tuple[list[Message], str | None, Act]:
        """The replies, a cookie to set, and how the HTTP answer is to be treated."""
        channel = message["channel"]
        plan = self._plans[channel]
        act = plan.popleft() if plan else Well()
        if isinstance(act, Refuse):
            return [{"channel": channel, "id": message["id"], **act.reply}], None, act
        if channel == "/meta/handshake":
            return *self._handshake(message), act
        with self._changed:
            client = self.clients.get(message.get("clientId", ""))
            if client is None or client.cookie != cookie:
                return [_unknown(message)], None, act
            reply = {"channel": channel, "id": message["id"], "successful": True}
            if channel == "/meta/subscribe":
                self._subscribe(client, message)
                reply["subscription"] = message["subscription"]
            elif channel == "/meta/disconnect":
                del self.clients[message["clientId"]]
                self._changed.notify_all()
            elif channel == "/meta/connect":
                return self._connect(client, message, reply), None, act
            return [reply], None, act

    def _handshake(self, message: Message) -> tuple[list[Message], str]:
        client_id, cookie = secrets.token_hex(8), secrets.token_hex(8)
        with self._changed:
            self.clients[client_id] = Client(cookie)
        reply = {
            "channel": message["channel"],
            "id": message["id"],
            "successful": True,
            "clientId": client_id,
            "version": "1.0",
            "supportedConnectionTypes": ["long-polling"],
            "ext": {"replay": True},
        }
        return [reply | ({"advice": self.handshake_advice} if self.handshake_advice else {})], cookie

    def _subscribe(self, client: Client, message: Message) -> None:
        channel = message["subscription"]
        replay_id = message.get("ext", {}).get("replay", {}).get(channel, -1)
        log = self.log[channel]
        ids = [event["data"]["event"]["replayId"] for event in log]
        start = {-1: len(log), -2: 0}.get(replay_id)
        client.positions.setdefault(channel, sum(i <= replay_id for i in ids) if start is None else start)

    def _connect(self, client: Client, message: Message, reply: Message) -> list[Message]:
        is_first = "advice" in message
        if is_first:
            reply["advice"] = {"reconnect": "retry", "interval": 0, "timeout": 110000}
        if not is_first or self.parks_first_connect:
            end = time.monotonic() + self.park_seconds
            self._changed.wait_for(
                lambda: self._stopping or self._is_gone(client) or self._has_news(client),
                timeout=end - time.monotonic(),
            )
        if self._is_gone(client):
            return [_unknown(message)]
        return [*self._drain(client), reply]

    def _is_gone(self, client: Client) -> bool:
        return client not in self.clients.values()

    def _has_news(self, client: Client) -> bool:
        return any(position < len(self.log[channel]) for channel, position in client.positions.items())

    def _drain(self, client: Client) -> list[Message]:
        news = [each for channel, at in client.positions.items() for each in self.log[channel][at:]]
        client.positions = {channel: len(self.log[channel]) for channel in client.positions}
        return news


class _Http(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, bayeux: BayeuxServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bayeux = bayeux
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        self.bayeux.connections += 1
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        for each in tuple(self._open):
            _shut(each)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Http

    def do_POST(self) -> None:
        bayeux = self.server.bayeux
        messages = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        bayeux.note(Request({name.lower(): value for name, value in self.headers.items()}, messages))
        cookies = dict(
            part.strip().split("=", 1) for part in self.headers.get("Cookie", "").split(";") if part
        )
        replies: list[Message] = []
        set_cookie: str | None = None
        act: Act = Well()
        for message in messages:
            more, new_cookie, act = bayeux.answer(message, cookies.get(COOKIE))
            replies += more
            set_cookie = new_cookie or set_cookie
        body = json.dumps(replies).encode()
        if isinstance(act, Spoil):
            act.how(self, body)
            return
        extra = {"Set-Cookie": f"{COOKIE}={set_cookie}; Path=/; HttpOnly"} if set_cookie else {}
        say(self, 200, body, **extra)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the standard library's
        """Quiet."""


def _unknown(message: Message) -> Message:
    """Not numbered as Salesforce does, because no server numbers as the next one."""
    advice = {"reconnect": "handshake", "interval": 0}
    error = {"successful": False, "error": "402::session_unknown"}
    return {"channel": message["channel"], "id": message["id"], **error, "advice": advice}


def _shut(each: socket.socket) -> None:
    try:
        each.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


# Ways to spoil an answer


def say(handler: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def with_status(status: int, body: bytes | None = None, **headers: str) -> Spoil:
    """Another HTTP status; the body that was meant unless one is given."""
    return Spoil(lambda handler, meant: say(handler, status, meant if body is None else body, **headers))


def _cut(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])
    handler.wfile.flush()
    _shut(handler.connection)
    handler.close_connection = True


def _drop(handler: BaseHTTPRequestHandler, _body: bytes) -> None:
    _shut(handler.connection)
    handler.close_connection = True


def _trickle(handler: BaseHTTPRequestHandler, _body: bytes) -> None:
    """A body without end, a blank at a time."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    _drip(handler, b" ")


def _trickle_headers(handler: BaseHTTPRequestHandler, _body: bytes) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    _drip(handler, b"x")


def _drip(handler: BaseHTTPRequestHandler, drop: bytes) -> None:
    handler.close_connection = True
    for _ in range(1000):
        handler.wfile.write(drop)
        handler.wfile.flush()
        time.sleep(0.02)


def _hang(handler: BaseHTTPRequestHandler, _body: bytes) -> None:
    """Holds the request until the client hangs up."""
    handler.connection.settimeout(None)
    handler.close_connection = True
    handler.rfile.read(1)


CUT_IN_THE_MIDDLE = Spoil(_cut)
DROPPED = Spoil(_drop)
TRICKLING_BODY = Spoil(_trickle)
TRICKLING_HEADERS = Spoil(_trickle_headers)
HANGING = Spoil(_hang)
