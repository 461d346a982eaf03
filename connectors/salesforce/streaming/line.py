"""The HTTP under one Bayeux session: a cookie jar, at most two connections, a deadline on every request, and a way
to cut a request short. Knows nothing of Bayeux beyond "POST a JSON array"."""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from connectors.salesforce.origin import is_loopback
from connectors.salesforce.streaming.answers import Answered, Outcome, Unanswered
from connectors.tls import trusted

CONNECT_SECONDS = 10.0
WRITE_SECONDS = 15.0
#: Bayeux allows a client two: one parked, one for everything else (reference salesforce.md section 1.1).
MOST_CONNECTIONS = 2
#: A `Retry-After` above this is not followed to the letter.
LONGEST_RETRY_AFTER_SECONDS = 3600.0


class Line:
    """One session's way to one endpoint. The cookies live and die with it: to Salesforce they are the session.

    `authorization` is the header's value, or None for a server that wants none.
    """

    def __init__(self, endpoint: str, authorization: str | None) -> None:
        self._endpoint = endpoint
        headers = {"Content-Type": "application/json;charset=UTF-8", "Accept": "application/json"}
        if authorization is not None:
            headers["Authorization"] = authorization
        # In the clear nothing may leave this machine, so no proxy gets to see a loopback request.
        by_environment = not is_loopback(httpx.URL(endpoint).host)
        self._client = httpx.Client(
            headers=headers,
            limits=httpx.Limits(max_connections=MOST_CONNECTIONS, max_keepalive_connections=MOST_CONNECTIONS),
            verify=trusted(by_environment=by_environment),
            trust_env=by_environment,
        )
        #: The newest sockets, closed ones included; more than there can be connections.
        self._sockets: deque[socket.socket] = deque(maxlen=2 * MOST_CONNECTIONS)
        self._is_hung_up = False

    def post(self, body: bytes, deadline_seconds: float) -> Outcome:
        """Sends the body and waits for the entire answer, at most `deadline_seconds`. Never raises.

        httpx times each read on its own, so a server that trickles could hold us for ever: a timer cuts it off.
        """
        out_of_time = threading.Event()

        def give_up() -> None:
            out_of_time.set()
            self._shut_sockets()

        if self._is_hung_up:
            return Unanswered("hung up", was_sent=False)
        timer = threading.Timer(deadline_seconds, give_up)
        timer.daemon = True
        timer.start()
        try:
            outcome = self._post(body, deadline_seconds)
        finally:
            timer.cancel()
        if isinstance(outcome, Unanswered) and out_of_time.is_set():
            return Unanswered(f"no complete answer within {deadline_seconds:g} s", timed_out=True)
        return outcome

    def hang_up(self) -> None:
        """End the request under way, and every later one. Takes no lock, so it may run in a signal handler."""
        self._is_hung_up = True
        self._shut_sockets()

    def pick_up(self) -> None:
        """Allow requests again, with the cookies of before: somebody has to say goodbye."""
        self._is_hung_up = False

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _post(self, body: bytes, deadline_seconds: float) -> Outcome:
        try:
            response = self._client.post(
                self._endpoint,
                content=body,
                timeout=httpx.Timeout(
                    deadline_seconds,
                    connect=min(CONNECT_SECONDS, deadline_seconds),
                    write=WRITE_SECONDS,
                    pool=CONNECT_SECONDS,
                ),
                extensions={"trace": self._note_socket},
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            return Unanswered(f"cannot connect ({_name(error)})", was_sent=False)
        except httpx.TimeoutException as error:
            return Unanswered(f"no answer in time ({_name(error)})", timed_out=True)
        except (httpx.HTTPError, UnicodeError) as error:  # UnicodeError: a cookie that no header can carry
            return Unanswered(f"the connection broke ({_name(error)})")
        return Answered(response.status_code, response.content, _retry_after(response.headers))

    def _note_socket(self, event: str, info: Mapping[str, Any]) -> None:
        """httpx's trace extension: remembers each new connection's socket, which is all that `_shut_sockets` needs."""
        if not event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            return
        self._sockets.append(info["return_value"].get_extra_info("socket"))
        if self._is_hung_up:
            self._shut_sockets()

    def _shut_sockets(self) -> None:
        """Shutting down, unlike closing, also wakes the thread that is blocked reading."""
        for each in tuple(self._sockets):
            try:
                socket.socket.shutdown(
                    each, socket.SHUT_RDWR
                )  # not SSLSocket's, which drops the TLS state in use
            except OSError:
                continue  # closed already


def _name(error: Exception) -> str:
    """The kind of error only: the message of a protocol error may quote a header, and with it the token."""
    return type(error).__name__


def _retry_after(headers: httpx.Headers) -> float | None:
    """Seconds; the form with a date is rare enough to be left to the backoff."""
    said = headers.get("Retry-After", "").strip()
    return min(float(said), LONGEST_RETRY_AFTER_SECONDS) if said.isascii() and said.isdigit() else None
