"""Each declared fault of the Streaming API, as a client sees it (reference sections 1.7 and 7.1)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from sandbox.salesforce.streaming import STREAMING_FAULTS
from tests.support.streaming import BayeuxPeer, StreamingOrg, events_in

BUSY = "503::Server is too busy.  Please try your request again later."


def test_every_fault_has_a_sentence() -> None:
    assert all(sentence.endswith(".") for sentence in STREAMING_FAULTS.values())


@pytest.mark.parametrize(
    ("name", "params", "reason"),
    [
        ("cometd_handshake_denied", {"failureReason": "503::whatever"}, "503::whatever"),
        ("cometd_handshake_denied", {}, "401::Authentication invalid"),
        ("cometd_auth_invalid", {}, "401::Authentication invalid"),
        ("cometd_too_busy", {}, BUSY),
        ("cometd_concurrent_limit", {}, "403::Organization concurrent user limit exceeded"),
    ],
)
def test_a_handshake_is_denied_with_the_declared_reason(
    org: StreamingOrg, peer: BayeuxPeer, name: str, params: dict[str, Any], reason: str
) -> None:
    org.declare(name, match={}, **params)

    reply = peer.handshake()

    assert reply["error"] == "403::Handshake denied"
    assert reply["ext"]["sfdc"]["failureReason"] == reason
    assert reply["advice"] == {"reconnect": "none"}
    assert peer.handshake()["successful"] is True


@pytest.mark.parametrize(
    ("name", "params", "reply"),
    [
        (
            "cometd_unknown_client",
            {},
            {"error": "403::Unknown client", "advice": {"interval": 0, "reconnect": "handshake"}},
        ),
        (
            "cometd_auth_invalid",
            {},
            {"error": "401::Authentication invalid", "advice": {"reconnect": "none", "interval": 0}},
        ),
        (
            "cometd_too_busy",
            {},
            {
                "error": "401::Authentication invalid",
                "advice": {"reconnect": "none", "interval": 0},
                "ext": {"sfdc": {"failureReason": BUSY}},
            },
        ),
        (
            "cometd_daily_limit",
            {},
            {
                "error": "403::Organization total events daily limit exceeded",
                "advice": {"reconnect": "none", "interval": 0},
            },
        ),
        (
            "cometd_generic_error",
            {"text": "500::Internal", "advice": {"reconnect": "retry"}, "failureReason": "500::x"},
            {
                "error": "500::Internal",
                "advice": {"reconnect": "retry"},
                "ext": {"sfdc": {"failureReason": "500::x"}},
            },
        ),
    ],
)
def test_a_connect_is_refused_as_declared(
    org: StreamingOrg, peer: BayeuxPeer, name: str, params: dict[str, Any], reply: dict[str, Any]
) -> None:
    org.declare(name, match={"where": "connect", "connects": 1}, **params)
    peer.begin()

    (refused,) = peer.connect()

    assert {key: refused[key] for key in ("error", "advice", "ext") if key in refused} == reply
    assert ("clientId" in refused) is (name != "cometd_unknown_client")


def test_a_connect_is_refused_for_a_lost_cookie(org: StreamingOrg, peer: BayeuxPeer) -> None:
    org.declare("cometd_lost_cookie", match={"connects": 1})
    peer.begin()

    (refused,) = peer.connect()

    assert refused["error"].startswith("400::Client {")
    assert "has established a session, but no" in refused["error"]


@pytest.mark.parametrize(
    ("name", "params", "error"),
    [
        ("cometd_daily_limit", {}, "403::Organization total events daily limit exceeded"),
        ("cometd_concurrent_limit", {}, "403::Organization concurrent user limit exceeded"),
        ("cometd_generic_error", {"text": "403::Restricted channel"}, "403::Restricted channel"),
        (
            "cometd_invalid_replay",
            {},
            "400::The replayId {-1} you provided was invalid.  Please provide a valid ID, "
            "-2 to replay all events, or -1 to replay only new events.",
        ),
    ],
)
def test_a_subscribe_is_refused_as_declared_on_the_matched_channel_only(
    org: StreamingOrg, peer: BayeuxPeer, name: str, params: dict[str, Any], error: str
) -> None:
    match = {"where": "subscribe", "channel": "/data/AccountChangeEvent"}
    org.declare(name, match=match, **params)
    peer.begin("/data/ChangeEvents")

    refused = peer.subscribe("/data/AccountChangeEvent", -1)

    assert refused["error"] == error
    assert refused["subscription"] == "/data/AccountChangeEvent"
    assert peer.subscribe("/data/AccountChangeEvent", -1)["successful"] is True


def test_a_reply_cut_before_delivery_leaves_the_events_for_the_next_connect(
    org: StreamingOrg, peer: BayeuxPeer
) -> None:
    org.declare("cometd_drop_before_delivery")
    peer.begin()
    org.create("Account", Name="Kept")

    with pytest.raises(httpx.RemoteProtocolError):
        peer.connect()

    assert len(events_in(peer.connect())) == 1


def test_a_reply_cut_after_delivery_loses_the_events_until_they_are_replayed(
    org: StreamingOrg, peer: BayeuxPeer
) -> None:
    org.declare("cometd_drop_after_delivery")
    peer.begin()
    org.create("Account", Name="Lost")

    with pytest.raises(httpx.RemoteProtocolError):
        peer.connect()

    assert events_in(peer.connect(advice={"timeout": 0})) == []
    peer.subscribe("/data/ChangeEvents", -2)
    assert len(events_in(peer.connect())) == 1


def test_a_success_with_advice_none_forgets_the_client(org: StreamingOrg, peer: BayeuxPeer) -> None:
    peer.begin()
    org.declare("cometd_reconnect_none_success")

    (reply,) = peer.connect(advice={"timeout": 0})

    assert (reply["successful"], reply["advice"]["reconnect"]) == (True, "none")
    assert peer.connect()[-1]["error"] == "403::Unknown client"


def test_another_interval_is_advised_once_and_then_taken_back(org: StreamingOrg, peer: BayeuxPeer) -> None:
    org.declare("cometd_interval", match={"connects": 1}, ms=2000)
    peer.begin()

    (changed,) = peer.connect()
    (taken_back,) = peer.connect()

    assert changed["advice"]["interval"] == 2000
    assert taken_back["advice"]["interval"] == 0


def test_a_page_of_html_comes_instead_of_an_answer(org: StreamingOrg, peer: BayeuxPeer) -> None:
    org.declare("cometd_html_503", match={"where": "connect"})
    peer.handshake()

    response = peer.http.post(peer.path, json=[peer.message("/meta/connect")])

    assert (response.status_code, response.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert peer.connect()[0]["successful"] is True


def test_a_plain_http_status_comes_instead_of_an_answer(org: StreamingOrg, peer: BayeuxPeer) -> None:
    org.declare("cometd_http_status", match={"where": "handshake"}, status=200, body="")

    response = peer.http.post(peer.path, json=[peer.message("/meta/handshake")])

    assert (response.status_code, response.content) == (200, b"")


def test_a_slow_body_arrives_whole(org: StreamingOrg, peer: BayeuxPeer) -> None:
    org.declare("cometd_slow_body", match={"where": "handshake"}, seconds=0.1)

    assert peer.handshake()["successful"] is True


def test_a_hanging_request_outlasts_the_callers_patience(org: StreamingOrg, peer: BayeuxPeer) -> None:
    org.declare("cometd_hang", match={"where": "connect"}, seconds=1)
    peer.handshake()

    with pytest.raises(httpx.ReadTimeout):
        peer.http.post(peer.path, json=[peer.message("/meta/connect")], timeout=0.1)


def test_a_silent_subscription_is_accepted_and_brings_nothing(org: StreamingOrg, peer: BayeuxPeer) -> None:
    org.declare("cometd_silence")
    peer.begin(replay=-2)

    org.create("Account", Name="Unheard")

    assert events_in(peer.connect(advice={"timeout": 0})) == []


def test_every_event_of_a_reply_comes_twice(org: StreamingOrg, peer: BayeuxPeer) -> None:
    org.declare("cometd_duplicate_delivery")
    peer.begin()
    org.create("Account", Name="Twice")

    first, second = events_in(peer.connect())

    assert first == second


def test_a_malformed_event_comes_among_good_ones(org: StreamingOrg, peer: BayeuxPeer) -> None:
    org.declare("cometd_malformed_event", data={"payload": 7})
    peer.begin()
    org.create("Account", Name="Broken")
    org.create("Account", Name="Whole")

    broken, whole = events_in(peer.connect())

    assert broken == {"payload": 7}
    assert whole["payload"]["Name"] == "Whole"


def test_events_come_in_the_reply_to_a_subscribe_before_it(org: StreamingOrg, peer: BayeuxPeer) -> None:
    org.create("Account", Name="Early")
    org.declare("cometd_events_in_subscribe_reply")
    peer.handshake()
    peer.connect()
    message = peer.message(
        "/meta/subscribe", subscription="/data/ChangeEvents", ext={"replay": {"/data/ChangeEvents": -2}}
    )

    replies = peer.post(message)

    assert [reply["channel"] for reply in replies] == ["/data/ChangeEvents", "/meta/subscribe"]


def test_a_gap_event_takes_the_place_of_a_change(org: StreamingOrg, peer: BayeuxPeer) -> None:
    org.declare("cometd_gap", match={"entity": "Account"})
    org.declare(
        "cometd_gap", match={"entity": "Contact"}, recordIds=["003A", "003B"], changeType="GAP_DELETE"
    )
    peer.begin()

    account = org.create("Account", Name="Hidden")
    org.create("Contact", LastName="Hidden")

    first, second = (event["payload"] for event in events_in(peer.connect()))
    assert list(first) == list(second) == ["ChangeEventHeader"]
    assert first["ChangeEventHeader"]["changeType"] == "GAP_CREATE"
    assert first["ChangeEventHeader"]["recordIds"] == [account]
    assert second["ChangeEventHeader"]["changeType"] == "GAP_DELETE"
    assert second["ChangeEventHeader"]["recordIds"] == ["003A", "003B"]


def test_an_overflow_event_names_no_record(org: StreamingOrg, peer: BayeuxPeer) -> None:
    org.declare("cometd_overflow", match={"entity": "Account"})
    peer.begin()

    org.create("Account", Name="Too many")

    (event,) = events_in(peer.connect())
    header = event["payload"]["ChangeEventHeader"]
    assert (header["changeType"], header["recordIds"]) == ("GAP_OVERFLOW", ["000000000000000AAA"])
