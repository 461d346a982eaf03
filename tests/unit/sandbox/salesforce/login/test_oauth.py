"""The OAuth endpoints over HTTP (reference salesforce.md section 3.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sandbox.salesforce.app import create_app
from sandbox.salesforce.world import WorldSettings
from tests.support.salesforce_org import NOW, TestOrg
from tests.support.streaming import served

TOKEN = "/services/oauth2/token"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture
def org() -> TestOrg:
    return TestOrg(settings=WorldSettings(public_key_pem=PEM))


@pytest.fixture
def http(org: TestOrg) -> Iterator[httpx.Client]:
    with served(create_app(org.world)) as url, httpx.Client(base_url=url) as client:
        yield client


def _client(org: TestOrg) -> dict[str, str]:
    return {
        "client_id": org.world.credentials.client_id,
        "client_secret": org.world.credentials.client_secret,
    }


def _assertion(org: TestOrg, key: Any = KEY, algorithm: str = "RS256", **claims: Any) -> dict[str, str]:
    expires = int(NOW.timestamp()) + 180
    known = org.world.credentials
    standard = {
        "iss": known.client_id,
        "sub": known.username,
        "aud": "https://login.salesforce.com",
        "exp": expires,
    }
    token = jwt.encode({**standard, **claims}, key, algorithm=algorithm)
    return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": token}


@pytest.mark.parametrize("basic", [True, False])
def test_client_credentials_run_as_the_integration_user(
    org: TestOrg, http: httpx.Client, basic: bool
) -> None:
    known = _client(org)
    if basic:
        auth = (known["client_id"], known["client_secret"])
        reply = http.post(TOKEN, data={"grant_type": "client_credentials"}, auth=auth)
    else:
        reply = http.post(TOKEN, data={"grant_type": "client_credentials", **known})

    answer = reply.json()
    assert reply.status_code == 200
    assert answer["instance_url"] == str(http.base_url).rstrip("/")
    assert answer["id"].endswith(f"/id/{org.world.org.id}/{org.world.org.integration_id}")
    assert (answer["token_type"], "expires_in" in answer) == ("Bearer", False)


def test_an_assertion_logs_its_subject_in(org: TestOrg, http: httpx.Client) -> None:
    answer = http.post(TOKEN, data=_assertion(org, exp=str(int(NOW.timestamp()) + 180))).json()

    me = http.get(
        "/services/oauth2/userinfo", headers={"Authorization": f"Bearer {answer['access_token']}"}
    ).json()

    assert (me["preferred_username"], me["user_id"]) == (
        org.world.credentials.username,
        org.world.org.sales_id,
    )
    assert (
        http.get(answer["id"], params={"access_token": answer["access_token"]}).json()["user_id"]
        == me["user_id"]
    )


@pytest.mark.parametrize(
    ("claims", "error", "description"),
    [
        ({"aud": "https://elsewhere.example"}, "invalid_grant", "audience is invalid"),
        ({"sub": "nobody@brindlewick.example"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"iss": "other"}, "invalid_client_id", "client identifier invalid"),
        ({"exp": int(NOW.timestamp()) - 600}, "invalid_grant", "invalid assertion"),
        ({"exp": int(NOW.timestamp()) + 6000}, "invalid_grant", "invalid assertion"),
        ({"exp": "soon"}, "invalid_grant", "invalid assertion"),
        ({"key": OTHER_KEY}, "invalid_grant", "invalid assertion"),
        ({"key": "x" * 32, "algorithm": "HS256"}, "invalid_grant", "invalid assertion"),
    ],
)
def test_a_wrong_assertion_is_refused(
    org: TestOrg, http: httpx.Client, claims: dict[str, Any], error: str, description: str
) -> None:
    reply = http.post(TOKEN, data=_assertion(org, **claims))

    assert (reply.status_code, reply.json()) == (400, {"error": error, "error_description": description})


@pytest.mark.parametrize("token_behind", [False, True])
def test_a_password_may_have_the_security_token_behind_it(
    org: TestOrg, http: httpx.Client, token_behind: bool
) -> None:
    known = org.world.credentials
    password = known.password + (known.security_token if token_behind else "")
    form = {"grant_type": "password", "username": known.username, "password": password, **_client(org)}

    assert http.post(TOKEN, data=form).status_code == 200
    assert http.post(TOKEN, data={**form, "password": "wrong"}).json() == {
        "error": "invalid_grant",
        "error_description": "authentication failure",
    }


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "magic"}, "unsupported_grant_type"),
        ({}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"}, "invalid_client_id"),
        ({"grant_type": "client_credentials", "client_id": "é", "client_secret": "y"}, "invalid_client_id"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_client_id"),
    ],
)
def test_a_wrong_request_is_refused(http: httpx.Client, form: dict[str, str], error: str) -> None:
    reply = http.post(TOKEN, data=form)

    assert (reply.status_code, reply.json()["error"]) == (400, error)


@pytest.mark.parametrize("secret", ["wrong", "é", ""])
def test_a_wrong_secret_is_refused(org: TestOrg, http: httpx.Client, secret: str) -> None:
    form = {"grant_type": "client_credentials", **_client(org), "client_secret": secret}

    assert http.post(TOKEN, data=form).json()["error"] == "invalid_client"


def test_a_code_becomes_tokens_and_the_refresh_token_a_new_session(org: TestOrg, http: httpx.Client) -> None:
    known = _client(org)
    params = {
        "response_type": "code",
        "client_id": known["client_id"],
        "redirect_uri": "http://127.0.0.1/back",
    }
    location = httpx.URL(
        http.get("/services/oauth2/authorize", params={**params, "state": "s"}).headers["location"]
    )

    first = http.post(
        TOKEN, data={"grant_type": "authorization_code", "code": location.params["code"], **known}
    ).json()
    second = http.post(
        TOKEN, data={"grant_type": "refresh_token", "refresh_token": first["refresh_token"], **known}
    )

    assert location.params["state"] == "s"
    assert second.json()["access_token"] != first["access_token"]
    assert "refresh_token" not in second.json()


def test_a_token_is_looked_into_and_revoked(org: TestOrg, http: httpx.Client) -> None:
    token = org.world.sessions.issue(org.user)

    before = http.post("/services/oauth2/introspect", data={"token": token}).json()
    revoked = http.post("/services/oauth2/revoke", data={"token": token})
    after = http.post("/services/oauth2/introspect", data={"token": token}).json()

    assert (before["active"], before["username"]) == (True, org.user.username)
    assert revoked.status_code == 200
    assert after == {"active": False}
    assert http.post("/services/oauth2/revoke", data={"token": token}).status_code == 400
    assert (
        http.get("/services/oauth2/userinfo", headers={"Authorization": f"Bearer {token}"}).status_code == 403
    )


def test_a_declared_fault_refuses_the_token(org: TestOrg, http: httpx.Client) -> None:
    org.declare("token_error", error="rate_limit_exceeded", description="login rate exceeded")
    form = {"grant_type": "client_credentials", **_client(org)}

    assert http.post(TOKEN, data=form).json() == {
        "error": "rate_limit_exceeded",
        "error_description": "login rate exceeded",
    }
    assert http.post(TOKEN, data=form).status_code == 200


def test_an_org_may_block_the_password_flow() -> None:
    org = TestOrg(settings=WorldSettings(password_flow=False))
    known = org.world.credentials
    form = {"grant_type": "password", "username": known.username, "password": known.password, **_client(org)}

    with served(create_app(org.world)) as url:
        reply = httpx.post(url + TOKEN, data=form)

    assert reply.json() == {"error": "invalid_grant", "error_description": "authentication failure"}
