"""Tokens: how long they live and what ends them."""

from __future__ import annotations

from tests.support.salesforce_org import TestOrg


def test_both_schemes_are_understood(org: TestOrg) -> None:
    token = org.world.sessions.issue(org.user)

    assert token.startswith(f"{org.world.org.id[:15]}!")
    for header in (f"Bearer {token}", f"OAuth {token}", f"bearer {token}"):
        assert org.world.sessions.user_for(header) == org.user
    for useless in (None, "", token, f"Basic {token}", "Bearer nonsense"):
        assert org.world.sessions.user_for(useless) is None


def test_a_session_slides_with_use_and_ends_without(org: TestOrg) -> None:
    header = f"Bearer {org.world.sessions.issue(org.user)}"

    for _ in range(3):
        org.clock.advance(7000)
        assert org.world.sessions.user_for(header) is not None
    org.clock.advance(7201)

    assert org.world.sessions.user_for(header) is None


def test_a_revoked_refresh_token_takes_its_sessions_along(org: TestOrg) -> None:
    access, refresh = org.world.sessions.issue(org.user), org.world.sessions.issue_refresh(org.user)

    assert org.world.sessions.revoke(refresh)

    assert org.world.sessions.user_of(access) is None
    assert not org.world.sessions.revoke(refresh)


def test_a_code_is_good_for_one_exchange(org: TestOrg) -> None:
    code = org.world.sessions.issue_code(org.user)

    assert org.world.sessions.spend_code(code) == org.user
    assert org.world.sessions.spend_code(code) is None


def test_secrets_are_not_in_the_repr(org: TestOrg) -> None:
    known = org.world.credentials

    assert known.client_secret not in repr(known)
    assert known.password not in repr(known)
