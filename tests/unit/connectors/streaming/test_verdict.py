"""Every row of the error table (reference salesforce.md section 1.7), in every place where it may be said."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import AnswerLost, Busy, LoginFailed, NotAllowed, QuotaSpent, Unreachable, Unreadable
from connectors.salesforce.streaming import messages
from connectors.salesforce.streaming.answers import Answered, Unanswered
from connectors.salesforce.streaming.messages import CONNECT, HANDSHAKE, SUBSCRIBE, Message
from connectors.salesforce.streaming.verdict import ELSEWHERE, ERRORS, Meaning, Verdict, read_outcome

REQUESTS: dict[str, Message] = {
    HANDSHAKE: messages.handshake("7"),
    CONNECT: messages.connect("7", "c"),
    SUBSCRIBE: messages.subscribe("7", "c", "/data/ChangeEvents", "82"),
}
PLACES = tuple(REQUESTS)

#: Text -> meaning where it concerns a subscription; elsewhere as ELSEWHERE says.
TABLE = [
    ("401::Authentication invalid", Meaning.TOKEN_REFUSED),
    ("401::Request requires authentication", Meaning.TOKEN_REFUSED),
    ("403::Client has not completed handshake", Meaning.SESSION_LOST),
    ("403::Unknown client", Meaning.SESSION_LOST),
    ("402::Unknown client", Meaning.SESSION_LOST),
    ("402::unknown_session", Meaning.SESSION_LOST),
    ("402::session_unknown", Meaning.SESSION_LOST),
    ("401:1n4hqbq5:Unknown client", Meaning.SESSION_LOST),
    ("403::Organization concurrent user limit exceeded", Meaning.TOO_MANY_CLIENTS),
    ("403::Organization total events daily limit exceeded", Meaning.DAILY_LIMIT),
    (
        "403::To ensure availability we limit the number of simultaneous connections per server. Try again later.",
        Meaning.TOO_BUSY,
    ),
    ("403::Restricted channel", Meaning.CHANNEL_REFUSED),
    ("403::Cannot create channel /data/NopeChangeEvent", Meaning.CHANNEL_REFUSED),
    ("403::User not enabled for streaming", Meaning.CHANNEL_REFUSED),
    ("403::User not allowed to subscribe CDC without View All Data permissions", Meaning.CHANNEL_REFUSED),
    ("403::Subscriber does not have access to the entity: Invoice__c", Meaning.CHANNEL_REFUSED),
    ("403::Subscription limit exceeded for this topic", Meaning.CHANNEL_NOT_NOW),
    (
        "400::The channel you requested to subscribe to doesn't exist {/data/NopeChangeEvent}",
        Meaning.CHANNEL_REFUSED,
    ),
    ("400::Channel name not specified", Meaning.CHANNEL_REFUSED),
    ("400::Channel names must start with a leading '/'", Meaning.CHANNEL_REFUSED),
    (
        "400::The replayId {82} you provided was invalid.  Please provide a valid ID, -2 to replay all events, "
        "or -1 to replay only new events.",
        Meaning.POSITION_LOST,
    ),
    (
        "400::Client 41kdiu has established a session, but no BAYEUX_BROWSER cookie present",
        Meaning.SESSION_LOST,
    ),
    ("400::Authenticated user id does not match the session's user id", Meaning.SESSION_LOST),
    ("400::API version in the URI is mandatory. URI format: '/cometd/43.0'", Meaning.MISCONFIGURED),
    ("400::Unsupported API version 22.0", Meaning.MISCONFIGURED),
    ("400::Invalid connection type websocket", Meaning.MISCONFIGURED),
    ("413::Maximum Request Size Exceeded", Meaning.MISCONFIGURED),
    ("503::Server is too busy.  Please try your request again later.", Meaning.TOO_BUSY),
    ("404::Unknown channel", Meaning.CHANNEL_REFUSED),
    ("404::channel names may not vary only by case", Meaning.CHANNEL_REFUSED),
]


def verdict_on(place: str, status: int = 200, **reply: Any) -> Verdict:
    """What we make of a refusal with these fields in the reply."""
    return read_outcome(REQUESTS[place], answered(place, status, **reply)).verdict


def answered(place: str, status: int = 200, **reply: Any) -> Answered:
    return Answered(
        status, json.dumps([{"channel": place, "id": "7", "successful": False, **reply}]).encode()
    )


def reason(text: str) -> dict[str, Any]:
    return {"sfdc": {"failureReason": text}, "replay": True, "payload.format": True}


def expected(place: str, meaning: Meaning) -> Meaning:
    return meaning if place == SUBSCRIBE else ELSEWHERE.get(meaning, meaning)


@pytest.mark.parametrize("advice", [None, {"reconnect": "none", "interval": 0}, {"reconnect": "retry"}])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("text", "meaning"), TABLE, ids=[text[:40] for text, _ in TABLE])
def test_each_error_text_means_the_same_wherever_it_stands(
    place: str, text: str, meaning: Meaning, advice: dict[str, Any] | None
) -> None:
    more: dict[str, Any] = {} if advice is None else {"advice": advice}

    as_error = verdict_on(place, error=text, **more)
    as_reason = verdict_on(place, error="403::Handshake denied", ext=reason(text), **more)

    assert as_error.meaning is as_reason.meaning is expected(place, meaning)
    assert as_error.text == as_reason.text == text[:300]
    assert as_error.code == text[:3]


@pytest.mark.parametrize("place", PLACES)
def test_an_overload_disguised_as_failed_authentication_keeps_the_token(place: str) -> None:
    busy = "503::Server is too busy.  Please try your request again later."

    verdict = verdict_on(
        place,
        error="401::Authentication invalid",
        ext=reason(busy),
        advice={"reconnect": "none", "interval": 0},
    )

    assert verdict.meaning is Meaning.TOO_BUSY


@pytest.mark.parametrize("place", PLACES)
def test_a_failure_reason_in_unknown_words_still_outranks_the_error(place: str) -> None:
    verdict = verdict_on(place, error="401::Authentication invalid", ext=reason("503::Come back on Monday"))

    assert verdict.meaning is Meaning.TOO_BUSY


@pytest.mark.parametrize(
    ("error", "reconnect", "meaning"),
    [
        ("499::we made this up", "handshake", Meaning.SESSION_LOST),
        ("403::whatever", "handshake", Meaning.SESSION_LOST),
        ("401::whatever", "handshake", Meaning.SESSION_LOST),
        ("401::Unauthorized", "none", Meaning.TOKEN_REFUSED),
        ("503::overload", "none", Meaning.TOO_BUSY),
        ("403::Handshake denied", "none", Meaning.SESSION_LOST),
        ("", "none", Meaning.SESSION_LOST),
        ("402::gone", "retry", Meaning.SESSION_LOST),
        ("500::oops", "retry", Meaning.UNCLEAR),
        ("no number at all", "", Meaning.UNCLEAR),
    ],
)
def test_words_that_nobody_knows_are_judged_by_advice_and_number(
    error: str, reconnect: str, meaning: Meaning
) -> None:
    assert verdict_on(CONNECT, error=error, advice={"reconnect": reconnect}).meaning is meaning


def test_a_subscription_refused_in_unknown_words_is_asked_for_again_later() -> None:
    assert verdict_on(SUBSCRIBE, error="499::not today").meaning is Meaning.CHANNEL_NOT_NOW


@pytest.mark.parametrize("place", [CONNECT, SUBSCRIBE])
@pytest.mark.parametrize("advice", [{"reconnect": "none"}, {"reconnect": "handshake"}, {"interval": -1}])
def test_a_success_with_the_advice_not_to_go_on_ends_the_session(place: str, advice: dict[str, Any]) -> None:
    assert verdict_on(place, successful=True, advice=advice).meaning is Meaning.SESSION_LOST


def test_a_handshake_that_succeeds_begins_a_session_whatever_is_advised() -> None:
    verdict = verdict_on(HANDSHAKE, successful=True, clientId="c", advice={"reconnect": "none"})

    assert verdict.meaning is Meaning.FINE


@pytest.mark.parametrize("client_id", [None, "", 5, ["c"]])
def test_a_handshake_without_a_client_id_is_no_success(client_id: object) -> None:
    assert verdict_on(HANDSHAKE, successful=True, clientId=client_id).meaning is Meaning.UNCLEAR


@pytest.mark.parametrize("successful", ["true", 1, None, [True]])
def test_only_true_is_a_success(successful: object) -> None:
    assert verdict_on(CONNECT, successful=successful).meaning is Meaning.UNCLEAR


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (401, b"", Meaning.TOKEN_REFUSED),
        (401, b'[{"message":"Session expired","errorCode":"INVALID_SESSION_ID"}]', Meaning.TOKEN_REFUSED),
        (403, b"<html>Forbidden</html>", Meaning.TOKEN_REFUSED),
        (400, b"400::Unsupported API version", Meaning.MISCONFIGURED),
        (400, b"<html>API version in the URI is mandatory</html>", Meaning.MISCONFIGURED),
        (404, b"<html>no such page</html>", Meaning.MISCONFIGURED),
        (413, b"Maximum Request Size Exceeded", Meaning.MISCONFIGURED),
        (429, b"", Meaning.TOO_BUSY),
        (400, b"403::Unknown client", Meaning.SESSION_LOST),
        (302, b"", Meaning.UNCLEAR),
        (500, b"", Meaning.UNCLEAR),
        (502, b"<html>Bad gateway</html>", Meaning.UNCLEAR),
        (503, b"<html>Service unavailable</html>", Meaning.UNCLEAR),
        (200, b"", Meaning.UNCLEAR),
        (200, b"[]", Meaning.UNCLEAR),
        (200, b"<html>log in</html>", Meaning.UNCLEAR),
        (200, b'[{"channel":"/meta/connect","id":"6","successful":true}]', Meaning.UNCLEAR),
    ],
)
def test_an_answer_without_our_reply_is_judged_by_its_words_and_its_status(
    status: int, body: bytes, meaning: Meaning
) -> None:
    reading = read_outcome(REQUESTS[CONNECT], Answered(status, body))

    assert reading.verdict.meaning is meaning


def test_the_reply_outranks_the_http_status() -> None:
    verdict = verdict_on(CONNECT, status=401, error="403::Unknown client")

    assert verdict.meaning is Meaning.SESSION_LOST


def test_a_request_to_wait_is_passed_on() -> None:
    assert (
        read_outcome(
            REQUESTS[CONNECT], Answered(429, b"", retry_after_seconds=42.0)
        ).verdict.retry_after_seconds
        == 42.0
    )


def test_each_meaning_but_success_has_an_error_of_the_tree() -> None:
    assert set(ERRORS) == set(Meaning) - {Meaning.FINE}


@pytest.mark.parametrize(
    ("verdict", "error"),
    [
        (Verdict(Meaning.UNCLEAR, "refused", was_sent=False), Unreachable),
        (Verdict(Meaning.UNCLEAR, "cut"), AnswerLost),
        (Verdict(Meaning.UNCLEAR, "page", status=503), AnswerLost),
        (Verdict(Meaning.UNCLEAR, "page", status=200), Unreadable),
        (Verdict(Meaning.TOKEN_REFUSED, "401", status=401), LoginFailed),
        (Verdict(Meaning.DAILY_LIMIT, "limit"), QuotaSpent),
        (Verdict(Meaning.TOO_BUSY, "busy"), Busy),
        (Verdict(Meaning.CHANNEL_REFUSED, "no"), NotAllowed),
    ],
)
def test_a_verdict_is_shown_as_the_error_it_is(verdict: Verdict, error: type[Exception]) -> None:
    assert type(verdict.error()) is error
    assert verdict.text in str(verdict.error())


def test_what_the_server_says_is_shortened_and_printable() -> None:
    verdict = verdict_on(CONNECT, error="500::" + "\x1b[31m" + "x" * 5000)

    assert len(verdict.text) <= 300
    assert verdict.text.isprintable()


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    place=st.sampled_from(PLACES),
    reply=st.fixed_dictionaries(
        {"channel": st.sampled_from(PLACES) | anything},
        optional={
            name: st.sampled_from(["7", True, False, "403::x", {"reconnect": "none"}]) | anything
            for name in ("id", "successful", "error", "advice", "ext", "clientId", "subscription", "data")
        },
    ),
    status=st.integers(100, 599),
)
def test_no_reply_of_whatever_shape_is_beyond_judgement(
    place: str, reply: dict[str, Any], status: int
) -> None:
    read_outcome(REQUESTS[place], Answered(status, json.dumps([reply]).encode()))


@given(body=st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_no_body_of_whatever_bytes_is_beyond_judgement(body: bytes) -> None:
    assert read_outcome(REQUESTS[CONNECT], Answered(200, body)).verdict.meaning is Meaning.UNCLEAR


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b"1" * 5_000, b'[{"a":1e999999999999999999999}]', b"\xff\xfe", b'"text"', b"null", b"7"],
    ids=["deep", "long number", "huge exponent", "bytes", "text", "null", "number"],
)
def test_a_body_made_to_break_a_parser_is_unclear_and_no_more(body: bytes) -> None:
    assert read_outcome(REQUESTS[CONNECT], Answered(200, body)).verdict.meaning is Meaning.UNCLEAR


def test_silence_is_an_unclear_verdict() -> None:
    verdict = read_outcome(REQUESTS[CONNECT], Unanswered("cannot connect", was_sent=False)).verdict

    assert verdict == Verdict(Meaning.UNCLEAR, "cannot connect", was_sent=False)
