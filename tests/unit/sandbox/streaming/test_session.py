"""Handshake, connect, disconnect: how a Bayeux session begins, lives and ends (reference sections 1.2, 1.3, 7.0)."""

from __future__ import annotations

import pytest

from sandbox.salesforce.streaming import Limits, Timing
from tests.support.streaming import BayeuxPeer, MeetPeer, StreamingOrg, events_in, until


def test_a_handshake_is_answered_without_advice_and_with_replay_exactly_true(peer: BayeuxPeer) -> None:
    reply = peer.handshake()

    assert reply.pop("id") == "1"
    assert len(reply.pop("clientId")) >= 32
    assert reply == {
        "channel": "/meta/handshake",
        "version": "1.0",
        "minimumVersion": "1.0",
        "successful": True,
        "supportedConnectionTypes": ["long-polling"],
        "ext": {"replay": True, "payload.format": True},
    }


def test_the_session_cookie_is_set_without_secure_over_http(peer: BayeuxPeer) -> None:
    offer = peer.message("/meta/handshake", supportedConnectionTypes=["websocket"])

    response = peer.http.post(peer.path, json=[offer])

    cookie = response.headers["set-cookie"]
    assert cookie.startswith("BAYEUX_BROWSER=")
    assert "secure" not in cookie.lower()
    assert response.json()[0]["supportedConnectionTypes"] == ["long-polling"]


def test_what_accompanies_a_handshake_is_ignored(peer: BayeuxPeer) -> None:
    replies = peer.post(peer.message("/meta/handshake"), peer.message("/meta/connect"))

    assert [reply["channel"] for reply in replies] == ["/meta/handshake"]


def test_the_first_connect_is_answered_at_once_with_advice(peer: BayeuxPeer) -> None:
    peer.handshake()

    (reply,) = peer.connect()

    assert reply["successful"] is True
    assert reply["clientId"] == peer.client_id
    assert reply["advice"] == {"reconnect": "retry", "interval": 0, "timeout": 30_000}


def test_a_connect_with_nothing_to_say_is_held_and_then_answered_without_advice(meet: MeetPeer) -> None:
    peer = meet(StreamingOrg(timing=Timing(park_seconds=0.05)))
    peer.begin()

    (reply,) = peer.connect()

    assert reply["successful"] is True
    assert "advice" not in reply


def test_a_connect_that_asks_for_no_wait_is_answered_at_once(peer: BayeuxPeer) -> None:
    peer.begin()

    (reply,) = peer.connect(advice={"timeout": 0})

    assert reply["successful"] is True


def test_a_held_connect_is_released_by_an_event_and_the_reply_stands_last(
    org: StreamingOrg, peer: BayeuxPeer
) -> None:
    peer.begin()
    held = peer.connect_meanwhile()
    until(lambda: any(client.held for client in org.events.clients.living()))

    org.create("Account", Name="Pemberton Tiles")

    replies = held.result()
    assert [reply["channel"] for reply in replies] == ["/data/ChangeEvents", "/meta/connect"]
    assert replies[0]["data"]["payload"]["Name"] == "Pemberton Tiles"
    assert "id" not in replies[0]


def test_news_of_a_channel_nobody_here_subscribed_does_not_end_the_wait(
    org: StreamingOrg, peer: BayeuxPeer
) -> None:
    peer.begin("/data/ContactChangeEvent")
    held = peer.connect_meanwhile()
    until(lambda: any(client.held for client in org.events.clients.living()))

    org.create("Account", Name="Not for this peer")
    org.create("Contact", LastName="Forrester")

    (event,) = events_in(held.result())
    assert event["payload"]["Name"] == {"LastName": "Forrester"}


def test_a_second_connect_ends_the_first_with_500_and_no_body(org: StreamingOrg, peer: BayeuxPeer) -> None:
    peer.begin()
    message = peer.message("/meta/connect", connectionType="long-polling")
    first = peer._threads.submit(peer.http.post, peer.path, json=[message])
    until(lambda: any(client.held for client in org.events.clients.living()))

    second = peer.connect_meanwhile()

    assert (first.result().status_code, first.result().content) == (500, b"")
    org.create("Account", Name="For the second")
    assert len(events_in(second.result())) == 1


def test_several_messages_in_one_request_are_all_answered_without_waiting(peer: BayeuxPeer) -> None:
    peer.begin()
    connect = peer.message("/meta/connect", connectionType="long-polling")
    subscribe = peer.message("/meta/subscribe", subscription="/data/AccountChangeEvent")

    replies = peer.post(connect, subscribe)

    assert [(reply["channel"], reply["successful"]) for reply in replies] == [
        ("/meta/connect", True),
        ("/meta/subscribe", True),
    ]


def test_a_client_that_is_silent_for_longer_than_40_seconds_is_unknown(
    org: StreamingOrg, peer: BayeuxPeer
) -> None:
    peer.begin()
    org.clock.advance(39)
    assert peer.connect(advice={"timeout": 0})[-1]["successful"] is True

    org.clock.advance(41)

    (reply,) = peer.connect()
    assert reply["error"] == "403::Unknown client"
    assert reply["advice"] == {"interval": 0, "reconnect": "handshake"}
    assert "clientId" not in reply


def test_a_client_whose_connect_is_held_does_not_expire(org: StreamingOrg, peer: BayeuxPeer) -> None:
    peer.begin()
    held = peer.connect_meanwhile()
    until(lambda: any(client.held for client in org.events.clients.living()))

    org.clock.advance(3600)
    org.create("Account", Name="An hour later")

    assert len(events_in(held.result())) == 1


def test_the_right_client_id_without_the_cookie_is_unknown(peer: BayeuxPeer) -> None:
    peer.begin()
    peer.http.cookies.clear()

    (reply,) = peer.connect()

    assert reply["error"] == "403::Unknown client"


def test_by_name_the_cookie_is_asked_for_from_the_first_connect(peer: BayeuxPeer) -> None:
    peer.http.base_url = peer.http.base_url.copy_with(host="localhost")
    peer.handshake()
    peer.http.cookies.clear()

    (reply,) = peer.connect()

    assert reply["error"] == "403::Unknown client"


def test_by_address_a_client_that_keeps_no_cookies_is_served(org: StreamingOrg, peer: BayeuxPeer) -> None:
    peer.handshake()
    peer.http.cookies.clear()

    assert peer.connect()[0]["successful"] is True
    assert peer.subscribe("/data/ChangeEvents")["successful"] is True


def test_a_stranger_with_the_client_id_does_not_cost_the_owner_its_session(
    org: StreamingOrg, meet: MeetPeer, peer: BayeuxPeer
) -> None:
    peer.begin()
    stranger = meet(org)
    stranger.handshake()
    stranger.client_id = peer.client_id

    assert stranger.connect()[-1]["error"] == "403::Unknown client"
    assert peer.connect(advice={"timeout": 0})[-1]["successful"] is True


def test_two_clients_of_one_cookie_are_told_so_and_polled(
    org: StreamingOrg, meet: MeetPeer, peer: BayeuxPeer
) -> None:
    peer.begin()
    held = peer.connect_meanwhile()
    until(lambda: any(client.held for client in org.events.clients.living()))
    second = meet(org)
    second.http.cookies = peer.http.cookies
    second.handshake()

    (reply,) = second.connect()

    assert reply["successful"] is True
    assert reply["advice"] == {"reconnect": "retry", "interval": 2000, "multiple-clients": True}
    org.events.forget_sessions()
    held.result()


def test_forgetting_every_session_answers_held_connects_and_makes_all_clients_unknown(
    org: StreamingOrg, peer: BayeuxPeer
) -> None:
    peer.begin()
    held = peer.connect_meanwhile()
    until(lambda: any(client.held for client in org.events.clients.living()))

    org.events.forget_sessions()

    assert held.result()[-1]["error"] == "403::Unknown client"
    assert peer.subscribe("/data/ChangeEvents")["error"] == "403::Unknown client"
    peer.begin()


def test_a_disconnect_ends_the_session_and_the_held_connect(org: StreamingOrg, peer: BayeuxPeer) -> None:
    peer.begin()
    held = peer.connect_meanwhile()
    until(lambda: any(client.held for client in org.events.clients.living()))

    (reply,) = peer.post(peer.message("/meta/disconnect"))

    assert reply["successful"] is True
    assert reply["clientId"] == peer.client_id
    (released,) = held.result()
    assert released["successful"] is True
    assert "advice" not in released
    assert peer.connect()[-1]["error"] == "403::Unknown client"


def test_unsubscribing_ends_the_events(org: StreamingOrg, peer: BayeuxPeer) -> None:
    peer.begin()

    (reply,) = peer.post(peer.message("/meta/unsubscribe", subscription="/data/ChangeEvents"))
    org.create("Account", Name="Unheard")

    assert reply["successful"] is True
    assert events_in(peer.connect(advice={"timeout": 0})) == []


@pytest.mark.parametrize("scheme", ["OAuth", "Bearer"])
def test_both_authorization_schemes_are_accepted(org: StreamingOrg, peer: BayeuxPeer, scheme: str) -> None:
    peer.http.headers["Authorization"] = f"{scheme} {org.login()}"

    assert peer.handshake()["successful"] is True


def test_a_handshake_without_authorization_is_denied_with_the_reason_inside(peer: BayeuxPeer) -> None:
    del peer.http.headers["Authorization"]

    reply = peer.handshake()

    assert reply["error"] == "403::Handshake denied"
    assert reply["advice"] == {"reconnect": "none"}
    assert reply["ext"] == {
        "sfdc": {"failureReason": "401::Request requires authentication"},
        "replay": True,
        "payload.format": True,
    }


def test_a_handshake_with_a_wrong_token_is_denied(peer: BayeuxPeer) -> None:
    peer.http.headers["Authorization"] = "OAuth 00Dwrong"

    assert peer.handshake()["ext"]["sfdc"]["failureReason"] == "401::Authentication invalid"


def test_a_token_revoked_while_a_connect_is_held_is_noticed(org: StreamingOrg, peer: BayeuxPeer) -> None:
    peer.begin()
    held = peer.connect_meanwhile()
    until(lambda: any(client.held for client in org.events.clients.living()))

    org.sessions.revoke_all()
    org.create("Account", Name="For nobody")

    (reply,) = held.result()
    assert reply["error"] == "401::Authentication invalid"
    assert reply["advice"] == {"reconnect": "none", "interval": 0}


def test_another_user_may_not_take_over_a_session(org: StreamingOrg, peer: BayeuxPeer) -> None:
    peer.begin()
    peer.http.headers["Authorization"] = f"OAuth {org.login(org.org.integration_id)}"

    (reply,) = peer.connect()

    assert reply["error"] == "400::Authenticated user id does not match the session's user id"


def test_one_client_more_than_the_org_allows_is_denied_until_one_leaves(meet: MeetPeer) -> None:
    org = StreamingOrg(limits=Limits(concurrent_clients=1))
    first, second = meet(org), meet(org)
    first.begin()

    denied = second.handshake()
    first.post(first.message("/meta/disconnect"))

    assert denied["ext"]["sfdc"]["failureReason"] == "403::Organization concurrent user limit exceeded"
    assert second.handshake()["successful"] is True


def test_a_caller_that_hangs_up_frees_its_place(org: StreamingOrg, peer: BayeuxPeer) -> None:
    peer.begin()
    message = peer.message("/meta/connect", connectionType="long-polling")
    request = peer.http.build_request("POST", peer.path, json=[message])
    request.extensions["timeout"] = {"read": 0.1}
    with pytest.raises(Exception, match="timed out"):
        peer.http.send(request)

    until(lambda: not any(client.held for client in org.events.clients.living()))

    org.create("Account", Name="Still waiting for its client")
    assert len(events_in(peer.connect())) == 1
