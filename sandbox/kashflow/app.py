"""The small KashFlow as an ASGI application: all routes under /v2, and JSON for what no route takes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.kashflow.endpoint import endpoint
from sandbox.kashflow.routes import bank, catalogue, contacts, documents, login, office, payments, plans
from sandbox.kashflow.routes.table import Rest
from sandbox.kashflow.values import json_bytes
from sandbox.kashflow.world import KashFlowWorld

#: Every call there is, below /v2. Where several paths fit, the one listed first wins.
CALLS: Sequence[Rest] = [
    *login.ROUTES,
    *contacts.ROUTES,
    *documents.ROUTES,
    *payments.ROUTES,
    *catalogue.ROUTES,
    *bank.ROUTES,
    *plans.ROUTES,
    *office.ROUTES,
]


class _AnyCaseRoute(Route):
    """A route whose fixed words match in any case, with or without a slash behind (reference section 2.1)."""

    def __init__(self, path: str, endpoint: Any, *, methods: list[str]) -> None:
        super().__init__(path, endpoint, methods=methods)
        self.path_regex = re.compile(self.path_regex.pattern.removesuffix("$") + "/?$", re.IGNORECASE)


def create_app(world: KashFlowWorld) -> Starlette:
    routes = [
        _AnyCaseRoute(f"/v2{rest.path}", endpoint(world, rest.handler), methods=[rest.method])
        for rest in CALLS
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _no_route})


async def _no_route(request: Request, problem: Exception) -> Response:
    """What ASP.NET says when no controller or no action of it takes the request."""
    method_known = isinstance(problem, HTTPException) and problem.status_code == 405
    status, error = (405, "MethodNotAllowed") if method_known else (404, "NotFound")
    message = f"No HTTP resource was found that matches {request.method} {request.url.path}."
    return Response(json_bytes({"Error": error, "Message": message}), status, media_type="application/json")
