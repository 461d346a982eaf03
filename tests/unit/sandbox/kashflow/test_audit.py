"""The audit report as a change feed (reference kashflow.md section 2.6)."""

from __future__ import annotations

from typing import Any

from tests.support.kashflow_books import ACCOUNT, BACS, Books

EVERYTHING = "reports/business/audit?transactionbasedon=2&startdate={0}&enddate={0}&perpage=200"


def entered_on(kashflow: Books, day: str, more: str = "") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = kashflow.get(EVERYTHING.format(day) + more)["Data"]
    return rows


def test_numbers_ascend_and_every_line_and_payment_has_a_row(kashflow: Books) -> None:
    rows = entered_on(kashflow, "2026-03-10")

    numbers = [row["TransactionNumber"] for row in rows]
    assert numbers == sorted(set(numbers))
    assert {row["TransactionType"] for row in rows} == {"SI", "SC", "SR", "PI", "PP", "BP", "BR"}
    current = [
        row
        for row in rows
        if row["EntityNumber"] == 1003 and row["Current"] and row["TransactionType"] == "SI"
    ]
    assert [row["Value"] for row in current] == [640, 9.5]
    assert current[0]["Nominal"] == {"Code": 4000, "Name": "Sale of Goods and Services"}
    assert current[0]["Vat"] == {"IsExempt": False, "Rate": 5, "Input": 0, "Output": 32}


def test_an_edit_and_a_payment_get_new_numbers_on_the_day_they_are_made(kashflow: Books) -> None:
    kashflow.days_pass(1)
    kashflow.world.invoices.edit(1005, CustomerReference="PO 7")
    kashflow.days_pass(1)
    kashflow.world.invoices.pay(
        1004, kashflow.world.invoices.detail(1004)["DueAmount"], account_id=ACCOUNT, method=BACS
    )

    (edited,) = entered_on(kashflow, "2026-03-11")
    paid = entered_on(kashflow, "2026-03-12")

    assert (edited["EntityNumber"], edited["ChangeCount"], edited["Reference"]) == (1005, 1, "PO 7")
    assert [(row["TransactionType"], row["EntityNumber"]) for row in paid] == [("SI", 1004), ("SR", 1004)]
    assert entered_on(kashflow, "2026-03-12", "&includesalesinvoices=false")[0]["TransactionType"] == "SR"
    history = kashflow.get(f"reports/business/audit/{edited['TransactionNumber']}")
    assert [row["Current"] for row in history] == [False, True]
    assert kashflow.refused("GET", "reports/business/audit/99999")[0] == 404


def test_a_deletion_shows_on_its_day_when_deleted_items_are_included(kashflow: Books) -> None:
    kashflow.days_pass(1)
    kashflow.client.delete("invoices/1005")

    assert entered_on(kashflow, "2026-03-11") == []
    (row,) = entered_on(kashflow, "2026-03-11", "&includedeleteditems=true")
    assert (row["EntityNumber"], row["IsDeleted"], row["Current"]) == (1005, True, False)


def test_rows_can_be_asked_for_by_the_documents_own_date(kashflow: Books) -> None:
    rows = kashflow.get(
        "reports/business/audit?transactionbasedon=1&startdate=2026-03-01&enddate=2026-03-01"
    )["Data"]

    assert {row["EntityNumber"] for row in rows} == {1009}


def test_both_dates_are_required(kashflow: Books) -> None:
    assert kashflow.refused("GET", "reports/business/audit?startdate=2026-03-01")[0] == 400
