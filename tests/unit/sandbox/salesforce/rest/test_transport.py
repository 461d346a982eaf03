"""What HTTP itself allows: packed bodies and answers, long URIs, methods that a resource does not take."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator

import httpx
import pytest

from sandbox.salesforce.app import create_app
from tests.support.salesforce_org import TestOrg
from tests.support.streaming import served

DATA = "/services/data/v66.0"
ACCOUNT = json.dumps({"Name": "Acmé"}).encode()


@pytest.fixture
def http(org: TestOrg) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {org.world.sessions.issue(org.user)}"}
    with served(create_app(org.world)) as url, httpx.Client(base_url=url, headers=headers) as client:
        yield client


def _code(reply: httpx.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()[0]["errorCode"]


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(ACCOUNT, mtime=0)),
        ("GZIP", gzip.compress(ACCOUNT, mtime=0)),
        ("deflate", zlib.compress(ACCOUNT)),
        ("identity", ACCOUNT),
    ],
)
def test_a_body_may_come_packed(org: TestOrg, http: httpx.Client, encoding: str, body: bytes) -> None:
    reply = http.post(f"{DATA}/sobjects/Account", content=body, headers={"Content-Encoding": encoding})

    assert reply.status_code == 201
    assert org.row(reply.json()["id"])["Name"] == "Acmé"


@pytest.mark.parametrize(
    ("encoding", "body", "answer"),
    [
        ("gzip", ACCOUNT, (400, "INVALID_CONTENT")),
        ("gzip", gzip.compress(ACCOUNT, mtime=0)[:-9], (400, "INVALID_CONTENT")),
        ("br", ACCOUNT, (415, "UNSUPPORTED_MEDIA_TYPE")),
    ],
)
def test_a_body_that_cannot_be_unpacked_is_refused(
    http: httpx.Client, encoding: str, body: bytes, answer: tuple[int, str]
) -> None:
    reply = http.post(f"{DATA}/sobjects/Account", content=body, headers={"Content-Encoding": encoding})

    assert _code(reply) == answer


def test_an_answer_is_packed_for_whoever_takes_it_so(http: httpx.Client) -> None:
    packed = http.get(f"{DATA}/sobjects/Account/describe", headers={"Accept-Encoding": "gzip"})
    plain = http.get(f"{DATA}/sobjects/Account/describe", headers={"Accept-Encoding": "identity"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.json() == plain.json()


def test_a_uri_longer_than_16384_bytes_is_refused_and_so_is_one_with_its_headers(http: httpx.Client) -> None:
    def ask(uri_bytes: int, header_bytes: int = 0) -> httpx.Response:
        path = f"{DATA}/query?q="
        soql = "SELECT+Id+FROM+Account"
        uri = f"{path}{soql}{'+' * (uri_bytes - len(path) - len(soql))}"
        return http.get(uri, headers={"X-Filler": "x" * header_bytes})

    assert ask(15_000).status_code == 200
    assert _code(ask(16_385)) == (414, "URI_TOO_LONG")
    assert _code(ask(9_000, header_bytes=9_000)) == (431, "REQUEST_HEADER_FIELDS_TOO_LARGE")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("OPTIONS", f"{DATA}/sobjects/Account"),
        ("PUT", f"{DATA}/limits"),
        ("DELETE", "/services/data"),
        ("GET", "/services/oauth2/token"),
    ],
)
def test_a_method_that_is_not_taken_is_refused_as_json(http: httpx.Client, method: str, path: str) -> None:
    assert _code(http.request(method, path)) == (405, "METHOD_NOT_ALLOWED")


def test_a_head_is_a_get_without_its_body(http: httpx.Client) -> None:
    reply = http.head(f"{DATA}/limits/")

    assert (reply.status_code, reply.content) == (200, b"")


@pytest.mark.parametrize("content_type", ["application/json", "application/xml"])
def test_bulk_1_0_says_what_to_use_instead_of_it(http: httpx.Client, content_type: str) -> None:
    reply = http.post("/services/async/59.0/job", content=b"", headers={"Content-Type": content_type})

    assert reply.status_code == 400
    assert reply.headers["Content-Type"].startswith(content_type)
    assert "FeatureNotEnabled" in reply.text
    assert "Bulk API 2.0" in reply.text


def test_half_of_a_surrogate_pair_goes_out_as_it_came_in(org: TestOrg, http: httpx.Client) -> None:
    made = http.post(f"{DATA}/sobjects/Account", content=b'{"Name": "A \\ud83d"}').json()
    with_both_halves = http.post(f"{DATA}/sobjects/Account", content=b'{"Name": "\\ud83d\\ude00"}').json()

    assert b'"A \\ud83d"' in http.get(f"{DATA}/sobjects/Account/{made['id']}?fields=Name").content
    assert http.get(f"{DATA}/sobjects/Account/{with_both_halves['id']}").json()["Name"] == "\U0001f600"
