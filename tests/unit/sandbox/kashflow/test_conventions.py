"""What holds for every path: case, status codes, shapes of answers (reference kashflow.md section 2)."""

from __future__ import annotations

import re

import pytest

from tests.support.kashflow_books import Books


@pytest.mark.parametrize("path", ["/v2/customers/BRIG01", "/V2/Customers/brig01", "/v2/CUSTOMERS/Brig01/"])
def test_paths_and_codes_match_in_any_case(kashflow: Books, path: str) -> None:
    assert kashflow.get(f"http://kashflow.test{path}")["Code"] == "BRIG01"


@pytest.mark.parametrize("path", ["payments", "payments/1", "products/4400001", "project/1", "nonsense"])
def test_what_does_not_exist_over_there_is_not_found_here(kashflow: Books, path: str) -> None:
    assert kashflow.refused("GET", path)[:2] == (404, "NotFound")


def test_a_known_path_with_a_wrong_method_is_not_allowed(kashflow: Books) -> None:
    assert kashflow.refused("PATCH", "customers/BRIG01")[:2] == (405, "MethodNotAllowed")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "customers?page={}"),
        ("GET", "nominals/Id/{}"),
        ("GET", "reports/business/audit/{}"),
        ("GET", "bankaccounts/55160/transactions/{}"),
        ("DELETE", "vat/settings/vatrates/{}"),
    ],
)
@pytest.mark.parametrize("digits", ["9" * 5000, "²", "٣" * 30])
def test_digits_that_are_no_number_here_are_declined(
    kashflow: Books, method: str, path: str, digits: str
) -> None:
    assert kashflow.refused(method, path.format(digits))[0] in {400, 404}


def test_half_of_a_surrogate_pair_goes_out_as_it_came_in(kashflow: Books) -> None:
    made = kashflow.client.post("customers", content=b'{"Code": "HALF01", "Name": "A \\ud83d"}')

    assert made.status_code == 201
    assert b'"A \\ud83d"' in kashflow.client.get("customers/HALF01").content
    assert kashflow.client.get("customers").status_code == 200


def test_money_is_printed_as_a_number_with_four_decimals_and_days_at_noon(kashflow: Books) -> None:
    text = kashflow.client.get("invoices/1001").text

    assert '"GrossAmount":216.0000' in text
    assert re.search(r'"IssuedDate":"2025-12-05 12:00:00"', text)
    assert '"VATLevel":20.0000' in text


@pytest.mark.parametrize(
    "path",
    [
        "bankaccounts",
        "nominals",
        "currencies",
        "vat/settings/vatrates",
        "quotecategories",
        "countries",
        "products",
        "paymentmethods/invoice",
        "paymentstatuses",
    ],
)
def test_these_lists_come_without_an_envelope(kashflow: Books, path: str) -> None:
    rows = kashflow.get(path)

    assert isinstance(rows, list)
    assert rows


@pytest.mark.parametrize(
    "path", ["customers", "invoices", "products", "nominals", "bankaccounts", "purchases", "suppliers"]
)
def test_everything_but_the_login_needs_a_session(kashflow: Books, path: str) -> None:
    del kashflow.client.headers["Authorization"]

    assert kashflow.refused("GET", path)[:2] == (401, "InvalidSessionToken")


@pytest.mark.parametrize("content", [b"", b"{", b'{"Name": NaN}', b"[1]", b'"text"', b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_record_is_a_validation_error(kashflow: Books, content: bytes) -> None:
    response = kashflow.client.post("customers", content=content)

    assert response.status_code == 400
    assert response.json()["Error"] == "ValidationError"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("customers", {"Name": "Acme", "Code": "AC/ME"}),
        ("customers", {"Name": ""}),
        ("customers", {"Name": "Acme", "Currency": {"Code": "XXX"}}),
        ("customers", {"Name": "Acme", "Contacts": {"Email": "a@b.example"}}),
        ("customers", {"Name": "Acme", "IsArchived": "perhaps"}),
        ("customers", {"Name": "Acme", "PaymentTerms": {"Type": "AfterIssuedDate", "Days": 366}}),
        ("suppliers", {"Code": "ACME"}),
        ("invoices", {"CustomerCode": "NOBODY"}),
        ("invoices", {"CustomerCode": "BRIG01", "IssuedDate": "31/01/2026"}),
        ("invoices", {"CustomerCode": "BRIG01", "IssuedDate": "2026-02-30"}),
        ("invoices", {"CustomerCode": "BRIG01", "Number": 1001}),
        ("invoices", {"CustomerCode": "BRIG01", "LineItems": [{"Rate": "ten"}]}),
        ("invoices", {"CustomerCode": "BRIG01", "LineItems": [{"Rate": "NaN"}]}),
        ("invoices", {"CustomerCode": "BRIG01", "LineItems": [{"Rate": 1e300}]}),
        ("invoices", {"CustomerCode": "BRIG01", "LineItems": [{"NominalCode": 9999}]}),
        ("purchases", {"SupplierCode": "TIMB01", "LineItems": []}),
        ("products", {"Name": "Thing"}),
        ("products", {"NominalCode": 4000, "Code": "clip-s", "Name": "Taken"}),
        ("nominals", {"Code": 4000, "Name": "Taken"}),
        ("projects", {"Name": "Barn", "Status": "Asleep"}),
        ("bankaccounts", {"AccountName": " "}),
        ("bankaccounts/55160/transactions", {"PaidIn": 5}),
        ("vat/settings/vatrates/20", None),
    ],
)
def test_unacceptable_input_is_refused_and_changes_nothing(kashflow: Books, path: str, body: object) -> None:
    before = kashflow.world.state()

    status, _, message = kashflow.refused("POST", path, body)

    assert status == 400
    assert message
    assert kashflow.world.state() == before


def test_a_created_record_comes_back_whole_with_its_location(kashflow: Books) -> None:
    response = kashflow.client.post("customers", json={"Name": "New & Co", "Code": "NEWC01"})

    assert response.status_code == 201
    assert response.headers["Location"] == "http://kashflow.test/v2/customers/NEWC01"
    assert response.json() == kashflow.get(response.headers["Location"])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("customers", {"Name": "Gone"}),
        ("suppliers", {"Name": "Gone"}),
        ("invoices", {"CustomerCode": "BRIG01"}),
        ("purchases", {"SupplierCode": "TIMB01", "LineItems": [{"Rate": 1}]}),
        ("products", {"NominalCode": 4000, "Name": "Gone"}),
        ("nominals", {"Code": 4999, "Name": "Gone"}),
        ("quotes", {"CustomerCode": "BRIG01"}),
        ("projects", {"Name": "Gone"}),
        ("bankaccounts", {"AccountName": "Gone"}),
        ("bankaccounts/55161/transactions", {"Date": "2026-03-01", "MoneyType": 1, "PaidIn": 3}),
    ],
)
def test_a_deleted_record_answers_204_once_and_404_ever_after(
    kashflow: Books, path: str, body: object
) -> None:
    where = kashflow.client.post(path, json=body).headers["Location"]

    assert kashflow.client.delete(where).status_code == 204

    assert kashflow.refused("GET", where)[0] == 404
    assert kashflow.refused("DELETE", where)[0] == 404
    assert kashflow.refused("PUT", where, body)[0] == 404
