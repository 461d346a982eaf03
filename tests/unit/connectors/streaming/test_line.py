"""The HTTP under a session: deadlines and cuts, against a server that drips and hangs."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from connectors.salesforce.streaming import messages
from connectors.salesforce.streaming.answers import Answered, Unanswered
from connectors.salesforce.streaming.line import Line
from connectors.salesforce.streaming.messages import HANDSHAKE
from tests.support.bayeux_server import (
    CUT_IN_THE_MIDDLE,
    DROPPED,
    HANGING,
    TRICKLING_BODY,
    TRICKLING_HEADERS,
    BayeuxServer,
    Spoil,
    with_status,
)
from tests.support.ports import free_port

HELLO = messages.write(messages.handshake("1"))


@pytest.fixture
def server() -> Iterator[BayeuxServer]:
    with BayeuxServer() as server:
        yield server


@pytest.fixture
def line(server: BayeuxServer) -> Iterator[Line]:
    with Line(server.url, None) as line:
        yield line


@pytest.mark.parametrize(
    "spoiled",
    [TRICKLING_BODY, TRICKLING_HEADERS, HANGING],
    ids=["trickling body", "trickling headers", "hanging"],
)
def test_the_deadline_holds_for_the_whole_answer(server: BayeuxServer, line: Line, spoiled: Spoil) -> None:
    server.plan(HANDSHAKE, spoiled)

    outcome = line.post(HELLO, 0.3)

    assert isinstance(outcome, Unanswered)
    assert outcome.timed_out
    assert outcome.was_sent


@pytest.mark.parametrize("spoiled", [TRICKLING_BODY, HANGING], ids=["trickling", "hanging"])
def test_a_missed_deadline_leaves_the_line_in_order(server: BayeuxServer, line: Line, spoiled: Spoil) -> None:
    server.plan(HANDSHAKE, spoiled)
    line.post(HELLO, 0.2)

    assert isinstance(line.post(HELLO, 20), Answered)


@pytest.mark.parametrize("spoiled", [CUT_IN_THE_MIDDLE, DROPPED], ids=["cut", "dropped"])
def test_half_an_answer_is_none(server: BayeuxServer, line: Line, spoiled: Spoil) -> None:
    server.plan(HANDSHAKE, spoiled)

    outcome = line.post(HELLO, 20)

    assert isinstance(outcome, Unanswered)
    assert outcome.was_sent
    assert not outcome.timed_out


def test_nobody_there_means_that_nothing_was_sent() -> None:
    with Line(f"http://127.0.0.1:{free_port()}/", None) as line:
        outcome = line.post(HELLO, 5)

    assert isinstance(outcome, Unanswered)
    assert not outcome.was_sent


@pytest.mark.parametrize(
    ("said", "understood"), [("30", 30.0), ("999999", 3600.0), ("Fri, 21 Nov 2026", None)]
)
def test_a_request_to_wait_is_understood(
    server: BayeuxServer, line: Line, said: str, understood: float | None
) -> None:
    server.plan(HANDSHAKE, with_status(503, b"", **{"Retry-After": said}))

    assert line.post(HELLO, 20) == Answered(503, b"", understood)


def test_a_cookie_that_no_header_can_carry_does_not_raise(server: BayeuxServer, line: Line) -> None:
    server.plan(HANDSHAKE, with_status(200, b"[]", **{"Set-Cookie": "BAYEUX_BROWSER=\xe9; Path=/"}))
    line.post(HELLO, 20)

    assert isinstance(line.post(HELLO, 20), Answered | Unanswered)


def test_hanging_up_ends_the_request_under_way_and_every_later_one(server: BayeuxServer, line: Line) -> None:
    server.plan(HANDSHAKE, HANGING)

    def hang_up_once_asked() -> None:
        server.until(lambda: len(server.requests) == 1)
        line.hang_up()

    cutter = threading.Thread(target=hang_up_once_asked)
    cutter.start()

    outcome = line.post(HELLO, 60)
    cutter.join()

    assert isinstance(outcome, Unanswered)
    assert not outcome.timed_out
    assert isinstance(line.post(HELLO, 60), Unanswered)
    line.pick_up()
    assert isinstance(line.post(HELLO, 20), Answered)


def test_one_connection_serves_many_requests(server: BayeuxServer, line: Line) -> None:
    for _ in range(5):
        assert isinstance(line.post(HELLO, 20), Answered)

    assert server.connections == 1
