"""The one holder of the access token: logs in when needed, once for all threads, and rests after a failed login."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connectors.errors import ConnectorError, LoginFailed, LoginPaused, NotNow
from connectors.salesforce.grants import ClientCredentials, FixedToken, Grant, JwtBearer, audience_of
from connectors.salesforce.origin import checked_origin
from connectors.salesforce.token_endpoint import SYSTEM, Token

__all__ = ["Token", "TokenProvider", "client_credentials", "fixed_token", "jwt_bearer"]

#: After a login that may pass next time (network, overload).
FIRST_REST_SECONDS = 5.0
#: After a login that was refused: only a person can mend it, but we notice when somebody did.
FIRST_REST_AFTER_REFUSAL_SECONDS = 60.0
LONGEST_REST_SECONDS = 600.0

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class TokenProvider:
    """Hands out the current token; safe to share between threads.

    After a failed login nobody logs in for a while: callers get LoginPaused at once, with the seconds left. The pause
    doubles with each failure up to ten minutes, so a wrong secret costs Salesforce's login rate next to nothing.
    """

    def __init__(self, grant: Grant, *, clock: Clock = utc_now) -> None:
        self._grant = grant
        self._clock = clock
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._failures = 0
        self._resting_until: datetime | None = None
        self._reason = ""

    def current(self) -> Token:
        """The token in use; the first call logs in. May block for one login.

        Raises LoginFailed, LoginPaused, Unreachable, AnswerLost, Busy, QuotaSpent or Unreadable.
        """
        with self._lock:
            return self._token or self._login(instead_of=None)

    def renew(self, rejected: str) -> Token:
        """A token other than `rejected`, the access token that Salesforce answered with 401.

        Of many threads that were refused the same token one logs in, the others get what it brought. Raises as
        `current` does.
        """
        with self._lock:
            if self._token and self._token.access_token != rejected:
                return self._token
            self._token = None
            return self._login(instead_of=rejected)

    def distrust(self, refused: str) -> None:
        """The token that `renew` just brought was refused as well: counts as a failed login, so that a door that
        hands out useless tokens is not knocked at once per request."""
        with self._lock:
            if self._token and self._token.access_token == refused:
                self._token = None
                self._rest(LoginFailed("Salesforce refuses the token it just issued", system=SYSTEM))

    def _login(self, instead_of: str | None) -> Token:
        self._refuse_while_resting()
        try:
            token = self._grant.fetch(instead_of)
        except ConnectorError as error:
            self._rest(error)
            raise
        self._failures, self._resting_until = 0, None
        self._token = token
        return token

    def _refuse_while_resting(self) -> None:
        if self._resting_until is None:
            return
        left = (self._resting_until - self._clock()).total_seconds()
        if left > 0:
            raise LoginPaused(
                f"no Salesforce login is tried for another {left:.0f} s after a failed one: {self._reason}",
                system=SYSTEM,
                retry_after_seconds=left,
            )

    def _rest(self, error: ConnectorError) -> None:
        may_pass = isinstance(error, NotNow)
        first = FIRST_REST_SECONDS if may_pass else FIRST_REST_AFTER_REFUSAL_SECONDS
        asked = error.retry_after_seconds if isinstance(error, NotNow) else None
        seconds = max(min(first * 2**self._failures, LONGEST_REST_SECONDS), asked or 0.0)
        self._failures += 1
        self._resting_until = self._clock() + timedelta(seconds=seconds)
        self._reason = error.message


def client_credentials(
    url: str,
    client_id: str,
    client_secret: str,
    *,
    timeout_seconds: float = 20.0,
    clock: Clock = utc_now,
) -> TokenProvider:
    """Log in as the app. `url` is the My Domain address. Raises ValueError for an address that cannot be right."""
    origin = checked_origin(url, setting="SALESFORCE_URL")
    return TokenProvider(ClientCredentials(origin, client_id, client_secret, timeout_seconds), clock=clock)


def jwt_bearer(
    url: str,
    client_id: str,
    username: str,
    private_key_file: Path,
    *,
    audience: str | None = None,
    timeout_seconds: float = 20.0,
    clock: Clock = utc_now,
) -> TokenProvider:
    """Log in as `username` by a signed assertion. `audience` is derived from `url` when it is None."""
    origin = checked_origin(url, setting="SALESFORCE_URL")
    grant = JwtBearer(
        origin=origin,
        client_id=client_id,
        username=username,
        private_key_file=private_key_file,
        audience=audience or audience_of(origin),
        timeout_seconds=timeout_seconds,
        clock=clock,
    )
    return TokenProvider(grant, clock=clock)


def fixed_token(url: str, access_token: str, *, clock: Clock = utc_now) -> TokenProvider:
    """Use a token obtained elsewhere; once it is refused, every call raises LoginFailed or LoginPaused."""
    origin = checked_origin(url, setting="SALESFORCE_URL")
    return TokenProvider(FixedToken(Token(access_token, origin)), clock=clock)
