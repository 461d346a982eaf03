"""REST over real HTTP: sessions, allowance, and the faults that strike a whole request."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from sandbox.salesforce.app import create_app
from sandbox.salesforce.world import WorldSettings
from tests.support.salesforce_org import TestOrg
from tests.support.streaming import served

DATA = "/services/data/v66.0"


@pytest.fixture
def http(org: TestOrg) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {org.world.sessions.issue(org.user)}"}
    with served(create_app(org.world)) as url, httpx.Client(base_url=url, headers=headers) as client:
        yield client


def _code(reply: httpx.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()[0]["errorCode"]


def test_versions_need_no_login_and_cost_nothing(org: TestOrg, http: httpx.Client) -> None:
    reply = httpx.get(http.base_url.join("/services/data/"))

    newest = reply.json()[-3]
    assert newest == {"label": "Spring '26", "url": "/services/data/v66.0", "version": "66.0"}
    assert org.world.usage.used() == 0


def test_every_answer_tells_what_is_spent(http: httpx.Client) -> None:
    first, second = http.get(f"{DATA}/limits"), http.get(f"{DATA}/sobjects/Nope")

    assert first.headers["Sforce-Limit-Info"] == "api-usage=1/100000"
    assert second.headers["Sforce-Limit-Info"] == "api-usage=2/100000"


def test_the_index_names_the_caller(org: TestOrg, http: httpx.Client) -> None:
    index = http.get(f"{DATA}/").json()

    assert index["sobjects"] == f"{DATA}/sobjects"
    assert index["identity"] == f"{str(http.base_url).rstrip('/')}/id/{org.world.org.id}/{org.user.id}"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "INVALID_SESSION_ID"),
        ("Bearer wrong", "INVALID_SESSION_ID"),
        ("OAuth wrong", "INVALID_SESSION_ID"),
        ("Basic x", "INVALID_AUTH_HEADER"),
    ],
)
def test_without_a_session_there_is_nothing(http: httpx.Client, header: str, code: str) -> None:
    reply = http.get(f"{DATA}/limits", headers={"Authorization": header})

    assert _code(reply) == (401, code)


def test_the_day_is_over_when_the_allowance_is_spent() -> None:
    org = TestOrg(settings=WorldSettings(daily_api_requests=1))
    headers = {"Authorization": f"OAuth {org.world.sessions.issue(org.user)}"}
    with served(create_app(org.world)) as url, httpx.Client(base_url=url, headers=headers) as http:
        assert http.get(f"{DATA}/limits").status_code == 200
        assert _code(http.get(f"{DATA}/limits")) == (403, "REQUEST_LIMIT_EXCEEDED")


def test_an_unknown_path_is_not_found_in_json(http: httpx.Client) -> None:
    assert _code(http.get("/services/apexrest/x")) == (404, "NOT_FOUND")
    assert _code(http.get("/services/data/latest/limits")) == (404, "NOT_FOUND")


def test_a_form_is_no_record(http: httpx.Client) -> None:
    assert _code(http.post(f"{DATA}/sobjects/Account", data={"Name": "x"})) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_body_may_come_in_chunks_and_an_encoded_slash_is_part_of_a_key(
    org: TestOrg, http: httpx.Client
) -> None:
    body = (chunk for chunk in (b'{"Name"', b': "Acme"}'))

    reply = http.patch(f"{DATA}/sobjects/Account/ExternalID__c/A%2F1", content=body)

    assert reply.status_code == 201
    assert reply.headers["Location"] == f"{DATA}/sobjects/Account/{reply.json()['id']}"
    assert org.row(reply.json()["id"])["ExternalID__c"] == "A/1"


def test_patch_may_come_as_post(org: TestOrg, http: httpx.Client) -> None:
    account = org.make("Account", Name="Acme")

    reply = http.post(f"{DATA}/sobjects/Account/{account}?_HttpMethod=PATCH", json={"Name": "Acme Ltd"})

    assert (reply.status_code, reply.content) == (204, b"")
    assert org.row(account)["Name"] == "Acme Ltd"


def test_a_bulk_job_may_come_with_its_rows_in_one_request(org: TestOrg, http: httpx.Client) -> None:
    job = '{"object":"Account","operation":"insert","contentType":"CSV","lineEnding":"LF"}'
    parts = {"job": (None, job, "application/json"), "content": ("content", "Name\nAcmé\n", "text/csv")}

    job_id = http.post(f"{DATA}/jobs/ingest", files=parts).json()["id"]

    assert http.get(f"{DATA}/jobs/ingest/{job_id}").json()["state"] == "JobComplete"
    assert org.world.store.rows("Account")[0]["Name"] == "Acmé"


def test_an_expired_session_stays_expired(org: TestOrg, http: httpx.Client) -> None:
    org.declare("rest_session_expired")

    assert _code(http.get(f"{DATA}/limits")) == (401, "INVALID_SESSION_ID")
    assert _code(http.get(f"{DATA}/limits")) == (401, "INVALID_SESSION_ID")


@pytest.mark.parametrize(
    ("kind", "says"), [("daily", "TotalRequests"), ("concurrent", "ConcurrentPerOrgLongTxn")]
)
def test_a_limit_says_which_one_it_is(org: TestOrg, http: httpx.Client, kind: str, says: str) -> None:
    org.declare("rest_request_limit", kind=kind)

    reply = http.get(f"{DATA}/limits")

    assert _code(reply) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert says in reply.json()[0]["message"]


@pytest.mark.parametrize(("fault", "made"), [("rest_500_before_commit", 0), ("rest_500_after_commit", 1)])
def test_a_500_may_or_may_not_have_happened(org: TestOrg, http: httpx.Client, fault: str, made: int) -> None:
    org.declare(fault, match={"method": "POST"})

    reply = http.post(f"{DATA}/sobjects/Account", json={"Name": "Acme"})

    assert _code(reply) == (500, "UNKNOWN_EXCEPTION")
    assert len(org.world.store.rows("Account")) == made


def test_an_org_in_maintenance_speaks_html(org: TestOrg, http: httpx.Client) -> None:
    org.declare("rest_503_html")

    reply = http.get(f"{DATA}/limits")

    assert (reply.status_code, reply.headers["content-type"]) == (503, "text/html; charset=utf-8")


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_cut_connection_hides_that_all_was_done(org: TestOrg, http: httpx.Client, method: str) -> None:
    account = org.make("Account", Name="Acme")
    org.declare("rest_drop_after_commit", match={"method": method})
    path = f"{DATA}/sobjects/Account" + (f"/{account}" if method == "PATCH" else "")

    with pytest.raises(httpx.RemoteProtocolError):
        http.request(method, path, json={"Name": "Acme Ltd"})

    assert "Acme Ltd" in [row["Name"] for row in org.world.store.rows("Account")]


def test_a_slow_answer_outlasts_an_impatient_client(org: TestOrg, http: httpx.Client) -> None:
    org.declare("rest_slow", match={"path": f"{DATA}/limits"}, seconds=1)

    with pytest.raises(httpx.ReadTimeout):
        http.get(f"{DATA}/limits", timeout=0.05)

    assert http.get(f"{DATA}/limits").status_code == 200
