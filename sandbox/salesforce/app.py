"""The small Salesforce as an ASGI application: every route of one world; it starts no server."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox.salesforce.errors import ApiError, not_found
from sandbox.salesforce.jsontext import json_bytes
from sandbox.salesforce.login.oauth import OAuth
from sandbox.salesforce.login.soap import soap_routes
from sandbox.salesforce.rest.bulk_v1 import bulk_v1_routes
from sandbox.salesforce.rest.http import data_routes
from sandbox.salesforce.streaming import routes as streaming_routes
from sandbox.salesforce.world import SalesforceWorld

_CODES = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}


def create_app(world: SalesforceWorld) -> Starlette:
    """One org on one host: login, REST, Bulk and CometD."""
    routes: list[BaseRoute] = [
        *OAuth(world).routes(),
        *soap_routes(world),
        *data_routes(world),
        *bulk_v1_routes(),
        *streaming_routes(world),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _refused})


async def _refused(_request: Request, reason: Exception) -> Response:
    """What no route takes, or what the framework itself turns down, in the shape of every other error."""
    if not isinstance(reason, HTTPException):
        raise reason
    code = _CODES.get(reason.status_code, "INVALID_CONTENT")
    error = not_found() if code == "NOT_FOUND" else ApiError(code, reason.detail, status=reason.status_code)
    body = json_bytes([error.single()])
    return Response(body, error.status, reason.headers, media_type="application/json;charset=UTF-8")
