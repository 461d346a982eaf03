"""The two-step login as the reference tells it: section 1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.kashflow_books import Books, books, log_in


@pytest.fixture
def door() -> Iterator[Books]:
    with books(logged_in=False) as opened:
        yield opened


def step_1(door: Books) -> dict[str, Any]:
    known = door.world.credentials
    answer: dict[str, Any] = door.post(
        "sessiontoken", {"UserName": known.username, "Password": known.password}
    )
    return answer


def answered(door: Books, challenge: dict[str, Any], change: str = "") -> dict[str, Any]:
    word = door.world.credentials.memorable_word
    letters = [
        {"Position": asked["Position"], "Value": change or word[asked["Position"] - 1].upper()}
        for asked in challenge["MemorableWordList"]
    ]
    return {"TemporaryToken": challenge["TemporaryToken"], "MemorableWordList": letters}


def test_three_distinct_positions_within_the_memorable_word_are_asked_and_not_always_the_same(
    door: Books,
) -> None:
    asked = [[entry["Position"] for entry in step_1(door)["MemorableWordList"]] for _ in range(20)]

    assert all(len(set(positions)) == 3 for positions in asked)
    assert {position for positions in asked for position in positions} == set(range(1, 11))


def test_letters_in_any_case_open_a_session_that_the_header_carries(door: Books) -> None:
    session = door.put("sessiontoken", answered(door, step_1(door)))

    door.client.headers["Authorization"] = f"KfToken {session['SessionToken']}"
    assert door.get("metadata")["TotalCustomerCount"] == 12
    assert session["CompanyName"] == "Brindlewick Office Supplies Ltd"


def test_request_keys_bind_in_any_case(door: Books) -> None:
    known = door.world.credentials

    answer = door.post("SessionToken", {"username": known.username.upper(), "PASSWORD": known.password})

    assert set(answer) >= {"TemporaryToken", "MemorableWordList", "HasTemporaryPassword", "PackageName"}


@pytest.mark.parametrize("letters", ["", "?"])
def test_a_temporary_token_is_used_up_by_its_first_try_right_or_wrong(door: Books, letters: str) -> None:
    challenge = step_1(door)
    door.client.put("sessiontoken", json=answered(door, challenge, letters))

    again = door.refused("PUT", "sessiontoken", answered(door, challenge))

    assert again[:2] == (400, "InvalidTemporaryToken")


def test_wrong_letters_and_a_wrong_password_are_invalid_credentials(door: Books) -> None:
    wrong = {"UserName": door.world.credentials.username, "Password": "guess"}

    assert door.refused("POST", "sessiontoken", wrong)[:2] == (400, "InvalidCredentials")
    letters = answered(door, step_1(door), "?")
    assert door.refused("PUT", "sessiontoken", letters)[:2] == (400, "InvalidCredentials")


def test_five_failures_lock_the_user_and_the_sessions_he_has_for_half_an_hour(door: Books) -> None:
    log_in(door.client, door.world)
    right = {"UserName": door.world.credentials.username, "Password": door.world.credentials.password}
    for _ in range(5):
        door.refused("POST", "sessiontoken", right | {"Password": "guess"})

    assert door.refused("POST", "sessiontoken", right)[:2] == (400, "AccountLocked")
    assert door.refused("GET", "customers")[:2] == (401, "AccountLocked")

    door.clock.advance(30 * 60)
    assert door.client.post("sessiontoken", json=right).status_code == 201


def test_failures_with_logins_between_them_lock_nobody(door: Books) -> None:
    for _ in range(7):
        door.refused("PUT", "sessiontoken", answered(door, step_1(door), "?"))
        log_in(door.client, door.world)


def test_an_unknown_user_locks_nobody(door: Books) -> None:
    for _ in range(9):
        door.refused("POST", "sessiontoken", {"UserName": "someone", "Password": "guess"})

    log_in(door.client, door.world)


def test_a_session_ends_after_sixty_minutes_without_use_not_with_it(door: Books) -> None:
    log_in(door.client, door.world)
    for _ in range(3):
        door.clock.advance(59 * 60)
        door.get("metadata")

    door.clock.advance(61 * 60)

    assert door.refused("GET", "metadata") == (
        401,
        "InvalidSessionToken",
        "Session token provided is invalid.",
    )


@pytest.mark.parametrize("scheme", ["Bearer", "Token", "Basic"])
def test_no_other_scheme_carries_the_token_nor_ends_its_session(door: Books, scheme: str) -> None:
    token = log_in(door.client, door.world)

    door.client.headers["Authorization"] = f"{scheme} {token}"
    assert door.refused("GET", "customers")[:2] == (401, "InvalidSessionToken")

    door.client.headers["Authorization"] = f"KfToken {token}"
    assert door.client.get("customers").status_code == 200


@pytest.mark.parametrize("path", ["sessiontoken", "sessiontoken/{token}"])
def test_both_ways_to_delete_a_session_end_it_at_once(door: Books, path: str) -> None:
    token = log_in(door.client, door.world)

    assert door.client.delete(path.format(token=token)).status_code == 204

    assert door.refused("GET", "customers")[:2] == (401, "InvalidSessionToken")
    assert door.refused("DELETE", path.format(token=token))[0] == 401


def test_two_sessions_of_one_user_stand_side_by_side(door: Books) -> None:
    first = log_in(door.client, door.world)
    second = log_in(door.client, door.world)

    for token in (first, second):
        door.client.headers["Authorization"] = f"KfToken {token}"
        door.get("metadata")


def test_credentials_do_not_show_their_secrets(door: Books) -> None:
    known = door.world.credentials

    assert known.password not in repr(known)
    assert known.memorable_word not in repr(known)
