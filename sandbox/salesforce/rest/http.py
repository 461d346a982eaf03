"""REST over HTTP: from a Starlette request to a Call, through the faults that strike a whole request, and back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from sandbox.salesforce.errors import ApiError, not_found
from sandbox.salesforce.jsontext import json_bytes
from sandbox.salesforce.login.oauth import site
from sandbox.salesforce.rest.call import Call, Reply, refusal
from sandbox.salesforce.rest.router import dispatch
from sandbox.salesforce.rest.subcall import DATA_PATH, segments_of
from sandbox.salesforce.rest.transport import check_length, unpacked_body
from sandbox.salesforce.sessions import User
from sandbox.salesforce.streaming.responses import CutResponse
from sandbox.salesforce.versions import versions
from sandbox.salesforce.world import SalesforceWorld

_METHODS = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"]
#: Bytes from which on an answer is packed for a client that accepts it.
_WORTH_PACKING = 1000
_MAINTENANCE = (
    "<html><head><title>Down for maintenance</title></head><body>We will be back shortly.</body></html>"
)
_BODY_TYPES = ("application/json", "text/csv", "multipart/form-data")
_UNEXPECTED = ApiError(
    "UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId: 1234567-89"
)


def data_routes(world: SalesforceWorld) -> list[Route]:
    """Everything below `/services/data`."""

    async def list_versions(request: Request) -> Response:
        return _response(Reply(200, versions()))

    async def data(request: Request) -> Response:
        return await _serve(world, request)

    packed = [Middleware(GZipMiddleware, minimum_size=_WORTH_PACKING, compresslevel=1)]
    return [
        Route("/services/data", list_versions, methods=["GET"], middleware=packed),
        Route("/services/data/", list_versions, methods=["GET"], middleware=packed),
        # Any method: the router below says which ones a resource takes.
        Route("/services/data/{rest:path}", data, methods=_METHODS, middleware=packed),
    ]


async def _serve(world: SalesforceWorld, request: Request) -> Response:
    facts = {"path": request.url.path, "method": request.method}
    slow = world.faults.take("rest_slow", **facts)
    if slow is not None:
        await asyncio.sleep(float(slow.get("seconds", 1)))
    if world.faults.take("rest_503_html", **facts) is not None:
        return HTMLResponse(_MAINTENANCE, status_code=503)
    try:
        check_length(request)
        user = _admitted(world, request, facts)
        call = await _call(request, user)
    except ApiError as error:
        return _response(refusal(error), _usage(world))
    if world.faults.take("rest_500_before_commit", **facts) is not None:
        return _response(refusal(_UNEXPECTED), _usage(world))
    reply = dispatch(world, call)
    if world.faults.take("rest_500_after_commit", **facts) is not None:
        reply = Reply(500, [_UNEXPECTED.single()], after=reply.after)
    cut = world.faults.take("rest_drop_after_commit", **facts) is not None
    return _response(reply, _usage(world), cut=cut)


def _admitted(world: SalesforceWorld, request: Request, facts: Mapping[str, Any]) -> User:
    """Who asks, with one request spent. ApiError when the session or the day's allowance does not reach."""
    authorization = request.headers.get("authorization")
    scheme, _, token = (authorization or "").partition(" ")
    if authorization and scheme.lower() not in ("bearer", "oauth"):
        raise ApiError("INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
    if world.faults.take("rest_session_expired", **facts) is not None:
        world.sessions.revoke(token.strip())
    user = world.sessions.user_for(authorization)
    if user is None:
        raise ApiError("INVALID_SESSION_ID", "Session expired or invalid")
    limit = world.faults.take("rest_request_limit", **facts)
    if limit is not None and limit.get("kind", "daily") == "concurrent":
        raise ApiError("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.")
    if limit is not None or not world.usage.spend():
        raise ApiError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    return user


async def _call(request: Request, user: User) -> Call:
    path = (
        request.scope.get("raw_path", request.url.path.encode()).decode("ascii", "replace").partition("?")[0]
    )
    found = DATA_PATH.fullmatch(path)
    if found is None:
        raise not_found()
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    parts: dict[str, str] = {}
    body = await unpacked_body(request)
    if content_type == "multipart/form-data":
        parts = await _parts(request)
    elif body and content_type and content_type not in _BODY_TYPES:
        raise ApiError("UNSUPPORTED_MEDIA_TYPE", f"Content type {content_type} is not supported")
    params = dict(request.query_params)
    return Call(
        user=user,
        # Clients behind proxies that know no PATCH send it this way.
        method=params.pop("_HttpMethod", request.method).upper(),
        version=found.group(1),
        segments=segments_of(found.group(2) or ""),
        params=params,
        headers=dict(request.headers),
        site=site(request),
        body=body,
        parts=parts,
    )


async def _parts(request: Request) -> dict[str, str]:
    parts: dict[str, str] = {}
    async with request.form() as form:
        for name, value in form.items():
            content = value if isinstance(value, str) else (await value.read()).decode("utf-8", "replace")
            parts[name] = content
    return parts


def _usage(world: SalesforceWorld) -> dict[str, str]:
    return {"Sforce-Limit-Info": f"api-usage={world.usage.used()}/{world.usage.maximum}"}


def _response(reply: Reply, headers: Mapping[str, str] | None = None, *, cut: bool = False) -> Response:
    body = _content(reply.body)
    all_headers = {**reply.headers, **(headers or {})}
    if cut:
        if reply.after is not None:
            reply.after()
        # An empty answer has no middle to be cut in, so something is announced in its place.
        return CutResponse(body or b"{}", headers=all_headers, media_type=reply.media_type)
    return Response(
        body,
        status_code=reply.status,
        headers=all_headers,
        media_type=reply.media_type if body else None,
        background=None if reply.after is None else BackgroundTask(_afterwards, reply.after),
    )


def _content(body: Any) -> bytes:
    if body is None:
        return b""
    return body.encode(errors="replace") if isinstance(body, str) else json_bytes(body)


async def _afterwards(work: Callable[[], None]) -> None:
    """On the event loop like everything that touches rows; a plain function would be sent to a thread."""
    work()
