"""Invoices and purchases: lines, totals, status, numbers, replacement (reference kashflow.md sections 3.2, 3.8, 7)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.kashflow_books import ACCOUNT, BACS, Books

MINIMAL = {
    "CustomerCode": "BRIG01",
    "CustomerReference": "SF-0061",
    "IssuedDate": "2026-03-02 12:00:00",
    "DueDate": "2026-04-01 12:00:00",
    "Currency": {"Code": "GBP"},
    "LineItems": [
        {
            "Number": 0,
            "Description": "Consulting",
            "Quantity": 2,
            "Rate": 50.00,
            "VATLevel": 20,
            "VATAmount": 20.00,
            "VATExempt": False,
            "NominalCode": 4000,
        }
    ],
}


def invoice_of(kashflow: Books, *lines: dict[str, Any], **header: Any) -> dict[str, Any]:
    made: dict[str, Any] = kashflow.post("invoices", {"CustomerCode": "BRIG01", "LineItems": lines} | header)
    return made


def test_the_minimal_create_of_the_reference_becomes_an_invoice_with_totals(kashflow: Books) -> None:
    invoice = kashflow.post("invoices", MINIMAL)

    assert (invoice["NetAmount"], invoice["VATAmount"], invoice["GrossAmount"]) == (100, 20, 120)
    assert (invoice["Number"], invoice["Status"], invoice["DueAmount"]) == (1011, "Unpaid", 120)
    assert invoice["CustomerName"] == "Bright & Sons"
    assert invoice["Address"]["Line1"] == "1 High Street"
    assert invoice["LineItems"][0]["NominalName"] == "Sale of Goods and Services"
    assert invoice["LineItems"][0]["Number"] == 1
    assert invoice["FormattedDueAmount"] == "£120.00"


def test_a_missing_vat_level_takes_the_accounts_rate_and_nought_must_be_sent(kashflow: Books) -> None:
    lines = [
        {"Rate": 10},
        {"Rate": 10, "VATLevel": 0},
        {"Rate": 10, "VATExempt": True},
        {"Rate": 10, "VATLevel": 5},
    ]

    invoice = invoice_of(kashflow, *lines)

    assert [line["VATLevel"] for line in invoice["LineItems"]] == [20, 0, 0, 5]
    assert [line["VATAmount"] for line in invoice["LineItems"]] == [2, 0, 0, 0.5]


def test_vat_amounts_are_taken_as_sent_and_lines_rounded_half_up_to_pennies(kashflow: Books) -> None:
    taken = invoice_of(kashflow, {"Quantity": 1, "Rate": 100, "VATLevel": 20, "VATAmount": 19.99})
    rounded = invoice_of(kashflow, {"Quantity": 3, "Rate": "0.335", "VATLevel": 20})

    assert taken["GrossAmount"] == 119.99
    assert (rounded["NetAmount"], rounded["VATAmount"]) == (1.01, 0.20)


def test_the_due_date_follows_the_customers_terms(kashflow: Books) -> None:
    kashflow.world.customers.edit("EAST01", PaymentTerms={"Type": "AfterMonthEnd", "Days": 10})

    after_issue = kashflow.post("invoices", {"CustomerCode": "CALD01", "IssuedDate": "2026-02-10"})
    after_month = kashflow.post("invoices", {"CustomerCode": "EAST01", "IssuedDate": "2026-02-10"})

    assert after_issue["DueDate"] == "2026-02-24 12:00:00"
    assert after_month["DueDate"] == "2026-03-10 12:00:00"


@pytest.mark.parametrize(
    ("rate", "paid", "days", "status"),
    [
        (0, None, 0, "NA"),
        (100, None, 0, "Unpaid"),
        (100, None, 31, "Overdue"),
        (100, 60, 0, "Unpaid"),
        (100, 60, 31, "Overdue"),
        (100, 120, 31, "Paid"),
        (100, 130, 0, "Overpaid"),
        (-100, None, 0, "Unpaid"),
        (-100, None, 31, "Overdue"),
        (-100, -120, 0, "Paid"),
        (-100, -130, 0, "Overpaid"),
    ],
)
def test_status_follows_payments_and_the_clock(
    kashflow: Books, rate: int, paid: int | None, days: int, status: str
) -> None:
    payments = [] if paid is None else [{"Amount": paid, "Method": BACS, "AccountId": ACCOUNT}]
    made = invoice_of(kashflow, {"Rate": rate, "VATLevel": 20}, PaymentLines=payments)

    kashflow.days_pass(days)

    assert kashflow.get(f"invoices/{made['Number']}")["Status"] == status


def test_numbers_are_given_in_turn_or_chosen_while_free(kashflow: Books) -> None:
    assert kashflow.get("nextavailableinvoicenumber") == 1011
    assert invoice_of(kashflow, Number=5000)["Number"] == 5000
    assert invoice_of(kashflow)["Number"] == 5001
    taken = {"CustomerCode": "BRIG01", "Number": 5000}
    assert kashflow.refused("POST", "invoices", taken)[:2] == (400, "DuplicateNumber")


def test_a_put_replaces_all_lines_and_leaving_them_out_empties_the_invoice(kashflow: Books) -> None:
    made = invoice_of(kashflow, {"Rate": 1}, {"Rate": 2})

    changed = kashflow.put(f"invoices/{made['Number']}", made | {"LineItems": made["LineItems"][1:]})
    assert [(line["Number"], line["Rate"]) for line in changed["LineItems"]] == [(1, 2)]

    del changed["LineItems"]
    emptied = kashflow.put(f"invoices/{made['Number']}", changed)
    assert (emptied["LineItems"], emptied["Status"]) == ([], "NA")


def test_a_put_with_another_number_renumbers_with_201(kashflow: Books) -> None:
    body = kashflow.get("invoices/1003") | {"Number": 7001}

    response = kashflow.client.put("invoices/1003", json=body)

    assert response.status_code == 201
    assert response.headers["Location"].endswith("/v2/invoices/7001")
    assert response.json()["Id"] == body["Id"]
    assert kashflow.refused("GET", "invoices/1003")[0] == 404
    taken = body | {"Number": 1004}
    assert kashflow.refused("PUT", "invoices/7001", taken)[:2] == (400, "DuplicateNumber")


@pytest.mark.parametrize("path", ["invoices/1003", "purchases/1"])
def test_computed_fields_in_a_put_are_ignored(kashflow: Books, path: str) -> None:
    before = kashflow.get(path)

    after = kashflow.put(path, before | {"GrossAmount": 1, "Status": "Paid", "TotalPaidAmount": 9, "Id": 5})

    assert after == before


def test_an_invoice_can_move_to_another_customer(kashflow: Books) -> None:
    kashflow.put("invoices/1003", kashflow.get("invoices/1003") | {"CustomerCode": "KIRK01"})

    assert kashflow.get("customers/CALD01")["InvoiceCount"] == 0
    assert kashflow.get("customers/KIRK01")["InvoiceCount"] == 1


def test_list_rows_have_sums_and_status_but_null_lines(kashflow: Books) -> None:
    invoice = kashflow.get("invoices?searchtext=1003")["Data"][0]
    purchase = kashflow.get("purchases?suppliercode=NORT01")["Data"][0]

    for row in (invoice, purchase):
        assert row["LineItems"] is None
        assert row["PaymentLines"] is None
        assert row["Status"] in {"Unpaid", "Overdue"}
        assert row["DueAmount"] > 0


def test_neighbours_and_paid_dates_are_reckoned(kashflow: Books) -> None:
    first, third = kashflow.get("invoices/1001"), kashflow.get("invoices/1003")

    assert (first["PreviousNumber"], first["NextNumber"]) == (0, 1002)
    assert (first["PaidDate"], third["PaidDate"]) == ("2025-12-19 12:00:00", "1900-01-01 12:00:00")


def test_write_only_switches_push_addresses_to_the_customer_and_are_not_echoed(kashflow: Books) -> None:
    body = {"CustomerCode": "BRIG01", "Address": {"Line1": "7 Side St"}, "UpdateCustomerAddress": True}

    made = kashflow.post("invoices", body)

    assert "UpdateCustomerAddress" not in made
    assert kashflow.get("customers/BRIG01")["Addresses"][0]["Line1"] == "7 Side St"


def test_a_foreign_currency_brings_its_rate_unless_one_is_given(kashflow: Books) -> None:
    usual = kashflow.post("invoices", {"CustomerCode": "LUMI01"})
    given = kashflow.post(
        "invoices", {"CustomerCode": "LUMI01", "Currency": {"Code": "eur", "ExchangeRate": 1.2}}
    )

    assert (usual["Currency"]["Code"], usual["Currency"]["ExchangeRate"]) == ("EUR", 1.17)
    assert given["Currency"]["ExchangeRate"] == 1.2


def test_archiving_and_deleting_in_bulk(kashflow: Books) -> None:
    assert kashflow.client.put("invoices/archive-status/true", json=[1001, 1002]).status_code == 204
    assert kashflow.get("invoices/1001")["IsArchived"] is True
    assert kashflow.client.put("invoices/archive-status/false", json=[1001]).status_code == 204
    assert kashflow.get("invoices/1001")["IsArchived"] is False
    assert kashflow.refused("PUT", "invoices/archive-status/maybe", [1001])[0] == 404

    assert kashflow.client.request("DELETE", "invoicelist", json=[1009, 1010]).status_code == 204
    failed = kashflow.client.request("DELETE", "invoicelist", json=[1008, 4711])
    assert (failed.status_code, [row["Number"] for row in failed.json()]) == (200, [4711])
    assert kashflow.refused("GET", "invoices/1008")[0] == 404


def test_top_due_is_by_amount_and_may_be_one_customers(kashflow: Books) -> None:
    assert [row["Number"] for row in kashflow.get("invoices/topdue")][:2] == [1004, 1010]
    assert [row["Number"] for row in kashflow.get("invoices/topdue?customercode=CALD01")] == [1003]


def test_locked_periods_and_submitted_vat_returns_refuse_changes(kashflow: Books) -> None:
    body, late = kashflow.get("invoices/1001"), kashflow.get("invoices/1010")
    kashflow.world.office.locked_until = kashflow.world.around.today().replace(month=1, day=31)
    kashflow.world.invoices.register.get(1010)["VATReturnId"] = 5

    assert kashflow.refused("PUT", "invoices/1001", body)[:2] == (400, "PeriodLocked")
    assert kashflow.refused("DELETE", "invoices/1010")[:2] == (400, "PeriodLocked")
    assert kashflow.refused("PUT", "invoices/1010", late)[:2] == (400, "PeriodLocked")
    moved = kashflow.get("invoices/1009") | {"IssuedDate": "2026-01-05"}
    assert kashflow.refused("PUT", "invoices/1009", moved)[:2] == (400, "PeriodLocked")
    assert kashflow.get("settings/advanced")["TransactionLockDate"] == "2026-01-31"


def test_bulk_purchases_answer_one_result_for_each_in_turn(kashflow: Books) -> None:
    good = {"SupplierCode": "TIMB01", "LineItems": [{"Rate": 10, "NominalCode": 5000}]}

    results = kashflow.client.post("purchaselist", json=[good, {"SupplierCode": "NOBODY"}, good])

    assert results.status_code == 200
    assert [(row["Number"], bool(row["ErrorCode"])) for row in results.json()] == [
        (6, False),
        (0, True),
        (7, False),
    ]
    doomed = {"BulkPurchaseInvoice": [{"Number": 6, "Type": 0}, {"Number": 7, "Type": 0}]}
    assert kashflow.client.request("DELETE", "list", json=doomed).status_code == 204


def test_a_repeated_supplier_reference_is_refused_when_that_is_switched_on(kashflow: Books) -> None:
    body = {"SupplierCode": "TIMB01", "SupplierReference": "T-1", "LineItems": [{"Rate": 10}]}
    first = kashflow.post("purchases", body)
    kashflow.post("purchases", body)
    kashflow.put("purchase/options", {"PreventDupeReceipts": True})

    assert kashflow.refused("POST", "purchases", body)[:2] == (400, "DuplicateReference")
    assert kashflow.get("purchases/option") == {"PreventDupeReceipts": True}
    assert "SupplierId" not in first


def test_quotes_become_invoices_and_are_gone_unless_retained(kashflow: Books) -> None:
    kept = kashflow.client.post("internal/invoices?convertfrom=quote&retainafterconversion=true", json=[1])
    assert kept.status_code == 201
    assert kept.json()[0]["GrossAmount"] == 1800
    kashflow.get("quotes/1")

    kashflow.client.post("internal/invoices?convertfrom=quote", json=[1])
    assert kashflow.refused("GET", "quotes/1")[0] == 404
