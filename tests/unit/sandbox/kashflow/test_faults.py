"""Every declared fault strikes as its sentence says (reference kashflow.md section 7, fault injection)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from sandbox.connections import ConnectionCut
from sandbox.faults import Fault
from sandbox.kashflow.faults import KASHFLOW_FAULTS
from tests.support.kashflow_books import Books, books

NEW = {"CustomerCode": "BRIG01", "LineItems": [{"Rate": 10}]}


def count(kashflow: Books) -> int:
    return len(kashflow.world.invoices.register)


@pytest.mark.parametrize(
    ("fault", "status", "error"),
    [
        ("sql_timeout", 400, "-2146232060"),
        ("http_500", 500, "InternalServerError"),
        ("permission_denied", 401, "PermissionDenied"),
        ("account_locked", 401, "AccountLocked"),
        ("session_expired", 401, "InvalidSessionToken"),
        ("too_many_requests", 429, "TooManyRequests"),
        ("period_locked", 400, "PeriodLocked"),
    ],
)
def test_these_faults_refuse_before_anything_is_done(
    kashflow: Books, fault: str, status: int, error: str
) -> None:
    before = count(kashflow)
    kashflow.fault(fault)

    assert kashflow.refused("POST", "invoices", NEW)[:2] == (status, error)

    assert count(kashflow) == before


@pytest.mark.parametrize(
    ("fault", "status", "error"),
    [
        ("sql_timeout_after_commit", 400, "-2146232060"),
        ("http_500_after_commit", 500, "InternalServerError"),
    ],
)
def test_these_faults_answer_an_error_although_all_was_done(
    kashflow: Books, fault: str, status: int, error: str
) -> None:
    before = count(kashflow)
    kashflow.fault(fault)
    kashflow.get("invoices")

    assert kashflow.refused("POST", "invoices", NEW)[:2] == (status, error)

    assert count(kashflow) == before + 1


@pytest.mark.parametrize(("fault", "made"), [("drop_before_commit", 0), ("drop_after_commit", 1)])
def test_a_dropped_connection_leaves_the_write_undone_or_done(kashflow: Books, fault: str, made: int) -> None:
    before = count(kashflow)
    kashflow.fault(fault)

    with pytest.raises(ConnectionCut):
        kashflow.client.post("invoices", json=NEW)

    assert count(kashflow) == before + made


def test_an_expired_session_is_really_gone(kashflow: Books) -> None:
    kashflow.world.faults.declare(Fault("session_expired", match={"resource": "customers", "page": 2}))
    first = kashflow.get("customers?perpage=5")

    assert kashflow.refused("GET", first["MetaData"]["NextPageUrl"])[0] == 401
    assert kashflow.refused("GET", "customers")[0] == 401


def test_a_fault_strikes_only_what_it_matches(kashflow: Books) -> None:
    kashflow.world.faults.declare(
        Fault("sql_timeout", match={"method": "PUT", "path": "/v2/customers/BRIG01", "resource": "customers"})
    )

    kashflow.get("customers/BRIG01")
    kashflow.put("customers/ALDG01", kashflow.get("customers/ALDG01"))
    assert kashflow.refused("PUT", "customers/BRIG01", {})[1] == "-2146232060"


def test_too_many_requests_tells_when_to_come_back_if_it_is_told(kashflow: Books) -> None:
    kashflow.fault("too_many_requests", retry_after=7)
    kashflow.fault("too_many_requests")

    assert kashflow.client.get("customers").headers["Retry-After"] == "7"
    assert "Retry-After" not in kashflow.client.get("customers").headers


def test_a_503_comes_as_a_page_of_html(kashflow: Books) -> None:
    kashflow.fault("html_503")

    response = kashflow.client.get("customers")

    assert (response.status_code, response.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert response.text.startswith("<html>")


@pytest.mark.parametrize(
    ("fault", "error"), [("account_locked", "AccountLocked"), ("password_expired", "PasswordExpired")]
)
def test_the_login_can_be_declined(fault: str, error: str) -> None:
    with books(logged_in=False) as kashflow:
        kashflow.fault(fault)
        known = kashflow.world.credentials

        refusal = kashflow.refused(
            "POST", "sessiontoken", {"UserName": known.username, "Password": known.password}
        )

    assert refusal[:2] == (400, error)


@pytest.mark.parametrize("fault", ["slow", "slow_after_commit"])
def test_a_slow_answer_is_still_the_right_one(kashflow: Books, fault: str) -> None:
    kashflow.fault(fault, seconds=0.001)

    assert kashflow.post("invoices", NEW)["Number"] == 1011


def test_a_row_goes_missing_from_a_page_but_not_from_the_total(kashflow: Books) -> None:
    kashflow.fault("row_missing_from_page")

    page = kashflow.get("customers")

    assert (len(page["Data"]), page["MetaData"]["TotalRecords"]) == (11, 12)
    assert len(kashflow.get("customers")["Data"]) == 12


def test_ties_come_in_another_order_each_time_and_sorted_values_do_not(kashflow: Books) -> None:
    kashflow.fault("shuffled_ties", times=None)

    pages = [kashflow.get("invoices?sortby=Status")["Data"] for _ in range(6)]

    assert len({tuple(row["Number"] for row in page) for page in pages}) > 1
    assert len({tuple(row["Status"] for row in page) for page in pages}) == 1


def test_a_new_record_is_hidden_from_readers_for_a_while_but_takes_its_code(kashflow: Books) -> None:
    kashflow.fault("read_after_write_delay", seconds=5)
    body = {"Code": "SLOW01", "Name": "Slow"}
    kashflow.post("customers", body)

    assert kashflow.refused("GET", "customers/SLOW01")[0] == 404
    assert kashflow.get("customers?searchtext=SLOW01")["Data"] == []
    assert kashflow.refused("POST", "customers", body)[1] == "DuplicateCode"
    kashflow.clock.advance(5)
    kashflow.get("customers/SLOW01")


def test_codes_are_padded_in_answers_only(kashflow: Books) -> None:
    kashflow.fault("padded_codes")

    invoice = kashflow.get("invoices/1001")

    assert invoice["CustomerCode"] == "ALDG01    "
    assert invoice["LineItems"][0]["ProductCode"] == "CLIP-S    "
    assert kashflow.put("invoices/1001", invoice)["CustomerCode"] == "ALDG01"


@pytest.mark.parametrize("absent", [False, True])
def test_collections_of_list_rows_are_null_or_absent(kashflow: Books, absent: bool) -> None:
    kashflow.fault("null_collections", absent=absent)

    row = kashflow.get("customers")["Data"][0]

    assert ("Contacts" in row) is not absent
    assert row.get("Contacts") is None
    assert row["Currency"]["Code"] == "GBP"


def test_fields_are_added_and_left_out(kashflow: Books) -> None:
    kashflow.fault("extra_fields")
    kashflow.fault("missing_fields", fields=["Name", "Currency"])

    row = kashflow.get("customers")["Data"][0]

    assert "XRowVersion" in row
    assert not {"Name", "Currency"} & set(row)
    assert "Name" not in row["Contacts"][0]


def test_lists_come_in_the_other_shape(kashflow: Books) -> None:
    kashflow.fault("other_list_shape", times=2)

    assert len(kashflow.get("projects")) == 1
    products = kashflow.get("products")
    assert (products["MetaData"]["TotalRecords"], len(products["Data"])) == (14, 14)


def test_page_urls_may_be_relative(kashflow: Books) -> None:
    kashflow.fault("relative_page_urls")

    assert kashflow.get("customers?perpage=5")["MetaData"]["NextPageUrl"] == "/v2/customers?page=2&perpage=5"


def test_a_voided_record_stays_readable_and_carries_its_day(kashflow: Books) -> None:
    kashflow.fault("deleted_at")

    assert kashflow.client.delete("invoices/1001").status_code == 204

    assert kashflow.get("invoices/1001")["DeletedAt"] == "2026-03-10 12:00:00"
    assert "DeletedAt" not in kashflow.get("invoices/1002")


def test_the_same_seed_plays_the_same_chances() -> None:
    def struck() -> list[bool]:
        with books() as kashflow:
            kashflow.world.faults.declare(Fault("sql_timeout", times=None, probability=0.5))
            return [kashflow.client.get("metadata").status_code == 400 for _ in range(20)]

    assert struck() == struck()
    assert len(set(struck())) == 2


@pytest.mark.parametrize("name", sorted(KASHFLOW_FAULTS))
def test_every_fault_of_the_table_strikes_somewhere(name: str) -> None:
    """A fault that nothing asks for would be a promise that nobody keeps."""
    with books() as kashflow:
        kashflow.fault(name, seconds=0.001, fields=["Name"])
        exercise(kashflow.client)

        assert [fault.struck for fault in kashflow.world.faults.declared()] == [1]


def exercise(client: httpx.Client) -> None:
    calls: list[tuple[str, str, Any]] = [
        ("GET", "customers", None),
        ("POST", "sessiontoken", {}),
        ("POST", "invoices", NEW),
        ("DELETE", "invoices/1001", None),
    ]
    for method, path, body in calls:
        try:
            client.request(method, path, json=body)
        except ConnectionCut:
            continue
