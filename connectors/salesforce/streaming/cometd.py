"""Our CometD client: an EventSource that does, over HTTP and in its reader's own thread, what `session.py` says."""

from __future__ import annotations

import queue
import random
import time
from collections.abc import Callable, Mapping
from typing import Literal, Protocol

from connectors.errors import ConnectorError, NotAllowed
from connectors.salesforce.streaming import messages
from connectors.salesforce.streaming.endpoint import checked_endpoint, endpoint_at
from connectors.salesforce.streaming.line import Line
from connectors.salesforce.streaming.session import Session
from connectors.salesforce.streaming.source import Notices
from connectors.salesforce.streaming.steps import Exchange, LogIn, Rest
from connectors.salesforce.streaming.verdict import SYSTEM


class AccessToken(Protocol):
    """What a login brought."""

    @property
    def access_token(self) -> str: ...
    @property
    def instance_url(self) -> str: ...


class Tokens(Protocol):
    """Where tokens come from: `connectors.salesforce.oauth.TokenProvider`. Both calls raise ConnectorError only."""

    def current(self) -> AccessToken: ...
    def renew(self, rejected: str) -> AccessToken: ...


class CometdSource:
    """Change events over CometD. See `source.EventSource` for the contract; one `listen` at a time.

    `endpoint` is a complete address, or a path such as `salesforce_path("66.0")` below the token's instance URL.
    Without `tokens` no Authorization header is sent. `wait(seconds)` is how the client rests between two tries;
    by default `close` cuts it short. `clock` is monotonic, in seconds.

    The reader's own thread polls, and while the reader works nobody does. A reader that takes longer
    than the server's patience (Salesforce: 40 s) loses the session and no event.
    """

    def __init__(
        self,
        endpoint: str,
        tokens: Tokens | None = None,
        *,
        scheme: Literal["OAuth", "Bearer"] = "OAuth",
        wait: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
    ) -> None:
        self._endpoint = checked_endpoint(endpoint, has_tokens=tokens is not None)
        self._tokens = tokens
        self._scheme = scheme
        self._wait = wait or self._wait_for_bell
        self._clock = clock
        self._rng = rng or random.Random()
        #: Rung by `close`. Of all that one thread can wait for, only this queue may be touched by a signal handler
        #: that interrupts the very wait.
        self._bell: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._is_closed = False
        self._token: AccessToken | None = None
        #: The complete address; known once there is a token.
        self._address = self._endpoint
        self._session: Session | None = None
        self._line: Line | None = None

    def listen(self, channels: Mapping[str, str]) -> Notices:
        session = Session(channels, clock=self._clock, rng=self._rng)
        self._session = session
        try:
            while not self._is_closed:
                match session.next_step():
                    case Rest(seconds):
                        self._wait(seconds)
                    case LogIn(was_refused):
                        yield from self._log_in(session, was_refused)
                    case Exchange() as exchange:
                        yield from self._carry_out(session, exchange)
        finally:
            self._leave(session)

    def distrust(self, channel: str) -> None:
        if self._session is not None:
            self._session.distrust(channel)

    def close(self) -> None:
        self._is_closed = True
        self._bell.put(None)
        if self._line is not None:
            self._line.hang_up()

    def _log_in(self, session: Session, was_refused: bool) -> Notices:
        try:
            self._get_token(was_refused)
        except ConnectorError as error:
            yield from session.login_failed(error)
        else:
            session.logged_in()

    def _get_token(self, was_refused: bool) -> None:
        if self._tokens is None:
            return
        if was_refused and self._token is not None:
            self._token = self._tokens.renew(self._token.access_token)
        else:
            self._token = self._tokens.current()
        try:
            self._address = endpoint_at(self._token.instance_url, self._endpoint)
        except ValueError as error:
            raise NotAllowed(str(error), system=SYSTEM) from error

    def _carry_out(self, session: Session, exchange: Exchange) -> Notices:
        is_hello = exchange.channel == messages.HANDSHAKE
        line = self._dial() if is_hello or self._line is None else self._line
        if self._is_closed:
            return
        outcome = line.post(messages.write(exchange.request), exchange.deadline_seconds)
        if not self._is_closed:  # otherwise nobody reads on, and unread events will come again
            yield from session.take(exchange, outcome)

    def _dial(self) -> Line:
        """A new line with an empty cookie jar: the cookies of one session make another one unknown."""
        if self._line is not None:
            self._line.close()
        authorization = f"{self._scheme} {self._token.access_token}" if self._token else None
        self._line = Line(self._address, authorization)
        return self._line

    def _leave(self, session: Session) -> None:
        """Give the server its place back: clients are counted, and a lost one counts until it times out."""
        line, self._line, self._session = self._line, None, None
        if line is None:
            return
        with line:
            goodbye = session.goodbye()
            if goodbye is not None:
                line.pick_up()
                line.post(messages.write(goodbye.request), goodbye.deadline_seconds)

    def _wait_for_bell(self, seconds: float) -> None:
        try:
            self._bell.get(timeout=seconds)
        except queue.Empty:
            return
