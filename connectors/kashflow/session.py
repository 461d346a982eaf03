"""The two-step KashFlow session as an httpx authentication flow. Does no I/O of its own: it yields requests.

Source of the facts: reference sections 1.2 to 1.4.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

import httpx

from connectors.errors import LoginFailed, LoginPaused, Unreadable
from connectors.kashflow.border import LOCKED, error_code, translate
from connectors.kashflow.breaker import LoginBreaker
from connectors.kashflow.credentials import KashFlowCredentials
from connectors.kashflow.reading import Row, read_json, read_row

#: KashFlow ends a session after 60 idle minutes; working clients renew it after 45 (reference section 1.4).
_IDLE_SECONDS = 45 * 60.0

_Flow = Generator[httpx.Request, httpx.Response, None]
_TokenFlow = Generator[httpx.Request, httpx.Response, str]


class KashFlowSession(httpx.Auth):
    """Logs in when there is no living token, and once more when KashFlow says 401.

    One thread logs in, the others wait for its token, `wait_seconds` at most. `clock` tells seconds that never
    run backwards.
    """

    def __init__(
        self,
        base_url: str,
        credentials: KashFlowCredentials,
        breaker: LoginBreaker,
        *,
        clock: Callable[[], float],
        wait_seconds: float,
    ) -> None:
        self._url = f"{base_url}/sessiontoken"
        self._credentials = credentials
        self._breaker = breaker
        self._clock = clock
        self._wait_seconds = wait_seconds
        self._lock = threading.Lock()
        self._fingerprint: str | None = None
        self._token: str | None = None
        self._used_at = 0.0

    def sync_auth_flow(self, request: httpx.Request) -> _Flow:
        token = yield from self._living_token(request)
        response = yield _with_token(request, token)
        if response.status_code == httpx.codes.UNAUTHORIZED and not self._is_locked(response):
            token = yield from self._living_token(request, instead_of=token)
            # A second 401 is no expiry but a missing permission; the border calls it so.
            response = yield _with_token(request, token)
        self._used_at = self._clock()

    def _living_token(self, request: httpx.Request, *, instead_of: str | None = None) -> _TokenFlow:
        """The session's token; a new one when there is none, it idled too long, or it is `instead_of`."""
        with self._login_turn():
            is_idle = self._clock() - self._used_at > _IDLE_SECONDS
            if self._token is None or self._token == instead_of or is_idle:
                self._token = None
                self._token = yield from self._log_in(request)
                self._used_at = self._clock()
            return self._token

    @contextmanager
    def _login_turn(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=self._wait_seconds):
            raise LoginPaused(
                f"another thread has been logging in to KashFlow for {self._wait_seconds:.0f} s",
                system="kashflow",
                retry_after_seconds=self._wait_seconds,
            )
        try:
            yield
        finally:
            self._lock.release()

    def _log_in(self, request: httpx.Request) -> _TokenFlow:
        with self._breaker.attempt(self._credentials_fingerprint()):
            secret = self._credentials.password.get_secret_value()
            step_1 = {"UserName": self._credentials.username, "Password": secret}
            challenge = _answered((yield self._request("POST", step_1, like=request)))
            step_2 = {
                "TemporaryToken": challenge.get("TemporaryToken"),
                "MemorableWordList": self._wanted_characters(challenge),
            }
            session = _answered((yield self._request("PUT", step_2, like=request)))
            return _session_token(session)

    def _request(self, method: str, body: object, *, like: httpx.Request) -> httpx.Request:
        return httpx.Request(
            method,
            self._url,
            content=json.dumps(body),
            headers={"Accept": "application/json", "Content-Type": "application/json"},
            # The time limits travel here; a request made by hand would otherwise wait for ever.
            extensions={"timeout": like.extensions["timeout"]},
        )

    def _wanted_characters(self, challenge: Row) -> list[Row]:
        word = self._credentials.memorable_word.get_secret_value()
        wanted = challenge.get("MemorableWordList")
        if not isinstance(wanted, list) or not wanted:
            raise Unreadable(
                "KashFlow's login asks for no characters of the memorable word", system="kashflow"
            )
        return [_character(word, item.get("Position") if isinstance(item, dict) else None) for item in wanted]

    def _is_locked(self, response: httpx.Response) -> bool:
        response.read()
        if error_code(response) != LOCKED:
            return False
        self._breaker.refused(self._credentials_fingerprint(), LOCKED)
        self._token = None  # so that the next call meets the breaker instead of KashFlow
        return True

    def _credentials_fingerprint(self) -> str:
        if self._fingerprint is None:
            self._fingerprint = self._credentials.fingerprint()
        return self._fingerprint


def _with_token(request: httpx.Request, token: str) -> httpx.Request:
    request.headers["Authorization"] = f"KfToken {token}"
    return request


def _answered(response: httpx.Response) -> Row:
    response.read()
    if not response.is_success:
        raise translate(response)
    return read_row(read_json(response), of="the login")


def _character(word: str, position: object) -> Row:
    """The character at a 1-based position, the way step 2 wants it."""
    if not isinstance(position, int) or position < 1:
        raise Unreadable("KashFlow's login asks for an impossible position", system="kashflow")
    if position > len(word):
        raise LoginFailed(
            f"KashFlow asks for character {position} of the memorable word, which is shorter: "
            "check KASHFORCE_KASHFLOW_MEMORABLE_WORD",
            system="kashflow",
        )
    return {"Position": position, "Value": word[position - 1]}


def _session_token(session: Row) -> str:
    token = session.get("SessionToken")
    # Anything that is not plain visible text cannot be a header, and must not come near an error message.
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token.strip():
        raise Unreadable("KashFlow's login brought no session token", system="kashflow")
    return token.strip()
