"""Bank accounts and transactions with their quirks (reference kashflow.md section 3.9)."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from tests.support.kashflow_books import ACCOUNT, Books

RESERVE = 55161


def test_a_transfer_is_in_both_accounts_with_the_same_id_and_mirrored(kashflow: Books) -> None:
    bank = kashflow.world.bank_accounts
    moved = bank.transfer(ACCOUNT, RESERVE, Decimal("250.0000"), kashflow.world.around.today())

    out = kashflow.get(f"bankaccounts/{ACCOUNT}/transactions/{moved}")
    back = kashflow.get(f"bankaccounts/{RESERVE}/transactions/{moved}")

    assert out["Id"] == back["Id"]
    assert (out["PaidOut"], out["PaidIn"]) == (back["PaidIn"], back["PaidOut"]) == (250, 0)
    assert (out["TransactionType"], back["TransactionType"]) == (0, 6)
    assert kashflow.client.delete(f"bankaccounts/{RESERVE}/transactions/{moved}").status_code == 204
    assert kashflow.refused("GET", f"bankaccounts/{ACCOUNT}/transactions/{moved}")[0] == 404


def test_list_rows_carry_a_running_balance_that_an_earlier_entry_moves(kashflow: Books) -> None:
    path = f"bankaccounts/{ACCOUNT}/transactions?perpage=100"
    before = kashflow.get(path)["Data"]
    for earlier, later in pairwise(before):
        moved = later["PaidIn"] - later["PaidOut"]
        assert round(later["Balance"] - earlier["Balance"], 4) == round(moved, 4)

    kashflow.post(
        f"bankaccounts/{ACCOUNT}/transactions", {"Date": "2025-04-01", "MoneyType": 1, "PaidIn": 10}
    )

    after = kashflow.get(path)["Data"][1:]
    assert [row["Balance"] for row in after] == [row["Balance"] + 10 for row in before]


def test_dates_cut_the_list_and_the_envelope_tells_the_balances_around_it(kashflow: Books) -> None:
    page = kashflow.get(f"bankaccounts/{ACCOUNT}/transactions?startdate=2026-02-01&enddate=2026-02-28")
    everything = kashflow.get(f"bankaccounts/{ACCOUNT}/transactions?perpage=100")

    moved = sum(row["PaidIn"] - row["PaidOut"] for row in page["Data"])
    meta = page["MetaData"]
    assert round(meta["ClosingBalance"] - meta["OpeningBalance"], 4) == round(moved, 4)
    assert 0 < len(page["Data"]) < len(everything["Data"])
    assert everything["MetaData"]["OpeningBalance"] == 12500
    closing = kashflow.get(f"bankaccounts/{ACCOUNT}")["BankBalance"]
    assert everything["MetaData"]["ClosingBalance"] == closing


def test_rows_are_found_by_text_and_by_reconciliation(kashflow: Books) -> None:
    entry = {"Date": "2026-03-09", "MoneyType": 1, "PaidIn": 10, "Comment": "Interest", "Reconciled": 1}
    kashflow.post(f"bankaccounts/{RESERVE}/transactions", entry)

    for query in ("searchtext=interest", "reconciled=true"):
        (row,) = kashflow.get(f"bankaccounts/{RESERVE}/transactions?{query}")["Data"]
        assert row["Comment"] == "Interest"


def test_the_detail_of_a_transaction_lacks_what_links_and_balances_it(kashflow: Books) -> None:
    row = kashflow.get(f"bankaccounts/{ACCOUNT}/transactions")["Data"][0]

    detail = kashflow.get(f"bankaccounts/{ACCOUNT}/transactions/{row['Id']}")

    assert set(row) - set(detail) == {
        *("VATPaid", "EditLink", "LineProjectsCount", "ProjectUrl", "Balance"),
        *("EntityName", "CustomerSupplierName"),
    }


def test_changing_a_transaction_answers_201_and_payments_are_changed_at_their_document(
    kashflow: Books,
) -> None:
    entry = {"Date": "2026-03-09", "MoneyType": 2, "PaidOut": 10}
    made = kashflow.post(f"bankaccounts/{ACCOUNT}/transactions", entry)
    where = f"bankaccounts/{ACCOUNT}/transactions/{made['Id']}"

    assert kashflow.put(where, entry | {"PaidOut": 12}, 201)["PaidOut"] == 12

    (payment,) = kashflow.get("invoices/1001")["PaymentLines"]
    its_own = f"bankaccounts/{ACCOUNT}/transactions/{payment['BankTransactionId']}"
    assert kashflow.refused("DELETE", its_own)[0] == 400


def test_list_and_detail_of_an_account_differ_as_they_do_over_there(kashflow: Books) -> None:
    row = kashflow.get("bankaccounts")[0]
    detail = kashflow.get(f"bankaccounts/{ACCOUNT}")

    assert detail["StartingDate"] == "2025-03-10 12:00:00"
    assert "StartingDate" not in row
    assert row["Order"] != detail["Order"]
    assert (row["FeedSource"], row["LastTransactionImportDate"], row["BankFeedsAccountId"]) == ("", None, 0)
    assert row["DefaultInvoicePaymentType"] == {"Id": 409844, "Name": "BACS"}


def test_archived_accounts_are_listed_on_demand_only(kashflow: Books) -> None:
    kashflow.world.bank_accounts.edit(RESERVE, IsArchived=True)

    assert len(kashflow.get("bankaccounts")) == 1
    assert len(kashflow.get("bankaccounts?includeArchivedAccounts=true")) == 2


def test_the_minimal_account_of_the_reference_is_made(kashflow: Books) -> None:
    made = kashflow.post("bankaccounts", {"AccountName": "Till", "DefaultInvoicePaymentType": {"Id": 409847}})

    assert (made["Code"], made["BankBalance"], made["IsBankEmpty"]) == (1201, 0, True)
    assert kashflow.get("bankaccounts/suggestedcode") == 1202
    assert kashflow.refused("DELETE", f"bankaccounts/{ACCOUNT}")[0] == 400


def test_lock_and_reconcile_dates_are_printed_without_a_time(kashflow: Books) -> None:
    kashflow.world.bank_accounts.edit(
        RESERVE, TransactionLockDate="2026-01-31 12:00:00", ReconcileDate="2026-02-28"
    )

    row = kashflow.get(f"bankaccounts/{RESERVE}")

    assert (row["TransactionLockDate"], row["ReconcileDate"]) == ("2026-01-31", "2026-02-28")
