"""The HTTP side of the Streaming API: `/cometd/NN.N` as an ASGI endpoint; Bayeux itself is in meta.py, connect.py.

Reference salesforce.md sections 1.1, 7.0 and 7.1.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox.salesforce.jsontext import json_bytes
from sandbox.salesforce.streaming import refusals
from sandbox.salesforce.streaming.bus import EventBus
from sandbox.salesforce.streaming.connect import ConnectAnswer, ConnectChannel
from sandbox.salesforce.streaming.delivery import Delivery
from sandbox.salesforce.streaming.faults import meta_name
from sandbox.salesforce.streaming.meta import Caller, MetaChannels
from sandbox.salesforce.streaming.needs import StreamingWorld
from sandbox.salesforce.streaming.responses import CutResponse, SlowResponse
from sandbox.salesforce.streaming.wire import Message, read_messages

COOKIE = "BAYEUX_BROWSER"
_OLDEST_VERSION = 37
_BUSY_PAGE = "<html><head><title>Down for maintenance</title></head><body>Service unavailable</body></html>"


class CometdEndpoint:
    """One endpoint for every version from 37.0, with a trailing slash or a message type appended or without."""

    def __init__(self, world: StreamingWorld, bus: EventBus) -> None:
        self._world = world
        self._bus = bus
        delivery = Delivery(world, bus)
        self._meta = MetaChannels(world, bus, delivery)
        self._connect = ConnectChannel(world, bus, self._meta, delivery)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._respond(Request(scope, receive))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        problem = _version_problem(request.path_params.get("version", ""))
        if problem is not None:
            return _plain(400, problem)
        if request.method != "POST":
            return _plain(400, "400::Only POST is answered here")
        body = await _body_up_to(request, self._bus.limits.request_bytes)
        if body is None:
            return _plain(413, refusals.TOO_LARGE_TEXT)
        try:
            messages = read_messages(body)
        except ValueError as error:
            return _plain(400, f"400::{error}")
        return await self._transport_fault(messages[0]) or await self._exchange(request, messages)

    async def _exchange(self, request: Request, messages: list[Message]) -> Response:
        """Answer the messages of one request in order. A handshake is alone: its companions are ignored."""
        authorization = request.headers.get("authorization")
        user = self._world.sessions.user_for(authorization)
        caller = Caller(authorization, user, request.cookies.get(COOKIE), _is_address(request.url.hostname))
        greeting = next((each for each in messages if each["channel"] == refusals.HANDSHAKE), None)
        if greeting is not None:
            return self._greet(request, greeting, caller)
        replies: list[Message] = []
        for message in messages:
            if message["channel"] != refusals.CONNECT:
                replies += self._meta.answer(message, caller)
                continue
            answer = await self._connect.answer(
                message, caller, may_hold=len(messages) == 1, gone=_gone(request)
            )
            if answer.replaced or answer.cut:
                return _broken_off(answer)
            replies += answer.messages
        return self._written(messages[0], replies)

    def _greet(self, request: Request, message: Message, caller: Caller) -> Response:
        reply, client = self._meta.handshake(message, caller)
        response = self._written(message, [reply])
        if client is not None and client.browser != caller.browser:
            secure = request.url.scheme == "https"
            response.set_cookie(COOKIE, client.browser, path="/", secure=secure, httponly=True, samesite=None)
        return response

    async def _transport_fault(self, message: Message) -> Response | None:
        """What a declared fault of the transport answers instead of Bayeux, or None."""
        faults, where = self._world.faults, meta_name(message)
        params = faults.take("cometd_hang", where=where)
        if params is not None:
            await asyncio.sleep(float(params.get("seconds", 120)))
        if faults.take("cometd_html_503", where=where) is not None:
            return Response(_BUSY_PAGE, status_code=503, media_type="text/html")
        params = faults.take("cometd_http_status", where=where)
        if params is not None:
            return _plain(int(params.get("status", 401)), str(params.get("body", "")))
        return None

    def _written(self, message: Message, replies: list[Message]) -> Response:
        body = json_bytes(replies)
        params = self._world.faults.take("cometd_slow_body", where=meta_name(message))
        if params is not None:
            return SlowResponse(body, float(params.get("seconds", 5)))
        return _json(body)


class ServedWorld(StreamingWorld, Protocol):
    """A world whose Streaming API is served: it keeps the one event bus it was made with."""

    @property
    def events(self) -> EventBus: ...


def routes(world: ServedWorld) -> list[Route]:
    """The routes of the Streaming API, for any HTTP method: what is not a POST is answered with 400."""
    endpoint = CometdEndpoint(world, world.events)
    paths = ("/cometd", "/cometd/", "/cometd/{version}", "/cometd/{version}/{message_type:path}")
    return [Route(path, endpoint) for path in paths]


def _version_problem(version: str) -> str | None:
    match = re.fullmatch(r"(\d{1,3})\.\d", version)
    if match is None:
        return refusals.NO_VERSION_TEXT
    return refusals.OLD_VERSION_TEXT if int(match[1]) < _OLDEST_VERSION else None


def _is_address(host: str | None) -> bool:
    try:
        return bool(ip_address(host or ""))
    except ValueError:
        return False


async def _body_up_to(request: Request, limit: int) -> bytes | None:
    """The body, of known length or chunked, or None if it is larger than the limit."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            return None
    return body


def _gone(request: Request) -> Callable[[], Awaitable[None]]:
    """Returns once the caller has hung up; the body must have been read before."""

    async def wait() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    return wait


def _broken_off(answer: ConnectAnswer) -> Response:
    if answer.replaced:
        return Response(status_code=500)
    return CutResponse(json_bytes(answer.messages))


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json;charset=UTF-8")


def _plain(status: int, text: str) -> Response:
    return Response(text, status_code=status, media_type="text/plain")
