"""The ways to ask Salesforce for an access token (reference salesforce.md section 3.1). Keeps no token: see oauth.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import httpx
import jwt

from connectors.errors import LoginFailed
from connectors.salesforce.origin import is_loopback
from connectors.salesforce.token_endpoint import (
    SYSTEM,
    Token,
    is_invalid_grant,
    post_form,
    read_token,
    server_time,
)

#: Salesforce takes assertions that end within about five minutes; three leaves room for the clocks.
ASSERTION_LIFE = timedelta(seconds=180)
#: A smaller difference between the two clocks cannot be why an assertion was refused.
NOTICEABLE_SKEW = timedelta(seconds=60)


class Grant(Protocol):
    """One way to log in."""

    def fetch(self, instead_of: str | None) -> Token:
        """A token by one login; `instead_of` is the access token that was just refused, if any. Raises LoginFailed,
        Unreachable, AnswerLost, QuotaSpent, Busy or Unreadable."""


@dataclass(frozen=True)
class ClientCredentials:
    """The app's own identity; Salesforce takes it on the My Domain host only."""

    origin: str
    client_id: str
    client_secret: str = field(repr=False)
    timeout_seconds: float

    def fetch(self, instead_of: str | None) -> Token:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }
        return read_token(
            self.origin, post_form(self.origin, form, self.timeout_seconds), [self.client_secret]
        )


@dataclass(frozen=True)
class JwtBearer:
    """A user named by an assertion that our private key signs; the key file is read at each login, so it may rotate."""

    origin: str
    client_id: str
    username: str
    private_key_file: Path
    audience: str
    timeout_seconds: float
    clock: Callable[[], datetime] = field(repr=False)

    def fetch(self, instead_of: str | None) -> Token:
        """Logs in; when the assertion is refused and the clocks differ, once more by the server's clock."""
        now = self.clock()
        assertion = self._assertion(now)
        response = self._post(assertion)
        theirs = server_time(response)
        if is_invalid_grant(response) and theirs and abs(theirs - now) > NOTICEABLE_SKEW:
            assertion = self._assertion(theirs)
            response = self._post(assertion)
        return read_token(self.origin, response, [assertion])

    def _post(self, assertion: str) -> httpx.Response:
        grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer"
        return post_form(
            self.origin, {"grant_type": grant_type, "assertion": assertion}, self.timeout_seconds
        )

    def _assertion(self, now: datetime) -> str:
        claims = {
            "iss": self.client_id,
            "sub": self.username,
            "aud": self.audience,
            "exp": int((now + ASSERTION_LIFE).timestamp()),
        }
        try:
            return jwt.encode(claims, self.private_key_file.read_bytes(), algorithm="RS256")
        except (OSError, ValueError, TypeError, jwt.PyJWTError) as error:
            raise LoginFailed(
                f"the private key file {self.private_key_file} (SALESFORCE_PRIVATE_KEY_FILE) cannot be used: "
                f"{type(error).__name__}; it must be a readable RSA key in PEM form without a passphrase",
                system=SYSTEM,
            ) from None  # the text of a key error may quote the key


@dataclass(frozen=True)
class FixedToken:
    """A token somebody obtained elsewhere: good until Salesforce refuses it."""

    token: Token

    def fetch(self, instead_of: str | None) -> Token:
        if instead_of == self.token.access_token:
            raise LoginFailed(
                "Salesforce refuses the fixed access token: it has expired or was revoked; configure a new one, "
                "or a client id with its secret so that tokens renew themselves",
                system=SYSTEM,
            )
        return self.token


def audience_of(origin: str) -> str:
    """The `aud` that Salesforce expects for a login at `origin`: production, sandbox, or a loopback server itself."""
    host = urlsplit(origin).hostname or ""
    if is_loopback(host):
        return origin
    is_sandbox = host == "test.salesforce.com" or ".sandbox." in host
    return "https://test.salesforce.com" if is_sandbox else "https://login.salesforce.com"
