"""JWT bearer assertions: RS256, for our app, for us, not too old and not too far ahead (reference section 3.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jwt
from jwt.types import Options

from sandbox.salesforce.sessions import User
from sandbox.salesforce.world import SalesforceWorld

_AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
#: An assertion may expire this far ahead, and its clock may be this wrong.
_LONGEST_SECONDS = 300
_SKEW_SECONDS = 180

#: Makes the exception for an error and its description.
Refusal = Callable[[str, str], Exception]


def subject_of(world: SalesforceWorld, assertion: str, audience: str, refused: Refusal) -> User:
    """The user that the assertion speaks for; raises what `refused` makes.

    Without a registered public key any RS256 signature will do.
    """
    claims = _claims(world, assertion, refused)
    if claims.get("iss") != world.credentials.client_id:
        raise refused("invalid_client_id", "client identifier invalid")
    if str(claims.get("aud", "")).rstrip("/") not in (*_AUDIENCES, audience):
        raise refused("invalid_grant", "audience is invalid")
    left = _number(claims.get("exp")) - world.clock.now().timestamp()
    if not -_SKEW_SECONDS < left <= _LONGEST_SECONDS + _SKEW_SECONDS:
        raise refused("invalid_grant", "invalid assertion")
    user = world.user_named(str(claims.get("sub", "")))
    if user is None:
        raise refused("invalid_grant", "user hasn't approved this consumer")
    return user


def _claims(world: SalesforceWorld, assertion: str, refused: Refusal) -> dict[str, Any]:
    key = world.settings.public_key_pem
    # Claims are judged by the world's clock above, so the library checks the signature alone.
    options: Options = {
        "verify_signature": key is not None,
        "verify_exp": False,
        "verify_aud": False,
        "verify_nbf": False,
        "verify_iat": False,
    }
    try:
        if jwt.get_unverified_header(assertion).get("alg") != "RS256":
            raise refused("invalid_grant", "invalid assertion")
        claims: dict[str, Any] = jwt.decode(assertion, key or "", algorithms=["RS256"], options=options)
    except jwt.PyJWTError:
        raise refused("invalid_grant", "invalid assertion") from None
    return claims


def _number(value: Any) -> float:
    """Some clients send `exp` as text."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0
