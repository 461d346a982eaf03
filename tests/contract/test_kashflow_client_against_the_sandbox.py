"""The KashFlow client and the small KashFlow, built apart from the same reference, understand each other."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import (
    AnswerLost,
    Busy,
    ConnectorError,
    Duplicate,
    LoginFailed,
    LoginPaused,
    NotAllowed,
    NotFound,
    QuotaSpent,
    Refused,
)
from connectors.kashflow import (
    HURRIED,
    KashFlowClient,
    LoginBreaker,
    Patience,
    read_date,
    read_decimal,
    write_date,
)
from sandbox.kashflow.world import KashFlowWorld
from tests.support.kashflow_server import credentials_of, declare, serving, small_kashflow

QUICK = Patience(waits_seconds=(0, 0), jitter_seconds=0)


@dataclass
class Office:
    """One account, a client that works for it, and what it was asked."""

    world: KashFlowWorld
    client: KashFlowClient
    url: str
    asked: list[tuple[str, str]]

    def logins(self) -> int:
        return self.asked.count(("POST", "/v2/sessiontoken"))


@contextmanager
def opened(*, password: str | None = None, patience: Patience = QUICK) -> Iterator[Office]:
    world = small_kashflow()
    with (
        serving(world) as (url, asked),
        KashFlowClient(url, credentials_of(world, password=password), patience=patience) as client,
    ):
        yield Office(world, client, url, asked)


@pytest.fixture
def office() -> Iterator[Office]:
    with opened() as one:
        yield one


def invoice(reference: str, *, customer: str = "BRIG01") -> dict[str, Any]:
    line = {
        "Number": 0,
        "Description": "Consulting day",
        "Quantity": Decimal("1.5"),
        "Rate": Decimal("499.99"),
        "VATLevel": 20,
        "VATAmount": Decimal("150.00"),
        "VATExempt": False,
        "NominalCode": 4001,
    }
    return {
        "CustomerCode": customer,
        "CustomerReference": reference,
        "IssuedDate": write_date(date(2026, 11, 20)),
        "Currency": {"Code": "GBP"},
        "LineItems": [line],
    }


class TestRecords:
    def test_an_invoice_is_created_found_by_its_stamp_and_read_back(self, office: Office) -> None:
        created = office.client.invoices.create(invoice("SF-0061"))
        found = office.client.invoices.find_by_reference("SF-0061", customer_code="BRIG01")
        read = office.client.invoices.get(created["Number"])

        assert [row["Number"] for row in found] == [created["Number"]]
        assert read_date(read["IssuedDate"]) == date(2026, 11, 20)
        assert read_decimal(read["GrossAmount"]) == Decimal("899.99")
        assert read["LineItems"][0]["Rate"] == Decimal("499.99")
        assert office.client.invoices.find_by_reference("SF-006", customer_code="BRIG01") == []

    def test_a_payment_is_added_by_reading_changing_and_writing_the_invoice(self, office: Office) -> None:
        number = office.client.invoices.create(invoice("SF-0062"))["Number"]
        read = office.client.invoices.get(number)
        payment = {
            "Id": 0,
            "Date": write_date(date(2026, 11, 21)),
            "Amount": Decimal("899.99"),
            "Method": office.client.payment_methods("invoice")[0]["Id"],
            "AccountId": office.client.bank_accounts.list().rows[0]["Id"],
        }
        office.client.invoices.update(number, {**read, "PaymentLines": [*read["PaymentLines"], payment]})

        paid = office.client.invoices.get(number)
        assert paid["Status"] == "Paid"
        assert paid["LineItems"] == read["LineItems"]

    def test_a_customer_is_created_changed_and_found(self, office: Office) -> None:
        created = office.client.customers.create({"Code": "NEWC01", "Name": "Newcomer & Daughters"})
        read = office.client.customers.get(created["Code"])
        office.client.customers.update("NEWC01", {**read, "Name": "Newcomer Ltd"})

        assert office.client.customers.get("NEWC01")["Name"] == "Newcomer Ltd"
        assert [row["Code"] for row in office.client.customers.find("Newcomer").rows] == ["NEWC01"]

    def test_a_product_is_created_and_changed_under_its_nominal(self, office: Office) -> None:
        body = {
            "NominalCode": 4001,
            "Code": "AUDIT",
            "Name": "Audit",
            "Price": Decimal("750.00"),
            "VATRate": 20,
        }
        office.client.products.create(body)
        read = office.client.products.get(4001, "AUDIT")
        office.client.products.update(4001, "AUDIT", {**read, "Price": Decimal("800.00")})

        assert office.client.products.get(4001, "AUDIT")["Price"] == Decimal("800.00")
        listed = office.client.products.list()
        assert listed.complete
        assert "AUDIT" in {row["Code"] for row in listed.rows}

    def test_the_account_tells_what_an_invoice_needs(self, office: Office) -> None:
        assert office.client.vat_rates() == (Decimal(0), Decimal(5), Decimal(20))
        assert office.client.nominals.get(4000)["Code"] == 4000
        assert 4000 in {row["Code"] for row in office.client.nominals.list().rows}
        account = office.client.bank_accounts.list().rows[0]
        assert office.client.bank_accounts.get(account["Id"])["AccountName"] == account["AccountName"]
        assert all(row["Name"] for row in office.client.payment_methods("purchase"))
        assert office.client.metadata()["TotalInvoiceCount"] == 10

    def test_projects_are_made_found_by_their_reference_and_replaced(self, office: Office) -> None:
        projects = office.client.projects
        made = projects.create({"Name": "Refit", "Reference": "SF-1"})
        projects.create({"Name": "Move", "Reference": "SF-2"})

        (found,) = [row for row in projects.list(ref="SF-1").rows if row["Reference"] == "SF-1"]
        projects.update(found["Number"], {**projects.get(found["Number"]), "Name": "Refit, ground floor"})

        assert found["Id"] == made["Id"]
        assert [row["Name"] for row in projects.list().rows][-2:] == ["Refit, ground floor", "Move"]

    def test_suppliers_and_purchases_are_listed_and_read(self, office: Office) -> None:
        assert office.client.suppliers.get("TIMB01")["Name"] == "Timber Co"
        assert len(office.client.suppliers.list().rows) == 4
        purchase = office.client.purchases.list().rows[0]
        assert office.client.purchases.get(purchase["Number"])["SupplierCode"] == purchase["SupplierCode"]


class TestLists:
    @pytest.mark.parametrize(
        "fault", [None, "relative_page_urls", "padded_codes", "null_collections", "shuffled_ties"]
    )
    def test_every_customer_comes_once_page_by_page(self, office: Office, fault: str | None) -> None:
        if fault is not None:
            declare(office.world, fault, times=None)
        found = office.client.customers.list(perpage=5)
        assert len({row["Code"] for row in found.rows}) == len(found.rows) == 12
        assert "BRIG01" in {row["Code"] for row in found.rows}
        assert found.complete

    @pytest.mark.parametrize("name", ["customers", "invoices", "products", "nominals", "bank_accounts"])
    def test_a_list_reads_the_same_in_its_other_shape(self, office: Office, name: str) -> None:
        usual = getattr(office.client, name).list()
        declare(office.world, "other_list_shape", times=None)
        assert getattr(office.client, name).list().rows == usual.rows

    def test_a_row_left_out_of_a_page_is_noticed(self, office: Office) -> None:
        declare(office.world, "row_missing_from_page", page=2)
        found = office.client.customers.list(perpage=5)
        assert (len(found.rows), found.total, found.complete) == (11, 12, False)

    def test_the_stamp_is_not_declared_missing_from_an_incomplete_list(self, office: Office) -> None:
        office.client.invoices.create(invoice("SF-0063"))
        declare(office.world, "row_missing_from_page")
        with pytest.raises(Busy):
            office.client.invoices.find_by_reference("SF-0063")

    def test_a_session_that_ends_between_two_pages_goes_unnoticed(self, office: Office) -> None:
        declare(office.world, "session_expired", page=2)
        assert office.client.customers.list(perpage=5).complete
        assert office.logins() == 2


class TestTrouble:
    @pytest.mark.parametrize("fault", ["sql_timeout", "http_500", "html_503", "drop_before_commit"])
    def test_a_read_gets_over_passing_trouble(self, office: Office, fault: str) -> None:
        declare(office.world, fault, resource="invoices")
        assert office.client.invoices.list().complete

    @pytest.mark.parametrize(
        "fault",
        ["drop_after_commit", "drop_before_commit", "http_500_after_commit", "sql_timeout_after_commit"],
    )
    def test_a_write_in_doubt_says_so_and_the_stamp_tells_whether_it_happened(
        self, office: Office, fault: str
    ) -> None:
        declare(office.world, fault, method="POST", resource="invoices")
        with pytest.raises((AnswerLost, Busy)) as doubt:
            office.client.invoices.create(invoice("SF-0064"))
        assert doubt.value.may_have_happened
        found = office.client.invoices.find_by_reference("SF-0064", customer_code="BRIG01")
        assert len(found) == fault.endswith("after_commit")

    @pytest.mark.parametrize(
        ("fault", "expected"),
        [
            ("permission_denied", NotAllowed),
            ("too_many_requests", QuotaSpent),
            ("period_locked", Refused),
            ("sql_timeout", Busy),
            ("account_locked", LoginFailed),
        ],
    )
    def test_each_refusal_of_a_write_has_its_name(
        self, office: Office, fault: str, expected: type[ConnectorError]
    ) -> None:
        declare(office.world, fault, times=None, resource="invoices")
        with pytest.raises(ConnectorError) as caught:
            office.client.invoices.create(invoice("SF-0065"))
        assert type(caught.value) is expected

    def test_a_code_in_use_is_a_duplicate_and_a_missing_record_is_not_found(self, office: Office) -> None:
        with pytest.raises(Duplicate):
            office.client.customers.create({"Code": "BRIG01", "Name": "Bright Again"})
        with pytest.raises(NotFound):
            office.client.customers.get("NOBODY")
        with pytest.raises(Refused):
            office.client.invoices.create(invoice("SF-0066", customer="NOBODY"))

    @pytest.mark.parametrize("fault", ["extra_fields", "padded_codes"])
    def test_strange_records_are_still_read(self, office: Office, fault: str) -> None:
        declare(office.world, fault, times=None)
        assert office.client.customers.get("BRIG01")["Code"] == "BRIG01"
        assert office.client.invoices.get(1002)["CustomerCode"] == "BRIG01"


class TestSessions:
    def test_eight_threads_that_meet_ended_sessions_log_in_once_more(self, office: Office) -> None:
        office.client.metadata()
        office.world.sessions.end_all()
        with ThreadPoolExecutor(8) as pool:
            numbers = list(pool.map(lambda n: office.client.invoices.get(n)["Number"], range(1001, 1009)))
        assert numbers == list(range(1001, 1009))
        assert office.logins() == 2

    def test_a_wrong_password_is_tried_once_and_locks_nobody_out(self) -> None:
        def problem(client: KashFlowClient) -> type[ConnectorError]:
            with pytest.raises(ConnectorError) as caught:
                client.metadata()
            return type(caught.value)

        with opened(password="Untidy-Books-26") as office:
            with ThreadPoolExecutor(8) as pool:
                problems = list(pool.map(problem, [office.client] * 8))
            assert sorted(kind.__name__ for kind in problems) == ["LoginFailed"] + ["LoginPaused"] * 7
            assert len(office.asked) == 1
            with KashFlowClient(office.url, credentials_of(office.world)) as corrected:
                assert corrected.metadata()

    def test_an_expired_password_is_tried_again_after_the_pause(self) -> None:
        now = 1_000_000.0
        with opened() as office:
            declare(office.world, "password_expired")
            breaker = LoginBreaker(clock=lambda: now)
            with KashFlowClient(
                office.url, credentials_of(office.world), breaker=breaker, patience=HURRIED
            ) as client:
                with pytest.raises(LoginFailed, match="web pages"):
                    client.metadata()
                with pytest.raises(LoginPaused):
                    client.metadata()
                now += 600
                assert client.metadata()
