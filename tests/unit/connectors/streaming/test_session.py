"""The state machine alone: answers are handed to it, notices and next steps looked at. No server, no waiting."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import AnswerLost, Busy, LoginFailed, LoginPaused, NotAllowed, QuotaSpent, Unreadable
from connectors.salesforce.streaming.answers import Answered, Outcome, Unanswered
from connectors.salesforce.streaming.messages import CONNECT, DISCONNECT, HANDSHAKE, SUBSCRIBE, Message
from connectors.salesforce.streaming.session import Session
from connectors.salesforce.streaming.source import (
    ALL_RETAINED,
    NEW_ONLY,
    ChannelRefused,
    Counter,
    Events,
    Idle,
    Notice,
    PositionLost,
    QuotaReached,
    Subscribed,
    Trouble,
)
from connectors.salesforce.streaming.steps import Exchange, LogIn, Rest, Step

CHANGES = "/data/ChangeEvents"
ORDERS = "/data/OrderChangeEvent"
BUSY = {"sfdc": {"failureReason": "503::Server is too busy.  Please try your request again later."}}
CUT = Unanswered("the connection broke")
INVALID = "400::The replayId {5} you provided was invalid.  Please provide a valid ID"


class Play:
    """Drives a session by hand. Time passes only by `now` and by the rests that the session asks for."""

    def __init__(self, channels: dict[str, str] | None = None) -> None:
        self.now = 1000.0
        self.session = Session(channels or {CHANGES: NEW_ONLY}, clock=lambda: self.now, rng=random.Random(1))
        self.rests: list[float] = []
        #: For each login whether a new token was asked for.
        self.renewals: list[bool] = []

    def step(self) -> Step:
        """The next step that is not a rest; rests are noted and slept through."""
        while isinstance(step := self.session.next_step(), Rest):
            self.rests.append(step.seconds)
            self.now += step.seconds
        return step

    def exchange(self) -> Exchange:
        """The next exchange; logging in on the way succeeds and is noted."""
        while isinstance(step := self.step(), LogIn):
            self.renewals.append(step.was_refused)
            self.session.logged_in()
        assert isinstance(step, Exchange), step
        return step

    def answer(self, *events: Message, after: float = 0.5, **reply: Any) -> list[Notice]:
        """Take the next step and answer it: with success, unless fields of the reply say otherwise."""
        exchange = self.exchange()
        meant = {"channel": exchange.request["channel"], "id": exchange.request["id"], "successful": True}
        if meant["channel"] == HANDSHAKE:
            meant["clientId"] = "c1"
        return self.take(exchange, body([*events, meant | reply]), after)

    def suffer(self, outcome: Outcome, after: float = 0.5) -> list[Notice]:
        return self.take(self.exchange(), outcome, after)

    def take(self, exchange: Exchange, outcome: Outcome, after: float = 0.0) -> list[Notice]:
        self.now += after
        return list(self.session.take(exchange, outcome))

    def begin(self) -> Play:
        """Log in, handshake, first connect."""
        self.answer()
        self.answer()
        return self

    def listen(self) -> Play:
        """As `begin`, and every channel is subscribed to."""
        self.begin()
        for _ in list(self.session._subscriptions):
            self.answer()
        return self

    def asks_for(self) -> tuple[str, Any]:
        """What the next exchange sends: channel, and the replay map of a subscribe."""
        request = self.exchange().request
        return request["channel"], request.get("ext", {}).get("replay")

    def begin_anew(self) -> Play:
        """The session is given up: goodbye, which need not be heard, and begin."""
        goodbye = self.exchange()
        assert goodbye.channel == DISCONNECT
        assert self.take(goodbye, CUT) == []
        return self.begin()


def body(elements: list[Any]) -> Answered:
    return Answered(200, json.dumps(elements).encode())


def event(replay_id: object, channel: str = CHANGES) -> Message:
    return {"channel": channel, "data": {"payload": {"n": replay_id}, "event": {"replayId": replay_id}}}


def cursors(notices: list[Notice]) -> list[str]:
    return [each.cursor for notice in notices if isinstance(notice, Events) for each in notice.events]


def only(notices: list[Notice]) -> Notice:
    (notice,) = notices
    return notice


def test_the_way_from_login_to_the_first_event() -> None:
    play = Play({CHANGES: "41"})

    hello = play.exchange()
    assert hello.channel == HANDSHAKE
    assert hello.request["ext"] == {"replay": True}
    play.answer()
    assert play.exchange().request["advice"] == {"timeout": 0}
    play.answer()
    assert play.asks_for() == (SUBSCRIBE, {CHANGES: 41})
    assert play.answer() == [Subscribed(CHANGES, "41")]
    assert play.asks_for() == (CONNECT, None)
    assert cursors(play.answer(event(42), event(49))) == ["42", "49"]
    assert play.answer(after=110) == [Idle()]


def test_message_ids_never_repeat() -> None:
    play = Play().listen()

    seen = {play.exchange().request["id"] for _ in range(50)}

    assert len(seen) == 50


def test_events_count_wherever_they_stand_in_the_answer() -> None:
    play = Play().listen()
    poll = play.exchange()
    reply = {"channel": CONNECT, "id": poll.request["id"], "successful": True}

    notices = play.take(poll, body([event(1), reply, event(2)]), after=3)

    assert cursors(notices) == ["1", "2"]


def test_events_in_the_answer_to_a_subscribe_come_after_the_news_that_it_was_accepted() -> None:
    play = Play({CHANGES: "5"}).begin()

    notices = play.answer(event(6))

    assert notices[0] == Subscribed(CHANGES, "5")
    assert cursors(notices) == ["6"]


def test_neighbouring_events_of_one_channel_come_together_and_order_is_kept() -> None:
    play = Play({CHANGES: "1", ORDERS: "1"}).listen()

    notices = play.answer(event(2), event(3), event(2, ORDERS), event(4))

    assert [(each.channel, len(each.events)) for each in notices if isinstance(each, Events)] == [
        (CHANGES, 2),
        (ORDERS, 1),
        (CHANGES, 1),
    ]


# Nothing is lost


@pytest.mark.parametrize(
    "failure",
    [
        CUT,
        Unanswered("no complete answer within 125 s", timed_out=True),
        Unanswered("cannot connect", was_sent=False),
        Answered(500, b""),
        Answered(503, b"<html>busy</html>"),
        Answered(200, b""),
        Answered(200, b"[]"),
        Answered(200, b'[{"channel":'),
    ],
)
def test_after_any_failed_connect_a_new_session_resumes_behind_what_was_processed(
    failure: Outcome,
) -> None:
    play = Play({CHANGES: "1", ORDERS: "7"}).listen()
    play.answer(event(2))

    notice = only(play.suffer(failure))

    assert isinstance(notice, Trouble)
    assert notice.counter is Counter.CONNECT
    play.begin_anew()
    assert play.asks_for() == (SUBSCRIBE, {CHANGES: 2})
    play.answer()
    assert play.asks_for() == (SUBSCRIBE, {ORDERS: 7})
    play.answer()
    assert play.asks_for() == (CONNECT, None)


def test_a_cursor_moves_only_when_the_reader_comes_back_for_more() -> None:
    play = Play({CHANGES: "1"}).listen()
    poll = play.exchange()
    reply = {"channel": CONNECT, "id": poll.request["id"], "successful": True}
    answer = body([event(2), event(3, ORDERS), event(4), reply])

    reading = play.session.take(poll, answer)
    held = [next(reading) for _ in range(3)]  # the reader is back from 2 and 3, and stops with 4 in its hands
    reading.close()

    assert cursors(held) == ["2", "3", "4"]

    play.session.distrust(CHANGES)
    assert play.begin_anew().asks_for() == (SUBSCRIBE, {CHANGES: 2})


def test_events_in_a_failed_answer_are_delivered_and_not_asked_for_again() -> None:
    play = Play({CHANGES: "1"}).listen()

    notices = play.answer(event(2), successful=False, error="500::half done", advice={"reconnect": "retry"})

    assert cursors(notices) == ["2"]
    assert isinstance(notices[-1], Trouble)
    assert play.begin_anew().asks_for() == (SUBSCRIBE, {CHANGES: 2})


def test_an_unreadable_event_is_reported_and_passed_and_the_position_is_not_lost() -> None:
    play = Play({CHANGES: "1"}).listen()
    broken = {"channel": CHANGES, "data": {"payload": "not an object", "event": {"replayId": 2}}}

    notices = play.answer(broken, event(3))

    assert [type(notice).__name__ for notice in notices] == ["Unreadable", "Events"]
    play.suffer(CUT)
    assert play.begin_anew().asks_for() == (SUBSCRIBE, {CHANGES: 3})


def test_a_lost_answer_to_a_subscribe_gives_the_session_up_too() -> None:
    play = Play({CHANGES: "1"}).begin()

    notice = only(play.suffer(CUT))

    assert isinstance(notice, Trouble)
    assert notice.counter is Counter.SUBSCRIBE
    assert play.begin_anew().asks_for() == (SUBSCRIBE, {CHANGES: 1})


def test_a_break_before_the_first_event_of_a_new_only_subscription_is_admitted() -> None:
    play = Play({CHANGES: NEW_ONLY}).listen()
    play.suffer(CUT)

    notices = play.begin_anew().answer()

    assert notices[0] == Subscribed(CHANGES, NEW_ONLY)
    lost = notices[1]
    assert isinstance(lost, PositionLost)
    assert lost.resumed_from == NEW_ONLY


def test_events_still_queued_for_a_session_with_a_lost_answer_cannot_jump_the_gap() -> None:
    play = Play({CHANGES: "1"}).listen()

    play.suffer(CUT)  # carried event 2, while event 3 waits in the server's queue

    goodbye = play.exchange()
    assert goodbye.channel == DISCONNECT
    late = [event(3), {"channel": DISCONNECT, "id": goodbye.request["id"], "successful": True}]
    assert play.take(goodbye, body(late)) == []
    play.answer()
    play.answer()
    assert play.asks_for() == (SUBSCRIBE, {CHANGES: 1})


def test_a_distrusted_channel_is_subscribed_anew_in_a_new_session() -> None:
    play = Play({CHANGES: "1"}).listen()

    play.session.distrust(CHANGES)

    assert play.begin_anew().asks_for() == (SUBSCRIBE, {CHANGES: 1})
    play.answer()
    assert play.asks_for() == (CONNECT, None)


def test_distrust_of_a_channel_that_nobody_asked_for_changes_nothing() -> None:
    play = Play({CHANGES: "1"}).listen()

    play.session.distrust("/data/NobodyAskedForThis")

    assert play.asks_for() == (CONNECT, None)


# Positions


def test_a_lost_position_is_told_before_everything_retained_is_asked_for() -> None:
    play = Play({CHANGES: "5"}).begin()

    notice = only(play.answer(successful=False, error=INVALID))

    assert isinstance(notice, PositionLost)
    assert (notice.cursor, notice.resumed_from) == ("5", ALL_RETAINED)
    assert "replayId {5}" in notice.reason
    assert play.asks_for() == (SUBSCRIBE, {CHANGES: -2})
    assert play.rests == []


def test_a_reader_that_stops_at_a_lost_position_meets_the_old_cursor_again() -> None:
    play = Play({CHANGES: "5"}).begin()
    exchange = play.exchange()
    refusal = {"channel": SUBSCRIBE, "id": exchange.request["id"], "successful": False, "error": INVALID}

    reading = play.session.take(exchange, body([refusal]))
    next(reading)
    reading.close()

    assert play.asks_for() == (SUBSCRIBE, {CHANGES: 5})


def test_a_server_that_finds_even_everything_invalid_is_not_asked_without_end() -> None:
    play = Play({CHANGES: ALL_RETAINED}).begin()

    notice = only(play.answer(successful=False, error=INVALID))

    assert isinstance(notice, ChannelRefused)
    assert notice.retry_seconds >= 60
    assert play.asks_for() == (CONNECT, None)


@pytest.mark.parametrize("cursor", ["7", "0", "-1", "99999999999999999999"])
def test_a_number_goes_over_the_wire_as_a_number(cursor: str) -> None:
    assert Play({CHANGES: cursor}).begin().asks_for() == (SUBSCRIBE, {CHANGES: int(cursor)})


@pytest.mark.parametrize("cursor", ["007", "AAAB-17", "1.5", "", "٣"])
def test_any_other_cursor_goes_over_the_wire_as_it_came(cursor: str) -> None:
    assert Play({CHANGES: cursor}).begin().asks_for() == (SUBSCRIBE, {CHANGES: cursor})


# Sessions that end


@pytest.mark.parametrize(
    "refusal",
    [
        {
            "successful": False,
            "error": "403::Unknown client",
            "advice": {"reconnect": "handshake", "interval": 0},
        },
        {"successful": False, "error": "402::session_unknown"},
        {"successful": True, "advice": {"reconnect": "none", "interval": 0}},
    ],
)
def test_a_lost_session_is_opened_anew_without_a_login_and_resumed_by_cursor(refusal: dict[str, Any]) -> None:
    play = Play({CHANGES: "1"}).listen()
    play.answer(event(2))

    notice = only(play.answer(**refusal))

    assert isinstance(notice, Trouble)
    assert isinstance(notice.error, Busy)
    assert (notice.counter, notice.wait_seconds) == (Counter.HANDSHAKE, 0)
    assert play.asks_for() == (HANDSHAKE, True)
    play.answer()
    play.answer()
    assert play.asks_for() == (SUBSCRIBE, {CHANGES: 2})


def test_sessions_that_die_at_once_are_opened_more_and_more_slowly() -> None:
    play = Play()

    waits = []
    for _ in range(12):
        play.answer()
        (notice,) = play.answer(successful=False, error="403::Unknown client")
        assert isinstance(notice, Trouble)
        waits.append(notice.wait_seconds)

    assert waits[0] == 0
    assert all(1 <= wait <= 375 for wait in waits[1:])
    assert waits[-1] >= 300


def test_only_a_long_poll_that_succeeds_forgives_earlier_failures() -> None:
    play = Play({CHANGES: "1"}).listen()
    unknown: dict[str, Any] = {"successful": False, "error": "403::Unknown client"}
    play.answer(**unknown)
    play.answer()
    play.answer()
    play.answer()
    (again,) = play.answer(**unknown)
    play.answer()
    play.answer()
    play.answer()
    play.answer(after=110)
    (after_success,) = play.answer(**unknown)

    assert isinstance(again, Trouble)
    assert isinstance(after_success, Trouble)
    assert again.wait_seconds >= 1
    assert after_success.wait_seconds == 0


def test_silence_restarts_the_whole_machine() -> None:
    play = Play({CHANGES: "1"}).listen()
    play.renewals.clear()

    notice = only(play.suffer(Unanswered("no complete answer within 125 s", timed_out=True), after=125))

    assert isinstance(notice, Trouble)
    assert play.begin_anew().asks_for() == (SUBSCRIBE, {CHANGES: 1})
    assert play.renewals == [False]


# Tokens


def test_a_refused_token_is_renewed_once_at_once_and_then_slowly() -> None:
    play = Play({CHANGES: "1"}).listen()
    refused: dict[str, Any] = {
        "successful": False,
        "error": "401::Authentication invalid",
        "advice": {"reconnect": "none", "interval": 0},
    }

    first = only(play.answer(**refused))
    denied: dict[str, Any] = {"successful": False, "error": "403::Handshake denied"}
    second = only(play.answer(**denied, ext={"sfdc": {"failureReason": "401::Authentication invalid"}}))

    assert isinstance(first, Trouble)
    assert isinstance(second, Trouble)
    assert first.wait_seconds == 0
    assert second.wait_seconds >= 60
    assert isinstance(second.error, LoginFailed)
    assert second.counter is Counter.AUTH
    play.begin()
    assert play.renewals == [False, True, True]


def test_a_login_that_fails_is_tried_again_no_sooner_than_the_breaker_allows() -> None:
    play = Play()
    assert isinstance(play.step(), LogIn)
    paused = LoginPaused("resting", system="salesforce", retry_after_seconds=321.0)

    notice = only(list(play.session.login_failed(paused)))

    assert notice == Trouble(paused, 321.0, Counter.AUTH)
    assert isinstance(play.step(), LogIn)
    assert play.rests == [321.0]


def test_an_overload_in_disguise_waits_and_keeps_the_token() -> None:
    play = Play().listen()

    notice = only(play.answer(successful=False, error="401::Authentication invalid", ext=BUSY))
    play.begin_anew()

    assert isinstance(notice, Trouble)
    assert isinstance(notice.error, Busy)
    assert 30 <= notice.wait_seconds <= 37.5
    assert play.renewals == [False, False]


# Limits


@pytest.mark.parametrize("stage", ["subscribe", "connect"])
def test_the_daily_limit_keeps_us_away_and_we_resume_by_cursor(stage: str) -> None:
    play = Play({CHANGES: "5"})
    play = play.begin() if stage == "subscribe" else play.listen()

    notice = only(play.answer(successful=False, error="403::Organization total events daily limit exceeded"))

    assert isinstance(notice, QuotaReached)
    assert isinstance(notice.error, QuotaSpent)
    assert 900 <= notice.wait_seconds <= 1125
    assert play.begin_anew().asks_for() == (SUBSCRIBE, {CHANGES: 5})


def test_the_daily_limit_is_asked_about_at_most_once_an_hour_and_a_quarter() -> None:
    play = Play({CHANGES: "5"}).begin()

    waits = []
    for _ in range(5):
        (notice,) = play.answer(successful=False, error="403::Organization total events daily limit exceeded")
        assert isinstance(notice, QuotaReached)
        waits.append(notice.wait_seconds)
        play.begin_anew()

    assert waits[0] < 1200
    assert 3600 <= waits[-1] <= 4500


def test_too_many_clients_are_waited_out_in_minutes() -> None:
    play = Play()
    reason = {"sfdc": {"failureReason": "403::Organization concurrent user limit exceeded"}}

    waits = []
    for _ in range(6):
        (notice,) = play.answer(successful=False, error="403::Handshake denied", ext=reason)
        assert isinstance(notice, Trouble)
        waits.append(notice.wait_seconds)

    assert 60 <= waits[0] <= 75
    assert 900 <= waits[-1] <= 1125


def test_a_refused_channel_leaves_the_others_alone_and_is_asked_for_again_in_an_hour() -> None:
    play = Play({CHANGES: "1", ORDERS: "2"}).begin()

    notice = only(play.answer(successful=False, error="403::Restricted channel"))

    assert isinstance(notice, ChannelRefused)
    assert notice.channel == CHANGES
    assert isinstance(notice.error, NotAllowed)
    assert play.answer() == [Subscribed(ORDERS, "2")]
    assert cursors(play.answer(event(3, ORDERS))) == ["3"]
    play.now += notice.retry_seconds
    assert play.asks_for() == (SUBSCRIBE, {CHANGES: 1})


def test_a_refused_channel_is_not_asked_for_again_by_a_mere_new_session() -> None:
    play = Play({CHANGES: "1"}).begin()
    play.answer(successful=False, error="403::Restricted channel")

    play.answer(successful=False, error="403::Unknown client")
    play.answer()
    play.answer()

    assert play.asks_for() == (CONNECT, None)


def test_a_wrong_version_is_shown_and_tried_again_rarely() -> None:
    play = Play()

    notice = only(play.suffer(Answered(400, b"Unsupported API version")))

    assert isinstance(notice, Trouble)
    assert isinstance(notice.error, NotAllowed)
    assert notice.wait_seconds >= 900


# Advice


def test_an_interval_is_in_milliseconds_and_stays_until_it_is_changed() -> None:
    play = Play().listen()
    play.answer(after=5, advice={"reconnect": "retry", "interval": 2000, "timeout": 30000})

    assert play.exchange().deadline_seconds == 45
    play.rests.clear()
    play.answer(after=5)
    play.answer(after=5)
    play.exchange()

    assert play.rests == [2, 2]


def test_the_last_of_several_advices_counts() -> None:
    play = Play().listen()
    stale = {"channel": CONNECT, "id": "0", "successful": True, "advice": {"interval": 1000}}

    play.answer(stale, after=5, advice={"interval": 3000})
    play.exchange()

    assert play.rests == [3]


@pytest.mark.parametrize(
    "advice",
    [
        "retry",
        [],
        {"interval": "2000"},
        {"interval": True, "timeout": -5},
        {"timeout": None},
        {"reconnect": 7},
    ],
)
def test_advice_that_makes_no_sense_is_no_advice(advice: object) -> None:
    play = Play().listen()

    assert play.answer(after=5, advice=advice) == [Idle()]
    assert play.exchange().deadline_seconds == 125
    assert play.rests == []


def test_monstrous_advice_is_cut_to_size() -> None:
    play = Play().listen()
    play.answer(after=5, advice={"interval": 10**15, "timeout": 10**15})

    assert play.exchange().deadline_seconds == 615
    assert play.rests == [900]


def test_empty_answers_without_a_long_poll_do_not_make_us_spin() -> None:
    play = Play().listen()

    for _ in range(10):
        assert play.answer(after=0.001) == [Idle()]
    play.exchange()

    assert play.rests == [0.2] * 10


def test_a_first_connect_that_the_server_parks_does_not_keep_us_from_subscribing() -> None:
    play = Play({CHANGES: "1"})
    play.answer()

    assert play.suffer(Unanswered("no complete answer within 10 s", timed_out=True), after=10) == []
    assert play.asks_for() == (SUBSCRIBE, {CHANGES: 1})
    assert play.rests == []


def test_a_first_connect_that_fails_is_tried_again() -> None:
    play = Play({CHANGES: "1"})
    play.answer()

    notice = only(play.suffer(CUT))

    assert isinstance(notice, Trouble)
    assert isinstance(notice.error, AnswerLost)
    assert play.begin_anew().asks_for() == (SUBSCRIBE, {CHANGES: 1})


def test_nonsense_from_the_server_is_shown_as_unreadable() -> None:
    notice = only(Play().listen().suffer(Answered(200, b"<html>log in first</html>")))

    assert isinstance(notice, Trouble)
    assert isinstance(notice.error, Unreadable)


def test_without_a_session_there_is_nothing_to_say_goodbye_to() -> None:
    play = Play()

    assert play.session.goodbye() is None
    play.begin()
    goodbye = play.session.goodbye()
    assert goodbye is not None
    assert goodbye.request["clientId"] == "c1"


# Whatever comes

said: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(
            None,
            True,
            False,
            0,
            -1,
            110000,
            1.5,
            float("inf"),
            "",
            "7",
            "retry",
            "none",
            "handshake",
            CHANGES,
        ),
        *(INVALID, "401::x", "402::", "403::Unknown client", "403::Restricted channel", "503::"),
        *([], {}, [{}], {"reconnect": "none"}, {"reconnect": "handshake"}, {"interval": -1, "timeout": "x"}),
        *(
            {"event": {"replayId": 9}, "payload": {}},
            {"event": [], "payload": {}},
            {"sfdc": {"failureReason": 4}},
        ),
    ]
)
fields = ("channel", "id", "clientId", "successful", "subscription", "error", "advice", "data", "ext")
malformed = st.dictionaries(st.sampled_from(fields), said, max_size=6)
#: Elements of an answer, and whether the first is addressed so that it counts as the reply to what was asked.
hostile_replies = st.tuples(st.booleans(), st.lists(malformed | said, min_size=1, max_size=3))


@settings(max_examples=500, deadline=None)
@given(st.lists(hostile_replies, min_size=20, max_size=20))
def test_ten_thousand_malformed_replies_neither_stop_nor_spin_the_machine(
    replies: list[tuple[bool, list[Any]]],
) -> None:
    play = Play({CHANGES: "5", ORDERS: NEW_ONLY})

    for is_aimed, elements in replies:
        step = play.exchange()
        aim = {"channel": step.request["channel"], "id": step.request["id"]} if is_aimed else {}
        first = {**elements[0], **aim} if isinstance(elements[0], dict) else elements[0]
        notices = play.take(step, body([first, *elements[1:]]), after=0.01)

        assert 0 < step.deadline_seconds <= 615
        assert all(isinstance(notice, Notice) for notice in notices)

    assert all(0 <= seconds <= 3600 * 1.25 for seconds in play.rests)
    assert len(play.rests) >= 3, "twenty answers without a good long poll were taken with hardly a rest"
