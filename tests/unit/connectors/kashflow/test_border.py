"""Every documented code and status, and every httpx failure, has its place in our error tree."""

from __future__ import annotations

import traceback

import httpx
import pytest

from connectors.errors import (
    AnswerLost,
    Busy,
    ConnectorError,
    Duplicate,
    LoginFailed,
    NotAllowed,
    NotFound,
    NotNow,
    QuotaSpent,
    Refused,
    Unreachable,
    Unreadable,
)
from connectors.kashflow.border import BY_CODE, translate

READ = httpx.Request("GET", "https://kashflow.test/v2/invoices/7?searchtext=Mrs+Jones")
WRITE = httpx.Request("POST", "https://kashflow.test/v2/invoices")
LOGIN = httpx.Request("POST", "https://kashflow.test/v2/sessiontoken")


def answered(
    status: int,
    code: object = None,
    text: str = "as they say",
    *,
    request: httpx.Request = WRITE,
    **headers: str,
) -> ConnectorError:
    body = {"Error": code, "Message": text} if code is not None else None
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return translate(httpx.Response(status, json=body, headers=named, request=request))


#: Reference section 2.7, both tables, row by row.
DOCUMENTED = [
    (401, "InvalidSessionToken", READ, NotAllowed),
    (401, "AccountLocked", READ, LoginFailed),
    (400, "AccountLocked", LOGIN, LoginFailed),
    (400, "InvalidCredentials", LOGIN, LoginFailed),
    (400, "PasswordExpired", LOGIN, LoginFailed),
    (400, "-2146232060", WRITE, Busy),
    (400, "ValidationError", WRITE, Refused),
    (400, None, WRITE, Refused),
    (401, None, READ, NotAllowed),
    (404, None, READ, NotFound),
    (405, None, WRITE, NotAllowed),
    (500, None, WRITE, AnswerLost),
]


@pytest.mark.parametrize(("status", "code", "request_", "expected"), DOCUMENTED)
def test_each_documented_answer_has_its_error(
    status: int, code: str | None, request_: httpx.Request, expected: type[ConnectorError]
) -> None:
    error = answered(status, code, request=request_)
    assert type(error) is expected
    assert error.system == "kashflow"
    assert error.status == status
    assert error.code == (code or "")


def test_no_code_of_the_table_is_undocumented() -> None:
    assert set(BY_CODE) <= {code for _, code, _, _ in DOCUMENTED}


@pytest.mark.parametrize("status", range(300, 600))
def test_no_status_is_without_an_error(status: int) -> None:
    for request in (READ, WRITE, LOGIN):
        for code in (None, "Whatever"):
            error = answered(status, code, request=request)
            assert isinstance(error, ConnectorError)
            assert str(status) in error.message


def _httpx_failures() -> list[type[Exception]]:
    found: list[type[Exception]] = []
    waiting: list[type[Exception]] = [httpx.RequestError]
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting.extend(kind.__subclasses__())
    return found


NOTHING_SENT = {
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
}


@pytest.mark.parametrize("kind", _httpx_failures())
def test_each_failure_of_httpx_says_whether_the_request_may_have_been_carried_out(
    kind: type[httpx.RequestError],
) -> None:
    write = translate(kind("KfToken secret", request=WRITE))
    read = translate(kind("KfToken secret", request=READ))
    assert type(write) is (Unreachable if kind in NOTHING_SENT else AnswerLost)
    assert write.may_have_happened is (kind not in NOTHING_SENT)
    assert read.may_have_happened is False
    assert kind.__name__ in write.message


def test_a_failure_without_its_request_is_taken_for_a_write() -> None:
    assert translate(httpx.ReadTimeout("slow")).may_have_happened is True


def test_an_address_that_httpx_cannot_build_is_refused() -> None:
    assert type(translate(httpx.InvalidURL("too long"))) is Refused


@pytest.mark.parametrize(
    ("status", "code", "may_have"),
    [
        (400, "-2146232060", True),
        (500, None, True),
        (502, None, True),
        (503, None, True),
        (429, None, False),
        (400, "x", False),
    ],
)
def test_after_a_write_it_is_said_whether_it_may_have_happened(
    status: int, code: str | None, may_have: bool
) -> None:
    assert answered(status, code).may_have_happened is may_have
    assert answered(status, code, request=READ).may_have_happened is False


def test_a_login_changes_no_record() -> None:
    assert answered(500, request=LOGIN).may_have_happened is False
    assert translate(httpx.ReadTimeout("slow", request=LOGIN)).may_have_happened is False


def test_the_sql_timeout_is_recognised_as_a_number_too() -> None:
    assert type(answered(400, -2146232060)) is Busy


@pytest.mark.parametrize(
    "text",
    [
        "Customer code is not unique",
        "This code is already in use",
        "Invoice number already exists",
        "Duplicate code",
    ],
)
def test_a_clash_is_a_duplicate(text: str) -> None:
    assert type(answered(400, "ValidationError", text)) is Duplicate


@pytest.mark.parametrize("code", ["InvalidSessionToken", "Whatever", None])
@pytest.mark.parametrize("status", [400, 401])
def test_any_refusal_within_a_login_is_a_failed_login(status: int, code: str | None) -> None:
    assert type(answered(status, code, request=LOGIN)) is LoginFailed


@pytest.mark.parametrize("status", [403, 404, 405])
def test_a_login_that_nobody_hears_is_a_matter_of_settings(status: int) -> None:
    assert type(answered(status, request=LOGIN)) is NotAllowed


def test_a_page_in_place_of_an_answer_does_not_say_that_a_record_is_missing() -> None:
    page = httpx.Response(404, html="<html>IIS</html>", request=READ)
    assert type(translate(page)) is Unreadable
    assert "KASHFORCE_KASHFLOW_URL" in translate(page).message


def test_a_redirection_is_not_followed() -> None:
    assert type(answered(302, request=READ)) is Unreadable


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            ("30", 30),
            ("0", 0),
            ("99999999999999999999", 86_400),
            ("Wed, 21 Oct 2026 07:28:30 GMT", 30),
            ("Wed, 21 Oct 2026 07:00:00 GMT", 0),
            ("Wed, 21 Oct 2026 07:28:30 -0000", 30),
            ("soon", None),
            ("", None),
            ("-5", None),
            ("nan", None),
        ],
    )
    def test_seconds_and_dates_are_both_understood(self, header: str, seconds: float | None) -> None:
        error = answered(429, Retry_After=header, Date="Wed, 21 Oct 2026 07:28:00 GMT")
        assert isinstance(error, QuotaSpent)
        assert error.retry_after_seconds == seconds

    def test_a_date_without_the_servers_own_says_nothing(self) -> None:
        error = answered(503, Retry_After="Wed, 21 Oct 2026 07:28:30 GMT")
        assert isinstance(error, NotNow)
        assert error.retry_after_seconds is None


class TestMessages:
    def test_they_name_the_call_and_repeat_the_apis_words_on_one_line(self) -> None:
        error = answered(400, "ValidationError", "No such\ncustomer \x1b[31m")
        assert (
            error.message
            == "KashFlow answered POST /v2/invoices with 400 (ValidationError No such customer  [31m)"
        )

    def test_they_leave_out_what_was_searched_for(self) -> None:
        assert "Jones" not in answered(500, request=READ).message
        assert "Jones" not in translate(httpx.ReadTimeout("slow", request=READ)).message

    def test_they_do_not_repeat_what_a_login_was_answered(self) -> None:
        assert "hunter2" not in answered(400, "InvalidCredentials", "hunter2 is wrong", request=LOGIN).message

    def test_they_do_not_repeat_what_httpx_says_of_headers(self) -> None:
        error = translate(httpx.LocalProtocolError("Illegal header value b'KfToken 123'", request=WRITE))
        assert "123" not in "".join(traceback.format_exception(error))

    def test_messages_for_people_are_short(self) -> None:
        assert len(answered(400, "x" * 5_000, "y" * 5_000).message) < 1_000
