"""Whatever bytes and JSON come back, callers meet a value or one of our errors, never anything else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import cycle
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.errors import ConnectorError
from connectors.kashflow import KashFlowClient, LoginBreaker, Patience
from tests.support.scripted_kashflow import CREDENTIALS
from tests.support.spoilt import Spoiler

_NAMES = st.text(max_size=5) | st.sampled_from(
    [
        "Data",
        "MetaData",
        "TotalRecords",
        "NextPageUrl",
        "Id",
        "Code",
        "Error",
        "Message",
        "VATRate",
        "Number",
        "page",
        "TemporaryToken",
        "MemorableWordList",
        "Position",
        "SessionToken",
        "CustomerReference",
    ]
)
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["?page=2", "http://[", "//x:99999/?page=x", "-2146232060", "AccountLocked", "1e400"])
)
_JSON = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=5),
    max_leaves=12,
)
_BODIES = _JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60) | st.just(b"[" * 5_000)
_STATUSES = st.sampled_from(
    [200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 405, 409, 429, 500, 502, 503, 418]
)
_HEADERS = st.dictionaries(
    st.sampled_from(["Retry-After", "Date", "Content-Type", "Content-Encoding", "Location"]),
    st.sampled_from(
        ["", "-1", "soon", "Wed, 99 Oct 2026 07:28:00 GMT", "text/html; charset=none", "gzip", "999999999999"]
    ),
)
_ANSWERS = st.builds(lambda status, body, headers: (status, body, headers), _STATUSES, _BODIES, _HEADERS)

CALLS: list[Callable[[KashFlowClient], object]] = [
    lambda c: c.metadata(),
    lambda c: c.customers.get("BRIGHT01"),
    lambda c: c.customers.list(),
    lambda c: c.invoices.create({"CustomerCode": "BRIGHT01"}),
    lambda c: c.invoices.update(7, {"CustomerCode": "BRIGHT01"}),
    lambda c: c.invoices.find_by_reference("SF-1", customer_code="BRIGHT01"),
    lambda c: c.bank_accounts.list(),
    lambda c: c.vat_rates(),
    lambda c: c.payment_methods("invoice"),
]
_GOOD_LOGIN = {
    "POST": {"TemporaryToken": "t", "MemorableWordList": [{"Position": 1, "Value": ""}]},
    "PUT": {"SessionToken": "s"},
}


_Answer = tuple[int, bytes, dict[str, str]]
_ENDED_SESSION: _Answer = (401, b"", {})


class Malformed:
    """One client for all examples, because a fresh login's fingerprint is slow on purpose."""

    def __init__(self) -> None:
        self.respond: Callable[[httpx.Request], _Answer] = _good_login
        self.breaker = LoginBreaker()
        self.client = KashFlowClient(
            "https://kashflow.test/v2",
            CREDENTIALS,
            transport=httpx.MockTransport(self._handle),
            breaker=self.breaker,
            patience=Patience(waits_seconds=(0,), jitter_seconds=0, sleep=lambda seconds: None),
        )

    def ask(
        self, call: Callable[[KashFlowClient], object], respond: Callable[[httpx.Request], _Answer]
    ) -> None:
        self.respond = respond
        self.breaker.reset()
        with suppress(ConnectorError):
            call(self.client)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        status, body, headers = self.respond(request)
        # As a stream, so that a body that its headers contradict fails while it is read, as on a real wire.
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))


@pytest.fixture(scope="module")
def malformed() -> Iterator[Malformed]:
    made = Malformed()
    with made.client:
        yield made


def _good_login(request: httpx.Request) -> _Answer:
    return 200, json.dumps(_GOOD_LOGIN[request.method]).encode(), {}


@pytest.mark.parametrize("call", CALLS)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(answers=st.lists(_ANSWERS, min_size=1, max_size=3))
def test_only_our_errors_come_out_of_malformed_answers(
    malformed: Malformed, call: Callable[[KashFlowClient], object], answers: list[_Answer]
) -> None:
    turn = cycle(answers)

    def respond(request: httpx.Request) -> _Answer:
        return _good_login(request) if request.url.path.endswith("/sessiontoken") else next(turn)

    malformed.ask(call, respond)


_CUSTOMER = {
    "Id": 7,
    "Code": "BRIGHT01 ",
    "Name": "Bright",
    "Note": None,
    "Contacts": None,
    "Addresses": [{"PostCode": "B1"}],
}
_INVOICE = {"Id": 9, "Number": 12, "CustomerReference": "SF-1", "GrossAmount": 12.5, "LineItems": None}
_PAGE = {"Data": [_CUSTOMER], "MetaData": {"TotalRecords": 1, "NextPageUrl": None}}
#: A good answer to each of CALLS, in their order.
_GOOD: list[Any] = [
    {"InvoiceCount": 3}, _CUSTOMER, _PAGE, _INVOICE, _INVOICE, {**_PAGE, "Data": [_INVOICE]}, [{"Id": 55160, "Name": "Bank"}],
    [{"VATRate": 20.0}, {"VATRate": "5"}], [{"MethodId": 1, "MethodName": "BACS"}],
]  # fmt: skip


def test_ten_thousand_good_answers_that_were_spoilt_are_values_or_our_errors(malformed: Malformed) -> None:
    spoiler, answers = Spoiler(6), 0

    def respond(request: httpx.Request) -> _Answer:
        nonlocal answers
        if request.url.path.endswith("/sessiontoken"):
            return _good_login(request)
        answers += 1
        status = spoiler.rng.choice(
            (200, 200, 200, 200, 200, 201, 204, 302, 400, 401, 404, 409, 429, 500, 503)
        )
        return status, spoiler.body(good), {}

    while answers < 10_000:
        call, good = spoiler.rng.choice(list(zip(CALLS, _GOOD, strict=True)))
        malformed.ask(call, respond)


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(first=_ANSWERS, second=_ANSWERS, is_first_good=st.booleans())
def test_only_our_errors_come_out_of_malformed_logins(
    malformed: Malformed, first: _Answer, second: _Answer, is_first_good: bool
) -> None:
    def respond(request: httpx.Request) -> _Answer:
        if not request.url.path.endswith("/sessiontoken"):
            return _ENDED_SESSION
        if request.method == "PUT":
            return second
        return _good_login(request) if is_first_good else first

    malformed.ask(lambda client: client.invoices.create({}), respond)
