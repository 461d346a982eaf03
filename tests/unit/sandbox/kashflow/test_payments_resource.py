"""A payments resource is there only where it is switched on: the published KashFlow has none."""

from __future__ import annotations

from tests.support.kashflow_books import ACCOUNT, BACS, Books

PAID = {"InvoiceNumber": 1004, "Amount": 440, "Method": BACS, "AccountId": ACCOUNT, "Note": "by resource"}


def test_the_published_kashflow_has_no_payments(kashflow: Books) -> None:
    assert kashflow.refused("POST", "payments", PAID)[:2] == (404, "NotFound")
    assert kashflow.refused("GET", "payments?invoicenumber=1004")[:2] == (404, "NotFound")


def test_switched_on_a_payment_is_a_line_of_its_invoice(kashflow: Books) -> None:
    kashflow.world.has_payments_resource = True

    made = kashflow.post("payments", PAID)

    (line,) = kashflow.get("invoices/1004")["PaymentLines"]
    assert (line["Id"], line["Amount"], line["Note"]) == (made["Id"], 440, "by resource")
    assert [one["Id"] for one in kashflow.get("payments", invoicenumber=1004)] == [made["Id"]]


def test_what_the_invoice_would_refuse_the_resource_refuses(kashflow: Books) -> None:
    kashflow.world.has_payments_resource = True

    assert kashflow.refused("POST", "payments", PAID | {"Amount": 0})[0] == 400
    assert kashflow.refused("POST", "payments", PAID | {"InvoiceNumber": 9999})[0] == 404
    assert kashflow.refused("POST", "payments", {"Amount": 1})[0] == 400
