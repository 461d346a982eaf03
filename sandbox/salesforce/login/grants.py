"""The OAuth grants of the token endpoint: from form parameters to a user, or a refusal (reference section 3.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.salesforce.login.assertion import subject_of
from sandbox.salesforce.sessions import User
from sandbox.salesforce.world import SalesforceWorld

#: Form parameters; the client's id and secret are there wherever it sent them.
Form = Mapping[str, str]


class GrantRefused(Exception):
    """The token endpoint answers `error` and `error_description` with this status."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        self.status = status


@dataclass(frozen=True)
class Granted:
    """Who gets a token, and whether a refresh token comes with it."""

    user: User
    refreshable: bool = False


def grant(world: SalesforceWorld, form: Form, audience: str) -> Granted:
    """Whom this request logs in; `audience` is the org's own URL. Raises GrantRefused."""
    kind = form.get("grant_type", "")
    fault = world.faults.take("token_error", grant_type=kind)
    if fault is not None:
        raise GrantRefused(
            str(fault.get("error", "invalid_grant")), str(fault.get("description", "authentication failure"))
        )
    if kind == _JWT_BEARER:
        return Granted(subject_of(world, form.get("assertion", ""), audience, GrantRefused))
    handler = _GRANTS.get(kind)
    if handler is None:
        raise GrantRefused("unsupported_grant_type", "grant type not supported")
    return handler(world, form)


def _client_credentials(world: SalesforceWorld, form: Form) -> Granted:
    _check_client(world, form, needs_secret=True)
    user = world.user(world.org.integration_id)
    if user is None:
        raise GrantRefused("invalid_grant", "no client credentials user enabled")
    return Granted(user)


def _password(world: SalesforceWorld, form: Form) -> Granted:
    _check_client(world, form, needs_secret=True)
    username = form.get("username", "")
    user = world.user_named(username)
    fits = world.password_fits(username, form.get("password", ""))
    if not world.settings.password_flow or user is None or not fits:
        raise GrantRefused("invalid_grant", "authentication failure")
    return Granted(user)


def _refresh(world: SalesforceWorld, form: Form) -> Granted:
    _check_client(world, form, needs_secret="client_secret" in form)
    user = world.sessions.user_of_refresh(form.get("refresh_token", ""))
    if user is None:
        raise GrantRefused("invalid_grant", "expired access/refresh token")
    return Granted(user)


def _code(world: SalesforceWorld, form: Form) -> Granted:
    _check_client(world, form, needs_secret="client_secret" in form)
    user = world.sessions.spend_code(form.get("code", ""))
    if user is None:
        raise GrantRefused("invalid_grant", "invalid authorization code")
    return Granted(user, refreshable=True)


def _check_client(world: SalesforceWorld, form: Form, *, needs_secret: bool) -> None:
    known = world.credentials
    if form.get("client_id") != known.client_id:
        raise GrantRefused("invalid_client_id", "client identifier invalid")
    if needs_secret and form.get("client_secret") != known.client_secret:
        raise GrantRefused("invalid_client", "invalid client credentials")


_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_GRANTS: Mapping[str, Callable[[SalesforceWorld, Form], Granted]] = {
    "client_credentials": _client_credentials,
    "password": _password,
    "refresh_token": _refresh,
    "authorization_code": _code,
}
