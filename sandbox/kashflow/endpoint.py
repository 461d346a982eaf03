"""One request from bytes to bytes: session, faults, handler, JSON; the handlers themselves are in `routes`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.connections import cut
from sandbox.kashflow.distortion import distorted
from sandbox.kashflow.problems import Problem, invalid, locked_out, no_session, period_locked, sql_timeout
from sandbox.kashflow.query import Query
from sandbox.kashflow.values import json_bytes, read_json, whole_number
from sandbox.kashflow.world import KashFlowWorld

#: The login stays out of faults that are about records.
LOGIN = "sessiontoken"


@dataclass(frozen=True)
class Call:
    """One request as the handlers see it. `host` is scheme and authority, `path` the path as sent."""

    world: KashFlowWorld
    method: str
    host: str
    path: str
    authorization: str
    keys: Mapping[str, str]
    asked: tuple[tuple[str, str], ...]
    content: bytes

    @property
    def query(self) -> Query:
        return Query(self.asked)

    @property
    def resource(self) -> str:
        return self.path.lower().removeprefix("/v2/").partition("/")[0]

    @property
    def writes(self) -> bool:
        return self.method in {"POST", "PUT", "DELETE"} and self.resource != LOGIN

    def body(self) -> Any:
        """The JSON that was sent. Raises Problem 400 when there is none."""
        if not self.content.strip():
            raise invalid("The request body is empty; a JSON value is expected.")
        return read_json(self.content)

    def strikes(self, fault: str, **facts: Any) -> Mapping[str, Any] | None:
        """The params of this fault if it strikes this call."""
        told = {"method": self.method, "path": self.path, "resource": self.resource} | facts
        return self.world.faults.take(fault, **told)


@dataclass(frozen=True)
class Reply:
    """What a handler answers: a value to print as JSON, or nothing when `payload` is None and status 204."""

    payload: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


NO_CONTENT = Reply(None, 204)

Handler = Callable[[Call], Reply]


def endpoint(world: KashFlowWorld, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """The handler as a Starlette endpoint. Handlers do not wait, so each call is carried out at once or not at all."""

    async def serve(request: Request) -> Response:
        call = await _call(world, request)
        try:
            return await _serve(call, request, handler)
        except Problem as problem:
            return _json(Reply({"Error": problem.error, "Message": problem.message}, problem.status))

    return serve


async def _call(world: KashFlowWorld, request: Request) -> Call:
    return Call(
        world=world,
        method=request.method,
        host=f"{request.url.scheme}://{request.url.netloc}",
        path=request.url.path,
        authorization=request.headers.get("authorization", ""),
        keys=request.path_params,
        asked=tuple(request.query_params.multi_items()),
        content=await request.body(),
    )


async def _serve(call: Call, request: Request, handler: Handler) -> Response:
    if (slow := call.strikes("slow")) is not None:
        await asyncio.sleep(float(slow.get("seconds", 30)))
    if call.strikes("drop_before_commit") is not None:
        return await cut(request)
    refusal = _overloaded(call)
    if refusal is not None:
        return refusal
    if call.resource != LOGIN:
        _refuse(call)
        call.world.sessions.use(call.authorization)
    reply = handler(call)
    return await _answer(call, request, reply)


def _overloaded(call: Call) -> Response | None:
    """Answers of whatever stands before the application."""
    if call.strikes("html_503") is not None:
        page = "<html><head><title>Service Unavailable</title></head><body><h2>Service Unavailable</h2></body></html>"
        return Response(page, 503, media_type="text/html")
    if (limit := call.strikes("too_many_requests")) is not None:
        wait = limit.get("retry_after")
        headers = {} if wait is None else {"Retry-After": str(wait)}
        return _json(Reply({"Error": "TooManyRequests", "Message": "Too many requests."}, 429, headers))
    if call.strikes("http_500") is not None:
        return _json(_SERVER_ERROR)
    return None


def _refuse(call: Call) -> None:
    if call.strikes("session_expired", page=_page(call)) is not None:
        call.world.sessions.end(call.world.sessions.use(call.authorization))
        raise no_session()
    if call.strikes("account_locked") is not None:
        raise locked_out(401)
    if call.strikes("permission_denied") is not None:
        raise Problem(401, "PermissionDenied", "You do not have permission to do this.")
    if call.strikes("sql_timeout", page=_page(call)) is not None:
        raise sql_timeout()
    if call.writes and call.strikes("period_locked") is not None:
        raise period_locked("This record")


async def _answer(call: Call, request: Request, reply: Reply) -> Response:
    if (slow := call.strikes("slow_after_commit")) is not None:
        await asyncio.sleep(float(slow.get("seconds", 30)))
    if call.writes:
        if call.strikes("drop_after_commit") is not None:
            return await cut(request)
        if call.strikes("http_500_after_commit") is not None:
            return _json(_SERVER_ERROR)
        if call.strikes("sql_timeout_after_commit") is not None:
            raise sql_timeout()
    if call.resource == LOGIN:
        return _json(reply)
    return _json(Reply(distorted(call.strikes, reply.payload), reply.status, reply.headers))


def _page(call: Call) -> int:
    return whole_number(call.query.text("page")) or 1


def _json(reply: Reply) -> Response:
    if reply.status == 204:
        return Response(status_code=204, headers=dict(reply.headers))
    content = json_bytes(reply.payload)
    return Response(content, reply.status, headers=dict(reply.headers), media_type="application/json")


_SERVER_ERROR = Reply({"Error": "InternalServerError", "Message": "An error has occurred."}, 500)
