"""The two-step login over a real connection: once for all threads, again after a 401, never against a closed door."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from connectors.errors import AnswerLost, ConnectorError, LoginFailed, LoginPaused, NotAllowed, Unreadable
from connectors.kashflow import KashFlowClient, KashFlowCredentials, LoginBreaker, Patience, ProcessMemory
from connectors.kashflow.session import KashFlowSession
from tests.support.scripted_kashflow import (
    CREDENTIALS,
    WRONG_PASSWORD,
    Asked,
    Say,
    ScriptedKashFlow,
    error,
    serving,
)

AT_ONCE = Patience(waits_seconds=())


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def counters(asked: Asked) -> Say:
    return Say(200, {"TotalInvoiceCount": 3})


@contextmanager
def connected(
    answer: Callable[[Asked], Say] = counters, credentials: KashFlowCredentials = CREDENTIALS, **settings: Any
) -> Iterator[tuple[ScriptedKashFlow, KashFlowClient]]:
    with (
        serving(answer) as script,
        KashFlowClient(script.url, credentials, **{"patience": AT_ONCE, **settings}) as client,
    ):
        yield script, client


def test_two_steps_bring_a_token_that_every_call_carries() -> None:
    with connected() as (script, client):
        assert client.metadata() == {"TotalInvoiceCount": 3}
        client.metadata()
    assert [(a.method, a.path) for a in script.asked] == [
        ("POST", "/sessiontoken"),
        ("PUT", "/sessiontoken"),
        ("GET", "/metadata"),
        ("GET", "/metadata"),
    ]
    assert [a.authorization for a in script.asked] == [None, None, "KfToken session-1", "KfToken session-1"]


def test_an_ended_session_is_renewed_and_the_call_repeated_with_its_body() -> None:
    with connected(lambda asked: Say(201, {"Number": 1})) as (script, client):
        client.invoices.create({"CustomerCode": "BRIGHT01"})
        script.end_sessions()
        assert client.invoices.create({"CustomerCode": "BRIGHT01"}) == {"Number": 1}
    assert script.logins() == 2
    assert [a.body for a in script.calls()] == [{"CustomerCode": "BRIGHT01"}] * 3


def test_eight_threads_that_meet_an_ended_session_log_in_once() -> None:
    threads = 8
    with connected() as (script, client):
        client.metadata()
        script.end_sessions()
        script.before_turning_away = threading.Barrier(threads).wait
        with ThreadPoolExecutor(threads) as pool:
            answers = list(pool.map(lambda _: client.metadata(), range(threads)))
    assert answers == [{"TotalInvoiceCount": 3}] * threads
    assert script.logins() == 2


def test_a_session_that_idled_is_renewed_before_it_is_refused() -> None:
    clock = Clock()
    with connected(clock=clock) as (script, client):
        client.metadata()
        clock.now += 44 * 60
        client.metadata()
        assert script.logins() == 1
        clock.now += 46 * 60
        client.metadata()
    assert script.logins() == 2
    assert len(script.calls()) == 3


def test_a_second_401_after_a_fresh_login_is_a_missing_permission() -> None:
    with (
        connected(lambda asked: error(401, "InvalidSessionToken")) as (script, client),
        pytest.raises(NotAllowed, match="role"),
    ):
        client.invoices.get(7)
    assert script.logins() == 2
    assert len(script.calls()) == 2


def test_a_wrong_password_is_tried_once_by_eight_threads() -> None:
    def ending(client: KashFlowClient) -> type[ConnectorError]:
        try:
            client.metadata()
        except ConnectorError as problem:
            return type(problem)
        raise AssertionError("nobody should get in")

    with connected(credentials=WRONG_PASSWORD) as (script, client), ThreadPoolExecutor(8) as pool:
        endings = list(pool.map(ending, [client] * 8))
    assert sorted(kind.__name__ for kind in endings) == ["LoginFailed"] + ["LoginPaused"] * 7
    assert len(script.asked) == 1


def test_a_wrong_memorable_word_is_tried_once_too() -> None:
    wrong_word = KashFlowCredentials("acme-ltd", SecretStr("correct horse"), SecretStr("chocolate"))
    with connected(credentials=wrong_word) as (script, client):
        with pytest.raises(LoginFailed):
            client.metadata()
        with pytest.raises(LoginPaused):
            client.metadata()
    assert script.logins() == 1


def test_a_memorable_word_that_is_too_short_is_not_sent_at_all() -> None:
    short = KashFlowCredentials("acme-ltd", SecretStr("correct horse"), SecretStr("jam"))
    with connected(credentials=short) as (script, client):
        with pytest.raises(LoginFailed, match="character 5 of the memorable word"):
            client.metadata()
        with pytest.raises(LoginPaused):
            client.metadata()
    assert len(script.asked) == 1


def test_a_second_client_with_the_same_memory_does_not_try_the_wrong_password_again() -> None:
    memory = ProcessMemory()
    with connected(credentials=WRONG_PASSWORD, breaker=LoginBreaker(memory)) as (script, client):
        with pytest.raises(LoginFailed):
            client.metadata()
        with (
            KashFlowClient(script.url, WRONG_PASSWORD, breaker=LoginBreaker(memory)) as other,
            pytest.raises(LoginPaused),
        ):
            other.metadata()
        assert len(script.asked) == 1
        with KashFlowClient(script.url, CREDENTIALS, breaker=LoginBreaker(memory)) as corrected:
            assert corrected.metadata()


def test_a_user_locked_in_mid_session_ends_all_calls_until_the_pause_is_over() -> None:
    locked = True
    clock = Clock()

    def answer(asked: Asked) -> Say:
        return error(401, "AccountLocked") if locked else counters(asked)

    with connected(answer, breaker=LoginBreaker(clock=clock)) as (script, client):
        with pytest.raises(LoginFailed, match="locked"):
            client.metadata()
        with pytest.raises(LoginPaused) as paused:
            client.metadata()
        assert len(script.calls()) == 1
        assert paused.value.retry_after_seconds == 600
        clock.now += 600
        locked = False
        assert client.metadata()


@pytest.mark.parametrize("step", ["POST", "PUT"])
def test_a_login_whose_answer_is_lost_is_neither_a_wrong_password_nor_a_sent_invoice(step: str) -> None:
    with connected(lambda asked: Say(201, {"Number": 1})) as (script, client):
        script.login = lambda asked: Say(hang_up=True) if asked.method == step else None
        with pytest.raises(AnswerLost) as lost:
            client.invoices.create({"CustomerCode": "BRIGHT01"})
        assert lost.value.may_have_happened is False
        script.login = lambda asked: None
        assert client.invoices.create({"CustomerCode": "BRIGHT01"}) == {"Number": 1}
    assert len(script.calls()) == 1


@pytest.mark.parametrize(
    "challenge",
    [
        {},
        [],
        {"TemporaryToken": "t", "MemorableWordList": None},
        {"TemporaryToken": "t", "MemorableWordList": []},
        {"TemporaryToken": "t", "MemorableWordList": 5},
        {"TemporaryToken": "t", "MemorableWordList": [2, 5]},
        {"TemporaryToken": "t", "MemorableWordList": [{"Position": 0}]},
        {"TemporaryToken": "t", "MemorableWordList": [{"Position": "2"}]},
    ],
)
def test_a_challenge_that_cannot_be_met_is_unreadable(challenge: object) -> None:
    with connected() as (script, client):
        script.login = lambda asked: Say(201, challenge)
        with pytest.raises(Unreadable):
            client.metadata()


@pytest.mark.parametrize("token", [None, "", " ", 5, "two\r\nlines", "\u00fcber"])
def test_a_token_that_cannot_be_a_header_is_unreadable_and_not_shown(token: object) -> None:
    with connected() as (script, client):
        script.login = lambda asked: Say(200, {"SessionToken": token}) if asked.method == "PUT" else None
        with pytest.raises(Unreadable, match=r"^KashFlow's login brought no session token$"):
            client.metadata()


def test_no_error_of_a_login_shows_a_secret() -> None:
    def echo(asked: Asked) -> Say:
        return error(400, "InvalidCredentials", f"{asked.body} is wrong")

    with connected(credentials=WRONG_PASSWORD) as (script, client):
        script.login = echo
        with pytest.raises(LoginFailed) as failed:
            client.metadata()
    assert "wrong horse" not in str(failed.value)
    assert "wrong horse" not in repr(client.__dict__)


def test_a_thread_that_waited_too_long_for_anothers_login_gives_up_for_now() -> None:
    session = KashFlowSession(
        "https://kashflow.test/v2", CREDENTIALS, LoginBreaker(), clock=Clock(), wait_seconds=0
    )
    with httpx.Client() as http:
        request = http.build_request("GET", "https://kashflow.test/v2/metadata")
    logging_in = session.sync_auth_flow(request)
    assert next(logging_in).url.path == "/v2/sessiontoken"
    with pytest.raises(LoginPaused, match="another thread"):
        next(session.sync_auth_flow(request))
    logging_in.close()
    assert next(session.sync_auth_flow(request)).url.path == "/v2/sessiontoken"
