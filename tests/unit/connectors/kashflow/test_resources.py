"""Each record where KashFlow keeps it, with what a list of it must be asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import AnswerLost, Busy, NotFound, Refused, Unreadable
from connectors.kashflow import KashFlowClient, Patience
from tests.support.scripted_kashflow import CREDENTIALS, Asked, Say, ScriptedKashFlow, error, serving


@contextmanager
def connected(answer: Callable[[Asked], Say]) -> Iterator[tuple[ScriptedKashFlow, KashFlowClient]]:
    with (
        serving(answer) as script,
        KashFlowClient(script.url, CREDENTIALS, patience=Patience(waits_seconds=())) as client,
    ):
        yield script, client


def always(body: object, status: int = 200) -> Callable[[Asked], Say]:
    return lambda asked: Say(status, body)


def envelope(*rows: dict[str, Any], total: int | None = None) -> dict[str, Any]:
    return {"MetaData": {"TotalRecords": len(rows) if total is None else total}, "Data": list(rows)}


@pytest.mark.parametrize(
    ("read", "path"),
    [
        (lambda c: c.customers.get("BRIGHT & CO/1"), "/customers/BRIGHT%20%26%20CO%2F1"),
        (lambda c: c.suppliers.get("TIMB01"), "/suppliers/TIMB01"),
        (lambda c: c.invoices.get(7), "/invoices/7"),
        (lambda c: c.purchases.get(8), "/purchases/8"),
        (lambda c: c.products.get(4000, "CONS-DAY"), "/products/4000/CONS-DAY"),
        (lambda c: c.projects.get(3), "/projects/3"),
        (lambda c: c.nominals.get(4000), "/nominals/4000"),
        (lambda c: c.bank_accounts.get(55166), "/bankaccounts/55166"),
        (lambda c: c.metadata(), "/metadata"),
    ],
)
def test_one_record_is_read_by_its_natural_key(read: Callable[[KashFlowClient], object], path: str) -> None:
    with connected(always({"Id": 1})) as (script, client):
        assert read(client) == {"Id": 1}
    assert [(a.method, a.path) for a in script.calls()] == [("GET", path)]


@pytest.mark.parametrize(
    ("write", "method", "path"),
    [
        (lambda c, b: c.customers.create(b), "POST", "/customers"),
        (lambda c, b: c.customers.update("BRIGHT01", b), "PUT", "/customers/BRIGHT01"),
        (lambda c, b: c.invoices.create(b), "POST", "/invoices"),
        (lambda c, b: c.invoices.update(7, b), "PUT", "/invoices/7"),
        (lambda c, b: c.products.create(b), "POST", "/products"),
        (lambda c, b: c.products.update(4000, "CONS-DAY", b), "PUT", "/products/4000/CONS-DAY"),
    ],
)
@pytest.mark.parametrize("status", [200, 201])
def test_a_record_is_written_whole_and_comes_back(
    write: Callable[[KashFlowClient, dict[str, object]], object], method: str, path: str, status: int
) -> None:
    with connected(always({"Id": 1, "code": "ASSIGNED "}, status)) as (script, client):
        assert write(client, {"Price": Decimal("10.50")}) == {"Id": 1, "Code": "ASSIGNED"}
    assert [(a.method, a.path, a.body) for a in script.calls()] == [(method, path, {"Price": 10.5})]


@pytest.mark.parametrize("name", ["customers", "suppliers"])
def test_lists_of_people_are_sorted_by_their_unique_code(name: str) -> None:
    with connected(always(envelope({"Id": 1}))) as (script, client):
        assert getattr(client, name).list(filterarchived=True).rows == ({"Id": 1},)
    assert script.calls()[0].query == {
        "page": "1",
        "perpage": "100",
        "sortby": "Code",
        "order": "Asc",
        "filterarchived": "true",
    }


@pytest.mark.parametrize("name", ["invoices", "purchases"])
def test_lists_of_documents_are_sorted_by_number_unless_the_caller_wants_the_newest_first(name: str) -> None:
    with connected(always(envelope())) as (script, client):
        getattr(client, name).list()
        next(getattr(client, name).pages(order="Desc", perpage=50))
    assert [(a.query["sortby"], a.query["order"], a.query["perpage"]) for a in script.calls()] == [
        ("Number", "Asc", "100"),
        ("Number", "Desc", "50"),
    ]


def test_the_list_of_products_includes_what_is_not_in_use() -> None:
    with connected(always(envelope())) as (script, client):
        client.products.list()
    assert script.calls()[0].path == "/products/list"
    assert script.calls()[0].query["filterbyinuseonly"] == "false"


def test_flat_lists_are_read_as_they_are() -> None:
    with connected(always([{"Id": 1}, {"Id": 2}])) as (script, client):
        assert len(client.bank_accounts.list().rows) == 2
        assert len(client.nominals.list().rows) == 2
    assert [(a.path, a.query) for a in script.calls()] == [("/bankaccounts", {}), ("/nominals", {})]


def test_vat_rates_are_percentages_in_order() -> None:
    rates = [{"VATId": 2, "VATRate": 20.0000}, {"VATId": 1, "VATRate": 0}, {"VATId": 3, "VATRate": None}]
    with connected(always(rates)) as (script, client):
        assert client.vat_rates() == (Decimal(0), Decimal(20))
    assert script.calls()[0].path == "/vat/settings/vatrates"


@pytest.mark.parametrize("row", [{"Id": 409844, "Name": "Cash"}, {"MethodId": 409844, "MethodName": "Cash"}])
def test_payment_methods_read_the_same_in_both_guessed_shapes(row: dict[str, Any]) -> None:
    with connected(always([row])) as (script, client):
        assert client.payment_methods("invoice") == ({"Id": 409844, "Name": "Cash"},)
    assert script.calls()[0].path == "/paymentmethods/invoice"


class TestFindingAnInvoiceByItsReference:
    def test_only_the_exact_reference_counts(self) -> None:
        rows = [
            {"Number": n, "CustomerReference": r}
            for n, r in enumerate(["SF-1", " SF-1 ", "SF-10", None, "sf-1"])
        ]
        with connected(always(envelope(*rows))) as (script, client):
            found = client.invoices.find_by_reference("SF-1", customer_code="BRIGHT01")
        assert [row["Number"] for row in found] == [0, 1]
        assert [a.query.get("searchtext") for a in script.calls()] == ["SF-1"]

    def test_the_customers_own_list_is_read_where_the_search_finds_none(self) -> None:
        def answer(asked: Asked) -> Say:
            rows = [{"Number": 7, "CustomerReference": "SF-1"}] if "customercode" in asked.query else []
            return Say(200, envelope(*rows))

        with connected(answer) as (_, client):
            assert client.invoices.find_by_reference("SF-1", customer_code="BRIGHT01")[0]["Number"] == 7
            assert client.invoices.find_by_reference("SF-1") == []

    def test_nothing_found_in_an_incomplete_list_is_no_answer(self) -> None:
        with (
            connected(always(envelope({"Number": 1, "CustomerReference": "SF-9"}, total=2))) as (_, client),
            pytest.raises(Busy, match="left rows out while we looked for invoice SF-1"),
        ):
            client.invoices.find_by_reference("SF-1")

    def test_an_empty_reference_is_refused(self) -> None:
        with connected(always([])) as (script, client), pytest.raises(Refused):
            client.invoices.find_by_reference(" ")
        assert script.asked == []


def test_a_customer_search_brings_what_kashflow_finds() -> None:
    with connected(always(envelope({"Code": "BRIGHT01 "}))) as (script, client):
        assert client.customers.find("bright").rows == ({"Code": "BRIGHT01"},)
    assert script.calls()[0].query["searchtext"] == "bright"


def test_a_missing_record_is_not_found() -> None:
    with (
        connected(lambda asked: error(404, "NotFound")) as (_, client),
        pytest.raises(NotFound, match="GET /v2/customers/NOBODY"),
    ):
        client.customers.get("NOBODY")


def test_a_list_in_place_of_a_record_is_unreadable() -> None:
    with connected(always([])) as (_, client), pytest.raises(Unreadable, match="one record of invoices/7"):
        client.invoices.get(7)


def test_a_create_that_committed_and_hung_up_may_have_happened() -> None:
    with connected(lambda asked: Say(hang_up=True)) as (script, client), pytest.raises(AnswerLost) as lost:
        client.invoices.create({"CustomerCode": "BRIGHT01"})
    assert lost.value.may_have_happened is True
    assert len(script.calls()) == 1


@pytest.mark.parametrize("body", [b"", b"<html>Thank you</html>", b"true", b"[]"])
def test_a_create_with_a_useless_answer_may_have_happened(body: bytes) -> None:
    with connected(always(body, 201)) as (_, client), pytest.raises(AnswerLost) as lost:
        client.invoices.create({"CustomerCode": "BRIGHT01"})
    assert lost.value.may_have_happened is True


def test_an_update_may_be_answered_with_nothing() -> None:
    with connected(always(b"", 200)) as (_, client):
        assert client.customers.update("BRIGHT01", {"Name": "Bright"}) == {}


def test_any_other_list_can_be_walked() -> None:
    with connected(always([{"Id": 1}])) as (script, client):
        assert client.walk("currencies").rows == ({"Id": 1},)
        assert [page.rows for page in client.pages("bankaccounts/list", {"perpage": 10})] == [[{"Id": 1}]]
    assert [a.path for a in script.calls()] == ["/currencies", "/bankaccounts/list"]
