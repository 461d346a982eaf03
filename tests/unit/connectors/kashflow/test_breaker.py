"""A login that was refused is not tried again: by this process, by others, or too soon."""

from __future__ import annotations

import pytest

from connectors.errors import AnswerLost, LoginFailed, LoginPaused
from connectors.kashflow import LoginBreaker, ProcessMemory

OURS, CHANGED = "aaaaaaaa", "bbbbbbbb"


class Clock:
    def __init__(self) -> None:
        self.now = 1_767_225_600.0

    def __call__(self) -> float:
        return self.now


def refuse(breaker: LoginBreaker, code: str, fingerprint: str = OURS) -> None:
    with pytest.raises(LoginFailed), breaker.attempt(fingerprint):
        raise LoginFailed("no", system="kashflow", code=code)


def succeed(breaker: LoginBreaker, fingerprint: str = OURS) -> None:
    with breaker.attempt(fingerprint):
        pass


def is_paused(breaker: LoginBreaker, fingerprint: str = OURS) -> LoginPaused:
    with pytest.raises(LoginPaused) as caught, breaker.attempt(fingerprint):
        raise AssertionError("nobody may try now")
    return caught.value


@pytest.mark.parametrize("code", ["InvalidCredentials", "SomethingNew", ""])
def test_wrong_credentials_stay_shut_however_much_time_passes(code: str) -> None:
    clock = Clock()
    breaker = LoginBreaker(clock=clock)
    refuse(breaker, code)
    clock.now += 10 * 365 * 86_400
    paused = is_paused(breaker)
    assert paused.retry_after_seconds == 600
    assert "correct KASHFORCE_KASHFLOW_USERNAME" in paused.message


@pytest.mark.parametrize("code", ["AccountLocked", "PasswordExpired", "InvalidTemporaryToken"])
def test_what_may_pass_is_tried_once_after_each_pause(code: str) -> None:
    clock = Clock()
    breaker = LoginBreaker(clock=clock)
    refuse(breaker, code)
    clock.now += 599
    assert is_paused(breaker).retry_after_seconds == 1
    clock.now += 1
    refuse(breaker, code)
    assert is_paused(breaker).retry_after_seconds == 600


def test_a_reset_lets_one_login_through() -> None:
    breaker = LoginBreaker(clock=Clock())
    refuse(breaker, "InvalidCredentials")
    breaker.reset()
    succeed(breaker)


def test_changed_credentials_are_tried_at_once_and_the_old_ones_are_not_forgiven_meanwhile() -> None:
    breaker = LoginBreaker(clock=Clock())
    refuse(breaker, "InvalidCredentials")
    is_paused(breaker)
    succeed(breaker, CHANGED)


def test_another_process_with_the_same_memory_knows_of_the_refusal() -> None:
    memory, clock = ProcessMemory(), Clock()
    refuse(LoginBreaker(memory, clock=clock), "InvalidCredentials")
    is_paused(LoginBreaker(memory, clock=clock))


def test_untried_credentials_are_tried_by_one_process_while_the_others_look_again_soon() -> None:
    memory, clock = ProcessMemory(), Clock()
    first, second = LoginBreaker(memory, clock=clock), LoginBreaker(memory, clock=clock)
    with first.attempt(OURS):
        assert is_paused(second).retry_after_seconds == 2
    succeed(second)


def test_proven_credentials_may_log_in_side_by_side() -> None:
    memory, clock = ProcessMemory(), Clock()
    first, second = LoginBreaker(memory, clock=clock), LoginBreaker(memory, clock=clock)
    succeed(first)
    with first.attempt(OURS), second.attempt(OURS):
        pass


def test_a_process_that_died_while_trying_holds_the_others_for_three_minutes_only() -> None:
    memory, clock = ProcessMemory(), Clock()
    died = LoginBreaker(memory, clock=clock).attempt(OURS)
    died.__enter__()
    survivor = LoginBreaker(memory, clock=clock)
    is_paused(survivor)
    clock.now += 180
    succeed(survivor)


def test_a_first_login_that_takes_long_is_left_alone_as_long_as_its_process_lives() -> None:
    memory, clock = ProcessMemory(), Clock()
    slow = LoginBreaker(memory, clock=clock, trial_seconds=30)
    with slow.attempt(OURS):
        for _ in range(5):
            clock.now += 29
            slow.renew()
            is_paused(LoginBreaker(memory, clock=clock))
    succeed(LoginBreaker(memory, clock=clock))


@pytest.mark.parametrize("code", ["AccountLocked", "InvalidCredentials"])
def test_a_refusal_is_never_renewed_into_another_try(code: str) -> None:
    memory, clock = ProcessMemory(), Clock()
    breaker = LoginBreaker(memory, clock=clock, trial_seconds=30)
    refuse(breaker, code)
    breaker.renew()
    is_paused(breaker)

    other = LoginBreaker(memory, clock=clock, trial_seconds=30)
    other.reset()
    under_way = other.attempt(OURS)
    under_way.__enter__()
    breaker.refused(OURS, code)  # told to another process, in the middle of its session
    other.renew()
    clock.now += 31
    is_paused(breaker)


def test_a_login_without_an_answer_proves_nothing_and_may_be_tried_again() -> None:
    breaker = LoginBreaker(clock=Clock())
    with pytest.raises(AnswerLost), breaker.attempt(OURS):
        raise AnswerLost("timeout", system="kashflow")
    succeed(breaker)


def test_a_lock_reported_in_the_middle_of_a_session_shuts_proven_credentials() -> None:
    breaker = LoginBreaker(clock=Clock())
    succeed(breaker)
    breaker.refused(OURS, "AccountLocked")
    is_paused(breaker)


@pytest.mark.parametrize("text", ["", "{}", "[]", "not json", '{"fingerprint": "aaaaaaaa", "state": "ajar"}'])
def test_a_memory_with_foreign_text_counts_as_empty(text: str) -> None:
    memory = ProcessMemory()
    memory.write(text)
    succeed(LoginBreaker(memory, clock=Clock()))


def test_a_pause_that_could_lock_the_user_is_refused() -> None:
    with pytest.raises(ValueError, match="below 600 s"):
        LoginBreaker(pause_seconds=60)
