"""The client against a real server on loopback that misbehaves as planned."""

from __future__ import annotations

import random
import signal
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from connectors.errors import AnswerLost, LoginFailed, NotAllowed, Unreachable
from connectors.salesforce.streaming.cometd import CometdSource
from connectors.salesforce.streaming.endpoint import salesforce_path
from connectors.salesforce.streaming.messages import CONNECT, DISCONNECT, HANDSHAKE, SUBSCRIBE
from connectors.salesforce.streaming.source import (
    ALL_RETAINED,
    NEW_ONLY,
    ChannelRefused,
    Events,
    Idle,
    Notice,
    PositionLost,
    Subscribed,
    Trouble,
    Unreadable,
)
from tests.support.bayeux_server import (
    CUT_IN_THE_MIDDLE,
    DROPPED,
    HANGING,
    BayeuxServer,
    Refuse,
    Spoil,
    Well,
    with_status,
)
from tests.support.ports import free_port

CHANGES = "/data/ChangeEvents"
N = TypeVar("N", bound=Notice)


@dataclass(frozen=True)
class Token:
    access_token: str = field(repr=False)
    instance_url: str


class Tokens:
    """Hands out t1, then t2, ...: one further with each renewal."""

    def __init__(self, instance_url: str) -> None:
        self.instance_url = instance_url
        self.number = 1
        self.rejected: list[str] = []

    def current(self) -> Token:
        return Token(f"t{self.number}", self.instance_url)

    def renew(self, rejected: str) -> Token:
        self.rejected.append(rejected)
        self.number += 1
        return self.current()


class Waits:
    """Rests that are noted instead of waited for."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture
def server() -> Iterator[BayeuxServer]:
    with BayeuxServer() as server:
        yield server


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def source(server: BayeuxServer, waits: Waits) -> CometdSource:
    return CometdSource(server.url, wait=waits, rng=random.Random(3))


def until(notices: Iterator[Notice], kind: type[N]) -> N:
    """Reads on up to the next notice of this kind."""
    return next(notice for notice in notices if isinstance(notice, kind))


def cursors_until(notices: Iterator[Notice], last: str) -> list[str]:
    """The cursors of all events read, up to and with this one."""
    seen: list[str] = []
    while last not in seen:
        seen += [event.cursor for event in until(notices, Events).events]
    return seen


def test_what_is_published_is_heard(server: BayeuxServer, source: CometdSource) -> None:
    with closing(source.listen({CHANGES: NEW_ONLY})) as notices:
        assert next(notices) == Subscribed(CHANGES, NEW_ONLY)
        cursor = server.publish(CHANGES, {"Amount": 12.10, "Number": 7})

        (event,) = until(notices, Events).events

    assert (event.channel, event.cursor) == (CHANGES, cursor)
    assert str(event.payload["Amount"]) == "12.1"
    assert type(event.payload["Number"]) is int


def test_a_stream_without_news_is_idle(source: CometdSource) -> None:
    with closing(source.listen({CHANGES: NEW_ONLY})) as notices:
        assert isinstance(next(notices), Subscribed)
        assert next(notices) == Idle()


def test_reading_begins_behind_the_cursor(server: BayeuxServer, source: CometdSource) -> None:
    first, second, third = (server.publish(CHANGES, {}) for _ in range(3))

    with closing(source.listen({CHANGES: first})) as notices:
        assert cursors_until(notices, third) == [second, third]


# Nothing is lost


@pytest.mark.parametrize(
    "spoiled",
    [
        CUT_IN_THE_MIDDLE,
        DROPPED,
        with_status(503, b"<html>try later</html>"),
        with_status(500, b""),
        with_status(200, b""),
        with_status(200, b'[{"channel":"/meta'),
        with_status(200, b"x", **{"Content-Encoding": "gzip"}),
        with_status(302, b"", Location="http://elsewhere.invalid/"),
    ],
    ids=["cut", "dropped", "503", "500", "empty", "half", "broken gzip", "redirect"],
)
def test_events_of_a_lost_answer_come_again(
    server: BayeuxServer, source: CometdSource, spoiled: Spoil
) -> None:
    first = server.publish(CHANGES, {})
    with closing(source.listen({CHANGES: ALL_RETAINED})) as notices:
        assert cursors_until(notices, first) == [first]
        server.plan(CONNECT, spoiled)
        lost = server.publish(CHANGES, {})

        trouble = until(notices, Trouble)
        later = server.publish(CHANGES, {})

        assert cursors_until(notices, later) == [lost, later]
    assert trouble.counter == "connect"
    assert server.clients == {}, "the session with the gap was left, not left behind"


def test_an_event_that_was_not_processed_comes_again(server: BayeuxServer, waits: Waits) -> None:
    first, second = server.publish(CHANGES, {}), server.publish(CHANGES, {})
    notices = CometdSource(server.url, wait=waits).listen({CHANGES: ALL_RETAINED})
    events = until(notices, Events)
    notices.close()  # as if the reader had stopped before it stored them

    assert [event.cursor for event in events.events] == [first, second]
    with closing(CometdSource(server.url, wait=waits).listen({CHANGES: ALL_RETAINED})) as notices:
        assert cursors_until(notices, second) == [first, second]


def test_a_session_that_the_server_forgets_is_opened_anew_and_loses_nothing(
    server: BayeuxServer, source: CometdSource
) -> None:
    with closing(source.listen({CHANGES: ALL_RETAINED})) as notices:
        first = server.publish(CHANGES, {})
        assert cursors_until(notices, first) == [first]

        server.forget_sessions()
        second = server.publish(CHANGES, {})

        assert cursors_until(notices, second) == [second]
    assert len(server.sent(HANDSHAKE)) == 2


def test_a_server_that_restarts_is_found_again(waits: Waits) -> None:
    port = free_port()
    source = CometdSource(f"http://127.0.0.1:{port}/cometd/66.0", wait=waits)
    with closing(source.listen({CHANGES: NEW_ONLY})) as notices:
        trouble = until(notices, Trouble)

    assert isinstance(trouble.error, Unreachable)
    assert trouble.counter == "handshake"
    assert trouble.wait_seconds >= 1


def test_a_success_that_ends_the_session_does_not_end_the_stream(
    server: BayeuxServer, source: CometdSource
) -> None:
    ended = Refuse({"successful": True, "advice": {"reconnect": "none", "interval": 0}})
    server.plan(CONNECT, Well(), ended)

    with closing(source.listen({CHANGES: ALL_RETAINED})) as notices:
        until(notices, Trouble)
        cursor = server.publish(CHANGES, {})
        assert cursors_until(notices, cursor) == [cursor]


def test_an_invalid_replay_id_is_told_and_everything_retained_is_read(
    server: BayeuxServer, source: CometdSource
) -> None:
    kept = server.publish(CHANGES, {})
    text = "400::The replayId {82} you provided was invalid.  Please provide a valid ID"
    server.plan(SUBSCRIBE, Refuse({"successful": False, "error": text}))

    with closing(source.listen({CHANGES: "82"})) as notices:
        lost = next(notices)
        assert next(notices) == Subscribed(CHANGES, ALL_RETAINED)
        assert cursors_until(notices, kept) == [kept]

    assert isinstance(lost, PositionLost)
    assert lost.cursor == "82"


def test_an_event_that_cannot_be_read_is_reported_and_its_position_is_not_called_stale(
    server: BayeuxServer, source: CometdSource
) -> None:
    server.publish(CHANGES, {}, data={"payload": "\udcff", "event": {"replayId": 101}})
    good = server.publish(CHANGES, {})

    with closing(source.listen({CHANGES: ALL_RETAINED})) as notices:
        subscribed, unreadable, events = next(notices), next(notices), next(notices)

    assert isinstance(subscribed, Subscribed)
    assert isinstance(unreadable, Unreadable)
    assert (unreadable.channel, unreadable.cursor) == (CHANGES, "101")
    assert unreadable.raw_text.isascii()
    assert isinstance(events, Events)
    assert events.events[0].cursor == good


def test_one_refused_channel_leaves_the_other_running(server: BayeuxServer, source: CometdSource) -> None:
    server.plan(SUBSCRIBE, Refuse({"successful": False, "error": "403::Restricted channel"}))
    server.publish(CHANGES, {})

    with closing(source.listen({"/data/Secret": NEW_ONLY, CHANGES: ALL_RETAINED})) as notices:
        refused = until(notices, ChannelRefused)
        events = until(notices, Events)

    assert refused.channel == "/data/Secret"
    assert refused.retry_seconds >= 3600
    assert events.channel == CHANGES


def test_a_dead_subscription_is_revived_on_demand(server: BayeuxServer, source: CometdSource) -> None:
    with closing(source.listen({CHANGES: ALL_RETAINED})) as notices:
        first = server.publish(CHANGES, {})
        assert cursors_until(notices, first) == [first]
        for client in server.clients.values():
            client.positions.clear()  # accepted, connected, and nothing comes
        unheard = server.publish(CHANGES, {})
        assert until(notices, Idle) == Idle()

        source.distrust(CHANGES)

        assert cursors_until(notices, unheard) == [unheard]


# Cookies, connections, tokens


def test_a_session_keeps_its_cookies_and_each_session_has_its_own(
    server: BayeuxServer, source: CometdSource
) -> None:
    with closing(source.listen({CHANGES: NEW_ONLY})) as notices:
        until(notices, Idle)
        server.forget_sessions()
        until(notices, Subscribed)
        until(notices, Idle)

    hello, again = (each for each in server.requests if each.messages[0]["channel"] == HANDSHAKE)
    assert "cookie" not in hello.headers
    assert "cookie" not in again.headers
    polls = [each for each in server.requests if each.messages[0]["channel"] == CONNECT]
    assert len({each.headers["cookie"] for each in polls}) == 2


def test_a_handshake_travels_alone(server: BayeuxServer, source: CometdSource) -> None:
    with closing(source.listen({CHANGES: NEW_ONLY})) as notices:
        until(notices, Idle)

    hello = server.requests[0]
    assert [message["channel"] for message in hello.messages] == [HANDSHAKE]
    assert hello.headers["content-type"] == "application/json;charset=UTF-8"
    assert "authorization" not in hello.headers


def test_a_server_that_parks_the_first_connect_too_is_no_obstacle(waits: Waits) -> None:
    with BayeuxServer(parks_first_connect=True) as server:
        source = CometdSource(server.url, wait=waits)
        with closing(source.listen({CHANGES: NEW_ONLY})) as notices:
            assert isinstance(next(notices), Subscribed)
            cursor = server.publish(CHANGES, {})
            assert cursors_until(notices, cursor) == [cursor]


@pytest.mark.parametrize("scheme", ["OAuth", "Bearer"])
def test_each_request_carries_the_token(server: BayeuxServer, waits: Waits, scheme: str) -> None:
    tokens = Tokens(server.url.removesuffix("/cometd/66.0"))
    source = CometdSource(
        salesforce_path("66.0"), tokens, scheme="Bearer" if scheme == "Bearer" else "OAuth", wait=waits
    )

    with closing(source.listen({CHANGES: NEW_ONLY})) as notices:
        until(notices, Idle)

    assert {each.headers["authorization"] for each in server.requests} == {f"{scheme} t1"}


def test_a_refused_token_is_renewed_and_used_with_a_fresh_cookie_jar(
    server: BayeuxServer, waits: Waits
) -> None:
    tokens = Tokens(server.url.removesuffix("/cometd/66.0"))
    refused = Refuse(
        {
            "successful": False,
            "error": "401::Authentication invalid",
            "advice": {"reconnect": "none", "interval": 0},
        }
    )
    server.plan(CONNECT, Well(), refused)

    with closing(CometdSource(salesforce_path("66.0"), tokens, wait=waits).listen({CHANGES: "1"})) as notices:
        trouble = until(notices, Trouble)
        until(notices, Idle)

    assert isinstance(trouble.error, LoginFailed)
    assert tokens.rejected == ["t1"]
    second_hello = [each for each in server.requests if each.messages[0]["channel"] == HANDSHAKE][1]
    assert second_hello.headers["authorization"] == "OAuth t2"
    assert "cookie" not in second_hello.headers


def test_a_plain_http_401_renews_the_token_too(server: BayeuxServer, waits: Waits) -> None:
    tokens = Tokens(server.url.removesuffix("/cometd/66.0"))
    server.plan(HANDSHAKE, with_status(401, b""))

    with closing(CometdSource(salesforce_path("66.0"), tokens, wait=waits).listen({CHANGES: "1"})) as notices:
        until(notices, Subscribed)

    assert tokens.rejected == ["t1"]


def test_a_token_for_an_instance_in_the_clear_is_not_sent(waits: Waits) -> None:
    source = CometdSource(salesforce_path("66.0"), Tokens("http://salesforce.example"), wait=waits)

    with closing(source.listen({CHANGES: NEW_ONLY})) as notices:
        trouble = next(notices)

    assert isinstance(trouble, Trouble)
    assert isinstance(trouble.error, NotAllowed)
    assert "https" in str(trouble.error)


def test_no_notice_shows_the_token(server: BayeuxServer, waits: Waits) -> None:
    class Broken(Tokens):
        def current(self) -> Token:
            return Token("s3cret\n", self.instance_url)

    source = CometdSource(
        salesforce_path("66.0"), Broken(server.url.removesuffix("/cometd/66.0")), wait=waits
    )

    with closing(source.listen({CHANGES: NEW_ONLY})) as notices:
        trouble = next(notices)

    assert isinstance(trouble, Trouble)
    assert isinstance(trouble.error, AnswerLost)
    assert "s3cret" not in repr(trouble)
    assert "s3cret" not in repr(vars(trouble.error))


# Leaving


def test_whoever_leaves_the_loop_says_goodbye(server: BayeuxServer, source: CometdSource) -> None:
    for notice in source.listen({CHANGES: NEW_ONLY}):
        if isinstance(notice, Idle):
            break

    assert len(server.sent(DISCONNECT)) == 1
    assert server.clients == {}


def test_a_reader_that_fails_says_goodbye(server: BayeuxServer, source: CometdSource) -> None:
    def read_and_fail() -> None:
        for notice in source.listen({CHANGES: NEW_ONLY}):
            assert isinstance(notice, Subscribed), "no reader likes surprises"

    with pytest.raises(AssertionError, match="surprises"):
        read_and_fail()

    assert server.clients == {}


def test_closing_from_another_thread_ends_a_parked_poll_with_a_goodbye() -> None:
    with BayeuxServer(park_seconds=60) as server:
        source = CometdSource(server.url)

        def close_once_parked() -> None:
            server.until(lambda: len(server.sent(CONNECT)) == 2)
            source.close()

        closer = threading.Thread(target=close_once_parked)
        closer.start()

        notices = list(source.listen({CHANGES: NEW_ONLY}))
        closer.join()

        assert notices == [Subscribed(CHANGES, NEW_ONLY)]
        assert server.clients == {}


def test_closing_from_a_signal_handler_ends_a_parked_poll_with_a_goodbye() -> None:
    with BayeuxServer(park_seconds=60) as server:
        source = CometdSource(server.url)
        before = signal.signal(signal.SIGUSR1, lambda *_: source.close())
        main = threading.main_thread().ident
        assert main is not None

        def signal_once_parked() -> None:
            server.until(lambda: len(server.sent(CONNECT)) == 2)
            signal.pthread_kill(main, signal.SIGUSR1)

        raiser = threading.Thread(target=signal_once_parked)
        raiser.start()
        try:
            notices = list(source.listen({CHANGES: NEW_ONLY}))
        finally:
            raiser.join()
            signal.signal(signal.SIGUSR1, before)

        assert notices == [Subscribed(CHANGES, NEW_ONLY)]
        assert server.clients == {}


def test_closing_ends_a_wait() -> None:
    with BayeuxServer() as server:
        server.plan(HANDSHAKE, with_status(404, b"nothing here"))
        source = CometdSource(server.url)
        kinds = []
        for notice in source.listen({CHANGES: NEW_ONLY}):
            kinds.append(type(notice))
            assert isinstance(notice, Trouble)
            assert notice.wait_seconds >= 900
            source.close()

    assert kinds == [Trouble]


def test_a_closed_source_tells_nothing_more(server: BayeuxServer, source: CometdSource) -> None:
    source.close()

    assert list(source.listen({CHANGES: NEW_ONLY})) == []
    assert server.requests == []


def test_a_goodbye_that_nobody_answers_does_not_hold_us_for_long(server: BayeuxServer, waits: Waits) -> None:
    server.plan(DISCONNECT, HANGING)
    source = CometdSource(server.url, wait=waits)

    with closing(source.listen({CHANGES: NEW_ONLY})) as notices:
        until(notices, Idle)

    assert len(server.sent(DISCONNECT)) == 1, "and we are here, though it was never answered"


# What cannot be an endpoint


@pytest.mark.parametrize(
    ("endpoint", "complaint"),
    [
        ("http://salesforce.example/cometd/66.0", "https"),
        ("ftp://127.0.0.1/cometd", "address"),
        ("https://user:pass@salesforce.example/cometd/66.0", "scheme and host"),
        ("https://salesforce.example/cometd/66.0?x=1", "query"),
        ("/cometd/66.0", "tokens"),
        ("", "address"),
    ],
)
def test_an_endpoint_that_cannot_be_right_is_refused_at_once(endpoint: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        CometdSource(endpoint)


@pytest.mark.parametrize("version", ["66", "v66.0", "66.1", "6.0", "latest", ""])
def test_an_api_version_must_look_like_one(version: str) -> None:
    with pytest.raises(ValueError, match=r"66\.0"):
        salesforce_path(version)
