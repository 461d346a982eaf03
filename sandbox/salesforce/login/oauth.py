"""The OAuth endpoints over HTTP: token, revoke, authorize, introspect, userinfo, identity (reference section 3.1)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.salesforce.login.grants import Form, GrantRefused, grant
from sandbox.salesforce.sessions import User
from sandbox.salesforce.world import SalesforceWorld

_SCOPE = "api refresh_token"


class OAuth:
    """The endpoints of one org."""

    def __init__(self, world: SalesforceWorld) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        return [
            Route("/services/oauth2/token", self.token, methods=["POST"]),
            Route("/services/oauth2/revoke", self.revoke, methods=["GET", "POST"]),
            Route("/services/oauth2/authorize", self.authorize, methods=["GET", "POST"]),
            Route("/services/oauth2/introspect", self.introspect, methods=["POST"]),
            Route("/services/oauth2/userinfo", self.userinfo, methods=["GET", "POST"]),
            Route("/id/{org_id}/{user_id}", self.userinfo, methods=["GET", "POST"]),
        ]

    async def token(self, request: Request) -> Response:
        form = await _form(request)
        try:
            granted = grant(self._world, form, site(request))
        except GrantRefused as refused:
            return _refusal(refused.error, refused.description, refused.status)
        answer = token_answer(self._world, granted.user, site(request))
        if granted.refreshable:
            answer["refresh_token"] = self._world.sessions.issue_refresh(granted.user)
        return JSONResponse(answer)

    async def revoke(self, request: Request) -> Response:
        form = {**request.query_params, **await _form(request)}
        if self._world.sessions.revoke(form.get("token", "")):
            return PlainTextResponse("")
        return _refusal("unsupported_token_type", "this token type is not supported")

    async def authorize(self, request: Request) -> Response:
        """No login page: whoever comes is the sales person, and has approved."""
        params, known = request.query_params, self._world.credentials
        user, back = self._world.user_named(known.username), params.get("redirect_uri", "")
        if user is None or not back or params.get("client_id") != known.client_id:
            return _refusal("invalid_client_id", "client identifier invalid")
        answer = {"code": self._world.sessions.issue_code(user)}
        if "state" in params:
            answer["state"] = params["state"]
        return RedirectResponse(f"{back}{'&' if '?' in back else '?'}{urlencode(answer)}", status_code=302)

    async def introspect(self, request: Request) -> Response:
        form = await _form(request)
        return JSONResponse(_introspected(self._world, form.get("token", "")))

    async def userinfo(self, request: Request) -> Response:
        sessions, query_token = self._world.sessions, request.query_params.get("access_token", "")
        user = sessions.user_for(request.headers.get("authorization")) or sessions.user_of(query_token)
        if user is None:
            return PlainTextResponse("Bad_OAuth_Token", status_code=403)
        return JSONResponse(_info(self._world, user, site(request)))


def _refusal(error: str, description: str, status: int = 400) -> Response:
    return JSONResponse({"error": error, "error_description": description}, status_code=status)


def site(request: Request) -> str:
    """The org's own URL as this client reached it; it is the `instance_url`."""
    return f"{request.url.scheme}://{request.headers.get('host') or request.url.netloc}"


def token_answer(world: SalesforceWorld, user: User, instance_url: str) -> dict[str, Any]:
    issued_at = str(int(world.clock.now().timestamp() * 1000))
    identity = f"{instance_url}/id/{world.org.id}/{user.id}"
    digest = hmac.new(
        world.credentials.client_secret.encode(), (identity + issued_at).encode(), hashlib.sha256
    )
    return {
        "access_token": world.sessions.issue(user),
        "signature": base64.b64encode(digest.digest()).decode(),
        "scope": _SCOPE,
        "instance_url": instance_url,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued_at,
    }


async def _form(request: Request) -> Form:
    """Form fields, with the client's id and secret from HTTP Basic when they are sent there."""
    async with request.form() as sent:
        form = {key: value for key, value in sent.items() if isinstance(value, str)}
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return form
        form = {"client_id": client_id, "client_secret": secret, **form}
    return form


def _introspected(world: SalesforceWorld, token: str) -> Mapping[str, Any]:
    expires_at, user = world.sessions.expires_at(token), world.sessions.user_of(token)
    if user is None or expires_at is None:
        return {"active": False}
    return {
        "active": True,
        "scope": _SCOPE,
        "client_id": world.credentials.client_id,
        "username": user.username,
        "sub": f"{world.org.id}/{user.id}",
        "token_type": "access_token",
        "exp": int(expires_at.timestamp()),
    }


def _info(world: SalesforceWorld, user: User, instance_url: str) -> dict[str, Any]:
    """Both the OpenID words (userinfo) and those of the identity URL."""
    data = f"{instance_url}/services/data/v{{version}}"
    return {
        "sub": f"{instance_url}/id/{world.org.id}/{user.id}",
        "id": f"{instance_url}/id/{world.org.id}/{user.id}",
        "user_id": user.id,
        "organization_id": world.org.id,
        "preferred_username": user.username,
        "username": user.username,
        "nickname": user.username.partition("@")[0],
        "name": user.name,
        "display_name": user.name,
        "email": user.email,
        "email_verified": True,
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_GB",
        "zoneinfo": "Europe/London",
        "active": True,
        "is_app_installed": True,
        "urls": {
            "rest": f"{data}/",
            "sobjects": f"{data}/sobjects/",
            "query": f"{data}/query/",
            "partner": f"{instance_url}/services/Soap/u/{{version}}/{world.org.id[:15]}",
            "enterprise": f"{instance_url}/services/Soap/c/{{version}}/{world.org.id[:15]}",
        },
    }
