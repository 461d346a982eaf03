"""Subscribing: which channels there are, from where they are replayed, and what is refused (sections 1.5 to 1.7)."""

from __future__ import annotations

import pytest

from sandbox.salesforce.streaming import Limits
from tests.support.streaming import BayeuxPeer, MeetPeer, StreamingOrg, events_in

INVALID = (
    "400::The replayId {%s} you provided was invalid.  "
    "Please provide a valid ID, -2 to replay all events, or -1 to replay only new events."
)


def at_once(peer: BayeuxPeer) -> list[str]:
    """The account names in the events that are due now."""
    return [event["payload"]["Name"] for event in events_in(peer.connect(advice={"timeout": 0}))]


def accounts(org: StreamingOrg, *names: str) -> None:
    for name in names:
        org.create("Account", Name=name)


def test_minus_one_brings_only_what_is_new(org: StreamingOrg, peer: BayeuxPeer) -> None:
    accounts(org, "before")
    peer.begin(replay=-1)

    accounts(org, "after")

    assert at_once(peer) == ["after"]


def test_without_a_replay_entry_for_the_channel_only_new_events_come(
    org: StreamingOrg, peer: BayeuxPeer
) -> None:
    accounts(org, "before")
    peer.begin("/data/ContactChangeEvent")

    (reply,) = peer.post(
        peer.message(
            "/meta/subscribe",
            subscription="/data/AccountChangeEvent",
            ext={"replay": {"/data/ContactChangeEvent": -2, "/data/accountchangeevent": -2}},
        )
    )

    assert reply["successful"] is True
    assert at_once(peer) == []


def test_minus_two_brings_everything_retained(org: StreamingOrg, peer: BayeuxPeer) -> None:
    accounts(org, "one", "two")

    peer.begin(replay=-2)

    assert at_once(peer) == ["one", "two"]


def test_a_replay_id_brings_everything_after_it(org: StreamingOrg, peer: BayeuxPeer) -> None:
    accounts(org, "one", "two", "three")
    peer.begin(replay=-2)
    ids = [event["event"]["replayId"] for event in events_in(peer.connect())]

    peer.subscribe("/data/ChangeEvents", ids[0])
    after_first = at_once(peer)
    peer.subscribe("/data/ChangeEvents", str(ids[1]))
    after_second = at_once(peer)

    assert ids == sorted(set(ids))
    assert (after_first, after_second) == (["two", "three"], ["three"])


@pytest.mark.parametrize("asked", [82, 10**15, -3, "abc", True, None, 1.5, "9" * 5000, [1], {"a": 1}])
def test_an_id_that_never_was_is_refused_in_salesforces_words(
    org: StreamingOrg, peer: BayeuxPeer, asked: object
) -> None:
    accounts(org, "one")
    peer.begin()
    subscribe = peer.message(
        "/meta/subscribe",
        subscription="/data/ChangeEvents",
        ext={"replay": {"/data/ChangeEvents": asked}},
    )

    (reply,) = peer.post(subscribe)

    assert reply["error"] == INVALID % asked
    assert reply["subscription"] == "/data/ChangeEvents"
    assert reply["clientId"] == peer.client_id


def test_after_72_hours_events_are_gone_and_their_ids_invalid(org: StreamingOrg, peer: BayeuxPeer) -> None:
    accounts(org, "old")
    peer.begin(replay=-2)
    (event,) = events_in(peer.connect())
    org.clock.advance(71 * 3600)
    accounts(org, "recent")
    org.clock.advance(3600 + 1)
    peer.http.headers["Authorization"] = f"OAuth {org.login()}"
    peer.begin(replay=-2)

    assert at_once(peer) == ["recent"]
    refused = peer.subscribe("/data/ChangeEvents", event["event"]["replayId"])
    assert refused["error"].startswith("400::The replayId {")


def test_ids_of_two_channels_are_their_own_and_events_keep_their_order(
    org: StreamingOrg, peer: BayeuxPeer
) -> None:
    peer.begin("/data/AccountChangeEvent", -2)
    peer.subscribe("/data/ContactChangeEvent", -2)
    for number in range(3):
        org.create("Account", Name=f"a{number}")
        org.create("Contact", LastName=f"c{number}")

    messages = [message for message in peer.connect() if "data" in message]

    names = [message["data"]["payload"]["Name"] for message in messages]
    assert names == ["a0", {"LastName": "c0"}, "a1", {"LastName": "c1"}, "a2", {"LastName": "c2"}]


@pytest.mark.parametrize(
    "channel",
    [
        "/data/changeevents",
        "/data/accountChangeEvent",
        "/data/NoSuchThingChangeEvent",
        "/data/NoSuchThing__ChangeEvent",
        "/data/Nothing__chn",
        "/data/*",
        "/data/**",
        "/event/Nothing__e",
        "/event/Account",
        "/data/OpportunityStageChangeEvent",
        "/topic/Invoices",
    ],
)
def test_a_channel_that_does_not_exist_is_refused(peer: BayeuxPeer, channel: str) -> None:
    peer.begin()

    reply = peer.subscribe(channel, -1)

    assert reply["error"] == f"400::The channel you requested to subscribe to doesn't exist {{{channel}}}"


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, "400::Channel name not specified"),
        ({"subscription": ["/data/ChangeEvents"]}, "400::Channel name not specified"),
        ({"subscription": "data/ChangeEvents"}, "400::Channel subscriptions must start with a leading '/'"),
        ({"subscription": "/u/anything"}, "404::Unknown channel"),
    ],
)
def test_a_channel_name_that_is_none_is_refused(
    peer: BayeuxPeer, fields: dict[str, object], error: str
) -> None:
    peer.begin()

    (reply,) = peer.post(peer.message("/meta/subscribe", **fields))

    assert reply["error"] == error


def test_subscribing_without_a_handshake_is_refused(peer: BayeuxPeer) -> None:
    assert peer.subscribe("/data/ChangeEvents")["error"] == "403::Client has not completed handshake"


def test_a_known_entity_that_nobody_selected_is_subscribed_in_silence(
    org: StreamingOrg, peer: BayeuxPeer
) -> None:
    peer.begin("/data/Invoice__ChangeEvent")
    peer.subscribe("/data/ChangeEvents", -1)

    org.create("Invoice__c")

    assert events_in(peer.connect(advice={"timeout": 0})) == []


def test_a_custom_channel_carries_exactly_its_members(org: StreamingOrg, peer: BayeuxPeer) -> None:
    org.events.add_channel("Books__chn")
    org.events.add_member("Books__chn", "Invoice__c")
    peer.begin("/data/Books__chn")
    peer.subscribe("/data/Invoice__ChangeEvent", -1)

    org.create("Account", Name="Elsewhere")
    invoice = org.create("Invoice__c")

    messages = [message for message in peer.connect() if "data" in message]
    assert {message["channel"] for message in messages} == {"/data/Books__chn", "/data/Invoice__ChangeEvent"}
    assert {message["data"]["payload"]["ChangeEventHeader"]["recordIds"][0] for message in messages} == {
        invoice
    }


def test_enriched_fields_accompany_updates_and_deletes_on_a_custom_channel_only(
    org: StreamingOrg, peer: BayeuxPeer
) -> None:
    org.events.add_channel("Books__chn")
    org.events.add_member("Books__chn", "Account", ["AccountNumber", "Site"])
    first = org.create("Account", Name="One", AccountNumber="A1")
    second = org.create("Account", Name="Two", AccountNumber="A2")
    peer.begin("/data/Books__chn")
    peer.subscribe("/data/ChangeEvents", -1)

    with org.store.transaction(org.org.sales_id) as tx:
        tx.delete(first)
        tx.delete(second)

    told = [
        (
            message["channel"],
            message["data"]["payload"]["ChangeEventHeader"]["recordIds"],
            message["data"]["payload"].get("AccountNumber"),
        )
        for message in peer.connect()
        if "data" in message
    ]
    assert told == [
        ("/data/ChangeEvents", [first, second], None),
        ("/data/Books__chn", [first], "A1"),
        ("/data/Books__chn", [second], "A2"),
    ]


@pytest.mark.parametrize(
    ("channel", "entity", "fields"),
    [
        ("Nothing__chn", "Account", []),
        ("Nothing", "Account", []),
        ("ChangeEvents", "OpportunityStage", []),
        ("ChangeEvents", "Account", ["Name"]),
    ],
)
def test_a_member_that_cannot_be_is_refused(
    org: StreamingOrg, channel: str, entity: str, fields: list[str]
) -> None:
    with pytest.raises(ValueError, match=r"channel|change events"):
        org.events.add_member(channel, entity, fields)


def test_an_entity_removed_from_the_standard_channel_gives_no_more_events(
    org: StreamingOrg, peer: BayeuxPeer
) -> None:
    peer.begin()
    org.events.remove_member("ChangeEvents", "Account")
    org.events.add_member("ChangeEvents", "Order")

    accounts(org, "unheard")

    assert org.events.selected_entities == {
        "Contact", "Opportunity", "PricebookEntry", "Product2", "Order",
    }  # fmt: skip
    assert at_once(peer) == []


def test_a_platform_event_reaches_its_channel_with_uuid_author_and_date(
    org: StreamingOrg, peer: BayeuxPeer
) -> None:
    peer.begin("/event/Invoice_Paid__e")

    uuid = org.events.publish("Invoice_Paid__e", {"Invoice_Number__c": "1001"}, org.org.sales_id)

    (event,) = events_in(peer.connect())
    assert event["event"]["EventUuid"] == uuid
    assert isinstance(event["event"]["replayId"], int)
    assert event["payload"] == {
        "CreatedDate": "2026-11-21T09:00:00.000Z",
        "CreatedById": org.org.sales_id,
        "Invoice_Number__c": "1001",
    }


def test_an_entity_that_may_not_be_viewed_is_left_out_and_its_own_channel_refused(
    org: StreamingOrg, peer: BayeuxPeer
) -> None:
    org.declare("cometd_entity_hidden", entity="Account")
    peer.begin()

    accounts(org, "unseen")
    org.create("Contact", LastName="Seen")

    (event,) = events_in(peer.connect())
    assert event["payload"]["ChangeEventHeader"]["entityName"] == "Contact"
    refused = peer.subscribe("/data/AccountChangeEvent")
    assert refused["error"].startswith("403::Subscriber does not have access to the entity")


def test_once_the_delivery_quota_is_spent_connect_and_subscribe_say_so_for_a_day(meet: MeetPeer) -> None:
    org = StreamingOrg(limits=Limits(daily_deliveries=2))
    peer = meet(org)
    peer.begin()
    accounts(org, "one", "two", "three")

    delivered = at_once(peer)
    (ended,) = peer.connect()
    peer.handshake()
    refused = peer.subscribe("/data/ChangeEvents", -1)
    org.clock.advance(24 * 3600)
    peer.http.headers["Authorization"] = f"OAuth {org.login()}"
    peer.begin(replay=-2)

    assert delivered == ["one", "two"]
    assert ended["error"] == refused["error"] == "403::Organization total events daily limit exceeded"
    assert at_once(peer) == ["one", "two"]


def test_many_events_come_in_several_replies(meet: MeetPeer) -> None:
    org = StreamingOrg(limits=Limits(events_in_reply=2))
    peer = meet(org)
    accounts(org, "one", "two", "three")
    peer.begin(replay=-2)

    assert [at_once(peer), at_once(peer), at_once(peer)] == [["one", "two"], ["three"], []]
