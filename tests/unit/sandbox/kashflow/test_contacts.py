"""Customers and suppliers (reference kashflow.md sections 3.1, 3.7, quirks of 4)."""

from __future__ import annotations

import pytest

from tests.support.kashflow_books import Books

KINDS = pytest.mark.parametrize(
    ("path", "noun", "known"), [("customers", "Customer", "BRIG01"), ("suppliers", "Supplier", "TIMB01")]
)


@KINDS
def test_a_taken_code_is_refused_unless_the_server_may_vary_it(
    kashflow: Books, path: str, noun: str, known: str
) -> None:
    body = {"Code": known.lower(), "Name": "Twin Ltd"}

    assert kashflow.refused("POST", path, body)[:2] == (400, "DuplicateCode")
    made = kashflow.post(path, body | {f"Create{noun}CodeIfDuplicate": True})
    assert made["Code"] == f"{known.lower()[:4]}02"
    assert f"Create{noun}CodeIfDuplicate" not in made


@KINDS
def test_a_blank_code_is_suggested_and_a_blank_name_may_be_the_persons(
    kashflow: Books, path: str, noun: str, known: str
) -> None:
    person = {"Contacts": [{"Firstname": "Ada", "LastName": "Moor"}]}

    made = kashflow.post(path, person | {f"Create{noun}NameIfEmptyOrNull": True})

    assert (made["Name"], made["Code"]) == ("Ada Moor", "ADAM01")
    assert made["Contacts"][0]["IsPrimary"] is True
    assert kashflow.client.post(f"{path}/suggestedcode", json={"name": "Ada Moor"}).json() == "ADAM02"


@KINDS
def test_a_new_code_in_a_put_renames_with_201_and_documents_follow(
    kashflow: Books, path: str, noun: str, known: str
) -> None:
    body = kashflow.get(f"{path}/{known}")

    renamed = kashflow.put(f"{path}/{known}", body | {"Code": "NEWNAME"}, 201)

    assert renamed["Id"] == body["Id"]
    assert kashflow.refused("GET", f"{path}/{known}")[0] == 404
    documents = "invoices" if noun == "Customer" else "purchases"
    found = kashflow.get(documents, **{f"{noun.lower()}code": "NEWNAME"})["Data"]
    assert {row[f"{noun}Code"] for row in found} == {"NEWNAME"}


@KINDS
def test_renaming_to_a_taken_code_is_refused(kashflow: Books, path: str, noun: str, known: str) -> None:
    other = kashflow.post(path, {"Code": "OTHER", "Name": "Other"})

    assert kashflow.refused("PUT", f"{path}/OTHER", other | {"Code": known})[:2] == (400, "DuplicateCode")


@KINDS
def test_a_contact_with_documents_cannot_be_deleted_and_says_so_before(
    kashflow: Books, path: str, noun: str, known: str
) -> None:
    kashflow.post(path, {"Code": "FREE", "Name": "Free"})

    assert kashflow.refused("DELETE", f"{path}/{known}")[0] == 400
    asked = kashflow.get(f"{path}/confirm-to-delete", **{f"{noun}Codes": f"{known},FREE"})
    assert [(row["Code"], row["CanDelete"]) for row in asked] == [(known, False), ("FREE", True)]


def test_a_put_empties_whatever_it_leaves_out(kashflow: Books) -> None:
    kashflow.put(
        "customers/BRIG01",
        {"Note": "moved", "CustomTextBoxes": [{"Name": "CRM", "Value": "001"}]} | {"Name": "B"},
    )

    emptied = kashflow.put("customers/BRIG01", {"name": "Bright"})

    assert emptied["Contacts"] == emptied["Addresses"] == emptied["CustomTextBoxes"] == []
    assert (emptied["Note"], emptied["Code"]) == ("", "BRIG01")


def test_putting_back_what_was_read_changes_nothing_but_the_day_of_change(kashflow: Books) -> None:
    before = kashflow.get("customers/BRIG01")
    kashflow.days_pass(2)

    after = kashflow.put("customers/BRIG01", before)

    assert after.pop("LastUpdatedDate") == "2026-03-12 12:00:00"
    assert after == {name: value for name, value in before.items() if name != "LastUpdatedDate"}


def test_the_list_row_has_neither_dates_nor_terms_but_contacts_and_addresses(kashflow: Books) -> None:
    row = kashflow.get("customers?searchtext=BRIG01")["Data"][0]

    assert set(row) == {
        *("Id", "Code", "Name", "TotalPaidAmount", "OutstandingBalance", "IsSchedule", "SourceName"),
        *("DefaultNominalCode", "IsArchived", "VATNumber", "TradeBorderType", "IsCISReverseCharge"),
        *("ApplyWithholdingTax", "CustomerKey", "Contacts", "Addresses", "Currency"),
    }
    assert row["Addresses"][0]["CountryName"] == "United Kingdom"


def test_the_supplier_list_row_lacks_address_bank_account_terms_and_dates(kashflow: Books) -> None:
    row = kashflow.get("suppliers?searchtext=TIMB01")["Data"][0]

    assert not {"Address", "BankAccount", "PaymentTerms", "CreatedDate", "LastUpdatedDate"} & set(row)


def test_a_customers_sums_follow_his_invoices_and_are_1900_and_nought_without(kashflow: Books) -> None:
    with_invoices, without = kashflow.get("customers/ALDG01"), kashflow.get("customers/KIRK01")

    assert (with_invoices["InvoiceCount"], with_invoices["InvoicedNetAmount"]) == (1, 180)
    assert (with_invoices["TotalPaidAmount"], with_invoices["OutstandingBalance"]) == (216, 0)
    assert with_invoices["AverageDaysToPay"] == 14
    assert without["FirstInvoiceDate"] == without["LastInvoiceDate"] == "1900-01-01 12:00:00"
    assert kashflow.get("customers/EAST01")["OverdueAmount"] == 216


@pytest.mark.parametrize(
    ("by", "text", "value"),
    [("code", "brig", "BRIG01"), ("email", "jo@", "jo@brig01.example"), ("name", "& Sons", "Bright & Sons")],
)
def test_the_lookup_answers_id_and_what_was_searched(kashflow: Books, by: str, text: str, value: str) -> None:
    found = kashflow.get("customers/search", searchBy=by, searchText=text)

    assert found == [{"key": kashflow.get("customers/BRIG01")["Id"], "value": value}]


def test_a_changed_address_reaches_the_invoices_when_asked(kashflow: Books) -> None:
    body = kashflow.get("customers/BRIG01") | {"Addresses": [{"Line1": "9 New Road", "CountryCode": "GB"}]}

    kashflow.put("customers/BRIG01", body)
    assert kashflow.get("invoices/1002")["Address"]["Line1"] == "1 High Street"

    kashflow.put("customers/BRIG01?updateInvoicesAddress=true", body)
    assert kashflow.get("invoices/1002")["Address"]["Line1"] == "9 New Road"


def test_the_feed_of_a_contact_has_documents_payments_and_credit_notes(kashflow: Books) -> None:
    feed = kashflow.get("customers/BRIG01/transactions", sortby="Date")["Data"]

    assert [(row["Type"], row["Amount"], row["Status"]) for row in feed] == [
        ("Invoice", 1200, "Paid"),
        ("Payment", 1200, ""),
        ("CreditNote", -600, "Unpaid"),
    ]


def test_money_entered_for_a_customer_without_an_invoice_is_an_advance(kashflow: Books) -> None:
    entry = {
        "Date": "2026-03-09",
        "MoneyType": 1,
        "PaidIn": 75,
        "CustomerCode": "BRIG01",
        "Comment": "deposit",
    }
    kashflow.post("bankaccounts/55160/transactions", entry)

    advances = kashflow.get("customers/BRIG01/advancepayments")["Data"]

    assert [(row["BankAccountId"], row["Amount"], row["Comment"]) for row in advances] == [
        (55160, 75, "deposit")
    ]


@KINDS
def test_contacts_are_archived_in_bulk(kashflow: Books, path: str, noun: str, known: str) -> None:
    assert kashflow.client.put(f"internal/{path}/archive", json=[known]).status_code == 204

    assert kashflow.get(f"{path}/{known}")["IsArchived"] is True
