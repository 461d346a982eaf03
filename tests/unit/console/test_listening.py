"""What `listen` prints and how it ends, against Bayeux servers of different habits."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import AnswerLost, Unreachable
from connectors.salesforce.streaming.cometd import CometdSource
from connectors.salesforce.streaming.source import Counter, Notice, Subscribed, Trouble
from console.exits import Exit
from console.operations.listening import Listener, as_line
from tests.support.bayeux_server import BayeuxServer, Refuse
from tests.support.ports import free_port

CHANNEL = "/data/ChangeEvents"
FORBIDDEN = Refuse(
    {"successful": False, "error": "403::User not allowed to subscribe CDC without View All Data"}
)
NOT_OURS = Refuse(
    {
        "successful": False,
        "error": "401::Authentication invalid",
        "advice": {"reconnect": "none"},
    }
)

AWAY = Trouble(Unreachable("cannot connect", system="salesforce"), 1.0, Counter.HANDSHAKE)


@pytest.fixture
def server() -> Iterator[BayeuxServer]:
    with BayeuxServer() as server:
        yield server


class Tail:
    """A listener and what it said."""

    def __init__(self, url: str, channel: str = CHANNEL) -> None:
        self.lines: list[str] = []
        self.notes: list[str] = []
        self.listener = Listener(CometdSource(url), channel, say=self.lines.append, note=self.notes.append)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line, parse_float=Decimal) for line in self.lines]


class Scripted:
    """An event source that says what it was given, then nothing until it is closed."""

    def __init__(self, *notices: Notice) -> None:
        self._notices = notices
        self.closed = threading.Event()

    def listen(self, channels: Mapping[str, str]) -> Generator[Notice, None, None]:
        yield from self._notices
        self.closed.wait()

    def distrust(self, channel: str) -> None:
        raise AssertionError("a tail has no reason to distrust its channel")

    def close(self) -> None:
        self.closed.set()


def listen_to(source: Scripted, *, timeout_seconds: float) -> Exit:
    listener = Listener(source, CHANNEL, say=lambda _: None, note=lambda _: None)
    return listener.run("-1", timeout_seconds=timeout_seconds)


def test_each_event_is_one_line_with_its_channel_cursor_and_data(server: BayeuxServer) -> None:
    cursors = [server.publish(CHANNEL, {"Amount": number}) for number in (1, 2)]
    tail = Tail(server.url)

    code = tail.listener.run("-2", max_events=2)

    assert code is Exit.OK
    assert [event["cursor"] for event in tail.events] == cursors
    assert [event["channel"] for event in tail.events] == [CHANNEL, CHANNEL]
    assert [event["data"]["payload"] for event in tail.events] == [{"Amount": 1}, {"Amount": 2}]
    assert tail.notes == [f"subscribed to {CHANNEL} from -2"]


def test_it_stops_at_the_number_asked_for_although_more_came_at_once(server: BayeuxServer) -> None:
    for number in range(5):
        server.publish(CHANNEL, {"number": number})
    tail = Tail(server.url)

    tail.listener.run("-2", max_events=3)

    assert len(tail.lines) == 3


def test_it_says_goodbye_when_it_has_seen_enough(server: BayeuxServer) -> None:
    server.publish(CHANNEL, {})

    Tail(server.url).listener.run("-2", max_events=1)

    assert len(server.sent("/meta/disconnect")) == 1
    assert server.clients == {}


def test_a_replay_id_of_the_caller_is_where_it_begins(server: BayeuxServer) -> None:
    first, second = (server.publish(CHANNEL, {"number": number}) for number in (1, 2))
    tail = Tail(server.url)

    tail.listener.run(first, max_events=1)

    assert [event["cursor"] for event in tail.events] == [second]


def test_amounts_are_printed_digit_by_digit_as_numbers() -> None:
    line = as_line({"Amount": Decimal("1234567890123456.10"), "Count": 3})

    assert line == '{"Amount":1234567890123456.10,"Count":3}'


def test_what_json_has_no_number_for_is_printed_as_text_instead_of_ending_the_tail() -> None:
    assert json.loads(as_line({"Amount": Decimal("NaN")})) == {"Amount": "NaN"}


def test_letters_from_anywhere_stay_on_one_line_of_ascii() -> None:
    line = as_line({"Name": "Siân\n\u2028"})

    assert line.isascii()
    assert "\n" not in line


def test_messages_of_servers_that_know_no_replay_are_events_too(server: BayeuxServer) -> None:
    channel = "/chat/demo"
    tail = Tail(server.url, channel)
    thread = threading.Thread(target=tail.listener.run, args=("-1",), kwargs={"max_events": 2})
    thread.start()
    server.until(lambda: any(channel in client.positions for client in server.clients.values()))

    server.publish(channel, None, data={"user": "Tom", "chat": "hello"})
    server.publish(channel, None, data="just text")
    thread.join()

    assert tail.events == [
        {"channel": channel, "cursor": None, "data": {"user": "Tom", "chat": "hello"}},
        {"channel": channel, "cursor": None, "data": "just text"},
    ]


def test_time_being_up_after_a_subscription_is_a_good_end() -> None:
    source = Scripted(Subscribed(CHANNEL, "-1"))

    assert listen_to(source, timeout_seconds=0.05) is Exit.OK
    assert source.closed.is_set()


def test_an_interrupt_is_a_good_end_and_says_goodbye(server: BayeuxServer) -> None:
    tail = Tail(server.url)
    codes: list[Exit] = []
    thread = threading.Thread(target=lambda: codes.append(tail.listener.run("-1")))
    thread.start()
    server.until(lambda: any(client.positions for client in server.clients.values()))

    tail.listener.interrupt()
    thread.join()

    assert codes == [Exit.OK]
    assert len(server.sent("/meta/disconnect")) == 1


def test_a_server_that_is_not_there_is_unreachable_at_once_when_nobody_set_a_time() -> None:
    tail = Tail(f"http://127.0.0.1:{free_port()}/cometd")

    assert tail.listener.run("-1") is Exit.UNREACHABLE
    assert "cannot connect" in tail.notes[0]


def test_a_server_that_is_not_there_is_waited_for_as_long_as_was_asked() -> None:
    source = Scripted(AWAY, AWAY)

    assert listen_to(source, timeout_seconds=0.05) is Exit.UNREACHABLE
    assert source.closed.is_set()


def test_no_answer_at_all_in_time_is_unreachable() -> None:
    assert listen_to(Scripted(), timeout_seconds=0.05) is Exit.UNREACHABLE


def test_trouble_after_a_subscription_is_left_to_the_source() -> None:
    lost = Trouble(AnswerLost("no answer", system="salesforce"), 2.0, Counter.CONNECT)

    assert listen_to(Scripted(Subscribed(CHANNEL, "-1"), lost), timeout_seconds=0.05) is Exit.OK


def test_a_refused_channel_is_refused(server: BayeuxServer) -> None:
    server.plan("/meta/subscribe", FORBIDDEN)
    tail = Tail(server.url)

    assert tail.listener.run("-1", timeout_seconds=60) is Exit.REFUSED
    assert "User not allowed" in tail.notes[0]
    assert len(server.sent("/meta/disconnect")) == 1


def test_a_server_that_wants_a_login_we_do_not_have_refuses_us(server: BayeuxServer) -> None:
    server.plan("/meta/handshake", NOT_OURS, NOT_OURS, NOT_OURS)
    tail = Tail(server.url)

    assert tail.listener.run("-1", timeout_seconds=60) is Exit.REFUSED
    assert "Authentication invalid" in tail.notes[-1]


def test_a_session_that_is_lost_on_the_way_is_found_again_without_losing_an_event(
    server: BayeuxServer,
) -> None:
    server.publish(CHANNEL, {"number": 1})
    tail = Tail(server.url)
    thread = threading.Thread(target=tail.listener.run, args=("-2",), kwargs={"max_events": 2})
    thread.start()
    server.until(lambda: any(client.positions.get(CHANNEL) == 1 for client in server.clients.values()))

    server.forget_sessions()
    server.publish(CHANNEL, {"number": 2})
    thread.join()

    assert [event["data"]["payload"]["number"] for event in tail.events] == [1, 2]
