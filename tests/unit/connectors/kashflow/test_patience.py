"""Reads are tried again within limits, writes never; nothing here really waits."""

from __future__ import annotations

import httpx
import pytest

from connectors.errors import AnswerLost, Busy, NotFound, QuotaSpent, Unreachable
from connectors.kashflow.patience import HURRIED, PATIENT, Patience
from connectors.kashflow.wire import Wire

SQL_TIMEOUT = httpx.Response(400, json={"Error": "-2146232060", "Message": "Execution Timeout Expired. ..."})


class Script:
    """Answers in turn, and notes what was waited between them."""

    def __init__(self, *answers: httpx.Response | httpx.RequestError) -> None:
        self.answers = list(answers)
        self.asked = 0
        self.waited: list[float] = []

    def wire(self, *waits_seconds: float) -> Wire:
        http = httpx.Client(base_url="https://kashflow.test/v2", transport=httpx.MockTransport(self._next))
        return Wire(http, Patience(waits_seconds, jitter_seconds=0, sleep=self.waited.append))

    def _next(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        answer = self.answers.pop(0)
        if isinstance(answer, httpx.RequestError):
            raise answer
        return answer


GOOD = httpx.Response(200, json={"Id": 1})


def test_a_database_timeout_is_waited_out_for_two_and_then_eight_seconds() -> None:
    script = Script(SQL_TIMEOUT, SQL_TIMEOUT, GOOD)
    assert script.wire(*PATIENT.waits_seconds).read("metadata") == {"Id": 1}
    assert script.waited == [2, 8]


def test_the_third_database_timeout_is_the_last() -> None:
    script = Script(*[SQL_TIMEOUT] * 9)
    with pytest.raises(Busy):
        script.wire(*PATIENT.waits_seconds).read("metadata")
    assert script.asked == 3


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.Response(500),
        httpx.Response(502, html="<html>"),
        httpx.Response(503),
        httpx.Response(200, html="<html>"),
        httpx.ReadTimeout("slow"),
        httpx.ConnectError("refused"),
        httpx.RemoteProtocolError("cut"),
    ],
)
def test_passing_trouble_is_given_one_quick_second_try_by_default(
    trouble: httpx.Response | httpx.RequestError,
) -> None:
    script = Script(trouble, GOOD)
    assert script.wire(*HURRIED.waits_seconds).read("metadata") == {"Id": 1}
    assert script.waited == [0.2]


def test_no_waits_mean_no_second_try() -> None:
    script = Script(httpx.ConnectError("refused"), GOOD)
    with pytest.raises(Unreachable):
        script.wire().read("metadata")
    assert (script.asked, script.waited) == (1, [])


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (httpx.Response(404), NotFound),
        (httpx.Response(429), QuotaSpent),
        (httpx.Response(503, headers={"Retry-After": "30"}), Busy),
    ],
)
def test_a_no_and_a_told_time_go_to_the_caller_at_once(
    answer: httpx.Response, expected: type[Exception]
) -> None:
    script = Script(answer, GOOD)
    with pytest.raises(expected):
        script.wire(1, 1).read("metadata")
    assert script.asked == 1


@pytest.mark.parametrize(
    "trouble", [SQL_TIMEOUT, httpx.Response(500), httpx.ReadTimeout("slow"), httpx.Response(201)]
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_write_is_sent_once_and_doubt_is_told(
    method: str, trouble: httpx.Response | httpx.RequestError
) -> None:
    script = Script(trouble, GOOD)
    wire = script.wire(1, 1)
    if (
        method == "PUT"
        and trouble is not SQL_TIMEOUT
        and isinstance(trouble, httpx.Response)
        and trouble.is_success
    ):
        assert wire.write("PUT", "invoices/7", {}) == {}
        return
    with pytest.raises((Busy, AnswerLost)) as doubt:
        wire.write("POST", "invoices", {})
    assert doubt.value.may_have_happened is True
    assert script.asked == 1


def test_threads_part_by_up_to_the_jitter() -> None:
    waited: list[float] = []

    def fail() -> None:
        raise Busy("no", system="kashflow")

    for _ in range(50):
        with pytest.raises(Busy):
            Patience((1.0,), jitter_seconds=0.3, sleep=waited.append).read(fail)
    assert all(1 <= seconds <= 1.3 for seconds in waited)
    assert len(set(waited)) > 1
