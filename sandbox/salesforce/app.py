"""The small Salesforce as an ASGI application: every route of one world; it starts no server."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox.salesforce.errors import not_found
from sandbox.salesforce.jsontext import json_bytes
from sandbox.salesforce.login.oauth import OAuth
from sandbox.salesforce.login.soap import soap_routes
from sandbox.salesforce.rest.http import data_routes
from sandbox.salesforce.streaming import routes as streaming_routes
from sandbox.salesforce.world import SalesforceWorld


def create_app(world: SalesforceWorld) -> Starlette:
    """One org on one host: login, REST, Bulk and CometD."""
    routes: list[BaseRoute] = [
        *OAuth(world).routes(),
        *soap_routes(world),
        *data_routes(world),
        *streaming_routes(world),
    ]
    return Starlette(routes=routes, exception_handlers={404: _nothing_there})


async def _nothing_there(_request: Request, _error: Exception) -> Response:
    error = not_found()
    return Response(
        json_bytes([error.single()]), status_code=404, media_type="application/json;charset=UTF-8"
    )
