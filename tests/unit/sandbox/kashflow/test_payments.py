"""Payment lines come and go with their document, and the bank follows (reference kashflow.md sections 3.3, 3.4, 3.9)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.kashflow_books import ACCOUNT, BACS, Books

RESERVE = 55161


def line(amount: float, **more: Any) -> dict[str, Any]:
    return {
        "Id": 0,
        "Date": "2026-03-10 12:00:00",
        "Amount": amount,
        "Method": BACS,
        "AccountId": ACCOUNT,
    } | more


def paid(kashflow: Books, number: int, *lines: dict[str, Any]) -> dict[str, Any]:
    """The invoice with these lines added by read, change and write."""
    body = kashflow.get(f"invoices/{number}")
    answer: dict[str, Any] = kashflow.put(
        f"invoices/{number}", body | {"PaymentLines": [*body["PaymentLines"], *lines]}
    )
    return answer


def booked(kashflow: Books, account: int = ACCOUNT) -> dict[int, dict[str, Any]]:
    rows = kashflow.get(f"bankaccounts/{account}/transactions?perpage=100")["Data"]
    return {row["Id"]: row for row in rows}


def balance(kashflow: Books, account: int = ACCOUNT) -> float:
    amount: float = kashflow.get(f"bankaccounts/{account}")["BankBalance"]
    return amount


def test_an_appended_line_pays_the_invoice_and_shows_in_the_bank(kashflow: Books) -> None:
    before = balance(kashflow)

    invoice = paid(kashflow, 1004, line(440, Note="Stripe ch_1"), line(1000))

    assert (invoice["Status"], invoice["TotalPaidAmount"], invoice["DueAmount"]) == ("Paid", 1440, 0)
    first = invoice["PaymentLines"][0]
    row = booked(kashflow)[first["BankTransactionId"]]
    assert (row["PaidIn"], row["EntityName"], row["ResourceNumber"]) == (440, "invoice", 1004)
    assert (row["PaymentId"], row["CustomerCode"], row["Comment"]) == (first["Id"], "DUNM01", "Stripe ch_1")
    assert balance(kashflow) == before + 1440


def test_echoed_lines_stay_as_they_are_and_missing_ones_are_withdrawn(kashflow: Books) -> None:
    invoice = paid(kashflow, 1004, line(100), line(200))
    kept, dropped = invoice["PaymentLines"]

    after = kashflow.put("invoices/1004", invoice | {"PaymentLines": [kept]})

    assert after["PaymentLines"] == [kept]
    assert kept["BankTransactionId"] in booked(kashflow)
    assert dropped["BankTransactionId"] not in booked(kashflow)
    kashflow.put("invoices/1004", {name: value for name, value in after.items() if name != "PaymentLines"})
    assert kept["BankTransactionId"] not in booked(kashflow)


def test_a_changed_line_keeps_its_ids_and_may_move_to_another_account(kashflow: Books) -> None:
    invoice = paid(kashflow, 1004, line(100))
    (stored,) = invoice["PaymentLines"]

    changed = stored | {"Amount": 150, "AccountId": RESERVE}
    after = kashflow.put("invoices/1004", invoice | {"PaymentLines": [changed]})

    assert after["PaymentLines"][0]["Id"] == stored["Id"]
    moved = after["PaymentLines"][0]["BankTransactionId"]
    assert moved == stored["BankTransactionId"]
    assert moved not in booked(kashflow)
    assert booked(kashflow, RESERVE)[moved]["PaidIn"] == 150


@pytest.mark.parametrize(
    "wrong",
    [{"AccountId": 1}, {"AccountId": 0}, {"Method": 1}, {"Method": None}, {"Amount": 0}, {"Id": 4711}],
)
def test_a_line_that_cannot_be_booked_refuses_the_whole_document(
    kashflow: Books, wrong: dict[str, Any]
) -> None:
    body = kashflow.get("invoices/1004")
    before = kashflow.world.state()

    status, _, _ = kashflow.refused(
        "PUT", "invoices/1004", body | {"PaymentLines": [line(5), line(5, **wrong)]}
    )

    assert status == 400
    assert kashflow.world.state() == before


def test_the_same_line_twice_is_refused(kashflow: Books) -> None:
    invoice = paid(kashflow, 1004, line(100))

    doubled = invoice | {"PaymentLines": invoice["PaymentLines"] * 2}

    assert kashflow.refused("PUT", "invoices/1004", doubled)[0] == 400


def test_a_line_without_its_id_is_a_second_payment(kashflow: Books) -> None:
    invoice = paid(kashflow, 1004, line(100))
    nameless = {name: value for name, value in invoice["PaymentLines"][0].items() if name != "Id"}

    after = kashflow.put("invoices/1004", invoice | {"PaymentLines": [*invoice["PaymentLines"], nameless]})

    assert after["TotalPaidAmount"] == 200
    assert len({each["BankTransactionId"] for each in after["PaymentLines"]}) == 2


def test_purchases_are_paid_out_of_the_bank(kashflow: Books) -> None:
    body = kashflow.get("purchases/3")
    payment = line(223.02, Method=409944)

    after = kashflow.put("purchases/3", body | {"PaymentLines": [payment]})

    assert after["Status"] == "Paid"
    row = booked(kashflow)[after["PaymentLines"][0]["BankTransactionId"]]
    assert (row["PaidIn"], row["PaidOut"], row["EntityName"]) == (0, 223.02, "purchase")
    assert row["SupplierCode"] == "NORT01"


def test_deleting_an_invoice_takes_its_payments_out_of_the_bank(kashflow: Books) -> None:
    (payment,) = kashflow.get("invoices/1001")["PaymentLines"]

    kashflow.client.delete("invoices/1001")

    assert payment["BankTransactionId"] not in booked(kashflow)


def test_a_day_locked_in_the_account_takes_no_payment(kashflow: Books) -> None:
    kashflow.world.bank_accounts.edit(ACCOUNT, TransactionLockEnabled=True, TransactionLockDate="2026-03-10")
    body = kashflow.get("invoices/1004")

    refusal = kashflow.refused("PUT", "invoices/1004", body | {"PaymentLines": [line(5)]})

    assert refusal[:2] == (400, "PeriodLocked")


def test_a_bulk_payment_pays_several_invoices_with_one_movement(kashflow: Books) -> None:
    items = [{"ObjectNumber": 1004, "Amount": 1440}, {"ObjectNumber": 1005, "Amount": 100}]
    body = {"AccountId": ACCOUNT, "Method": BACS, "Date": "2026-03-10", "PaymentItems": items}

    bulk = kashflow.post("invoices/bulk/payments", body)

    first = kashflow.get("invoices/1004")
    assert (first["Status"], kashflow.get("invoices/1005")["TotalPaidAmount"]) == ("Paid", 100)
    (payment,) = first["PaymentLines"]
    assert (payment["BulkPaymentNumber"], payment["BulkId"]) == (bulk["Number"], bulk["Id"])
    row = booked(kashflow)[payment["BankTransactionId"]]
    assert (row["PaidIn"], row["EntityName"]) == (1540, "invoicebatchpayment")
    assert kashflow.put("invoices/1004", first) == first
    assert kashflow.refused("PUT", "invoices/1004", first | {"PaymentLines": []})[0] == 400


def test_a_bulk_payment_can_be_changed_and_deleted_as_a_whole(kashflow: Books) -> None:
    body = {"AccountId": ACCOUNT, "Method": BACS, "PaymentItems": [{"ObjectNumber": 1004, "Amount": 40}]}
    bulk = kashflow.post("invoices/bulk/payments", body)
    where = f"invoices/bulk/payments/{bulk['Number']}"
    before = balance(kashflow)

    kashflow.put(where, body | {"PaymentItems": [{"ObjectNumber": 1005, "Amount": 50}]})
    assert kashflow.get("invoices/1004")["TotalPaidAmount"] == 0
    assert kashflow.get("invoices/1005")["TotalPaidAmount"] == 50
    assert balance(kashflow) == before + 10

    assert kashflow.client.delete(where).status_code == 204
    assert kashflow.get("invoices/1005")["PaymentLines"] == []
    assert kashflow.refused("GET", where)[0] == 404
    assert kashflow.refused("POST", "invoices/bulk/payments", body | {"PaymentItems": []})[0] == 400
