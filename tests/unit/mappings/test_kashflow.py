"""What we write to KashFlow says the same when KashFlow gives it back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.customer import Contact, Customer
from canonical.invoice import Invoice, InvoiceStatus
from mappings.problems import MappingProblem
from tests.support.canonical import customers, invoices
from tests.support.mappings import CONTEXT, opportunity, packaged

INVOICE = packaged().mapping("kashflow/invoice")
CUSTOMER = packaged().mapping("kashflow/customer")


def _answered(body: dict[str, Any], **paid: object) -> dict[str, Any]:
    """The invoice as KashFlow gives it back: it works out the header (reference kashflow.md section 7, line maths)."""
    net = sum(
        ((line["Quantity"] * line["Rate"]).quantize(Decimal("0.01"), "ROUND_HALF_UP"))
        for line in body["LineItems"]
    )
    vat = sum(line["VATAmount"] for line in body["LineItems"])
    header = {"Id": 9001, "Number": 61, "NetAmount": net, "VATAmount": vat, "GrossAmount": net + vat}
    state = {
        "Status": "Unpaid",
        "TotalPaidAmount": Decimal(0),
        "DueAmount": net + vat,
        "PaidDate": "1900-01-01 12:00:00",
    }
    lines = [line | {"Number": place + 1, "NominalId": 7} for place, line in enumerate(body["LineItems"])]
    return body | header | state | {"LineItems": lines, "PaymentLines": []} | paid


def _read(record: dict[str, Any]) -> Invoice:
    invoice = INVOICE.read(record, CONTEXT)
    assert isinstance(invoice, Invoice)
    return invoice


@given(invoices())
def test_an_invoice_written_and_read_back_is_the_same(invoice: Invoice) -> None:
    there = _read(_answered(INVOICE.write(invoice, CONTEXT)))

    known = {"id": "9001", "number": 61, "status": InvoiceStatus.UNPAID, "due": invoice.gross}
    assert there == invoice.model_copy(update=known)


@given(invoices())
def test_writing_an_invoice_again_changes_nothing(invoice: Invoice) -> None:
    body = INVOICE.write(invoice, CONTEXT)

    assert INVOICE.difference(body, _answered(body)) == {}
    assert INVOICE.difference(INVOICE.write(_read(_answered(body)), CONTEXT), _answered(body)) == {}


@given(invoices())
def test_a_body_is_of_values_that_json_can_say_exactly(invoice: Invoice) -> None:
    def plain(value: object) -> bool:
        if isinstance(value, dict):
            return all(isinstance(key, str) and plain(one) for key, one in value.items())
        if isinstance(value, list):
            return all(plain(one) for one in value)
        return type(value) in (str, int, bool, Decimal, type(None))

    assert plain(INVOICE.write(invoice, CONTEXT))


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ({"Status": "Paid"}, InvoiceStatus.PAID),
        ({"Status": "Overpaid"}, InvoiceStatus.OVERPAID),
        (
            {"Status": "Overdue", "TotalPaidAmount": Decimal(20), "DueAmount": Decimal(100)},
            InvoiceStatus.OVERDUE,
        ),
        ({"Status": "NA"}, InvoiceStatus.NOTHING_DUE),
        (
            {"Status": "Unpaid", "TotalPaidAmount": Decimal(20), "DueAmount": Decimal(100)},
            InvoiceStatus.PART_PAID,
        ),
        ({"Status": "Unpaid"}, InvoiceStatus.UNPAID),
        ({"Status": "Something new"}, InvoiceStatus.UNKNOWN),
        ({"Status": None}, InvoiceStatus.UNKNOWN),
    ],
)
def test_how_far_an_invoice_is_paid(state: dict[str, object], status: InvoiceStatus) -> None:
    row = {
        "CustomerCode": "A1",
        "IssuedDate": "2026-03-02 12:00:00",
        "NetAmount": 100,
        "VATAmount": 20,
        "GrossAmount": 120,
    }

    invoice = _read(row | state)

    assert invoice.status is status


def test_a_list_row_without_lines_still_tells_the_figures() -> None:
    row = {
        "Id": 9001,
        "Number": 61,
        "CustomerCode": "A1   ",
        "CustomerReference": None,
        "IssuedDate": "2026-03-02 12:00:00 +05:30",
        "DueDate": "1900-01-01 12:00:00",
        "NetAmount": Decimal("100.0000"),
        "VATAmount": Decimal("20.0000"),
        "GrossAmount": Decimal("120.0000"),
        "Status": "Paid",
        "PaidDate": "2026-03-09 12:00:00",
        "LineItems": None,
        "Permalink": "v2/documents/invoice/x",
        "SomethingNew": {"a": 1},
    }

    invoice = _read(row)

    assert (invoice.customer.code, invoice.issued_on, invoice.due_on) == ("A1", date(2026, 3, 2), None)
    assert (str(invoice.gross), invoice.lines, invoice.paid_on) == ("120.00", (), date(2026, 3, 9))


def test_an_invoice_whose_figures_do_not_add_up_is_a_problem() -> None:
    row = {
        "CustomerCode": "A1",
        "IssuedDate": "2026-03-02",
        "NetAmount": 100,
        "VATAmount": 20,
        "GrossAmount": 121,
    }

    with pytest.raises(MappingProblem, match=r"gross 121\.00 is not net 100\.00"):
        _read(row)


def test_an_invoice_without_a_customer_code_is_not_written() -> None:
    invoice = packaged().mapping("salesforce/opportunity").read(opportunity(), CONTEXT)

    with pytest.raises(MappingProblem, match="CustomerCode is blank"):
        INVOICE.write(invoice, CONTEXT)


def test_a_changed_price_replaces_the_lines_and_nothing_else() -> None:
    sold = packaged().mapping("salesforce/opportunity").read(opportunity(), CONTEXT)
    assert isinstance(sold, Invoice)
    invoice = sold.model_copy(update={"customer": sold.customer.model_copy(update={"code": "A1"})})
    body = INVOICE.write(invoice, CONTEXT)
    present = _answered(
        body, PaymentLines=[{"Id": 1, "Amount": Decimal(5)}], CustomerReference="SF-006000000000001AAA "
    )
    present["LineItems"][0]["Rate"] = Decimal("49.9900")

    difference = INVOICE.difference(body, present)
    whole = INVOICE.overlay(body, present)

    assert set(difference) == {"LineItems"}
    assert whole["LineItems"] == body["LineItems"]
    assert whole["PaymentLines"] == [{"Id": 1, "Amount": Decimal(5)}]


def test_greece_has_its_own_code_in_kashflow() -> None:
    row = {"CustomerCode": "A1", "IssuedDate": "2026-03-02", "NetAmount": 1, "VATAmount": 0, "GrossAmount": 1}

    invoice = _read(row | {"Address": {"Line1": "Odos 1", "CountryCode": "EL"}})

    assert invoice.address is not None
    assert invoice.address.country == "GR"
    assert INVOICE.write(invoice, CONTEXT)["Address"] == {
        "Line1": "Odos 1",
        "Line2": "",
        "Line3": "",
        "Line4": "",
        "PostCode": "",
        "CountryCode": "EL",
    }


@given(customers)
def test_a_customer_written_and_read_back_is_the_same(customer: Customer) -> None:
    assert CUSTOMER.read(CUSTOMER.write(customer, CONTEXT), CONTEXT) == customer


@given(customers, customers)
def test_laying_a_customer_over_another_leaves_nothing_to_write(customer: Customer, other: Customer) -> None:
    body = CUSTOMER.write(customer, CONTEXT)

    whole = CUSTOMER.overlay(body, CUSTOMER.write(other, CONTEXT))

    assert CUSTOMER.difference(body, whole) == {}


@given(customers)
def test_a_code_and_a_note_that_are_there_are_never_overwritten(customer: Customer) -> None:
    present = {
        "Id": 42,
        "Code": "THEIRS",
        "Note": "Rings on Fridays",
        "PaymentTerms": {"Type": "AfterMonthEnd", "Days": 1},
    }

    whole = CUSTOMER.overlay(CUSTOMER.write(customer, CONTEXT), present)

    assert (whole["Id"], whole["Code"], whole["Note"]) == (42, "THEIRS", "Rings on Fridays")
    terms = whole["PaymentTerms"]
    assert isinstance(terms, dict)
    assert terms["Type"] == "AfterMonthEnd"


def test_another_contact_and_a_second_address_stay() -> None:
    customer = packaged().mapping("salesforce/opportunity_customer").read(opportunity(), CONTEXT)
    bookkeeper = {"Id": 1, "IsPrimary": False, "Name": "Sam Ledger"}
    present = {
        "Contacts": [bookkeeper, {"Id": 2, "IsPrimary": True, "Email": "old@bright.test"}],
        "Addresses": [{"Line1": "Old"}, {"Line1": "Branch"}],
    }

    whole: dict[str, Any] = CUSTOMER.overlay(CUSTOMER.write(customer, CONTEXT), present)

    assert whole["Contacts"][0] == bookkeeper
    assert (whole["Contacts"][1]["Id"], whole["Contacts"][1]["Email"]) == (2, "jo@bright.test")
    assert [address["Line1"] for address in whole["Addresses"]] == ["Unit 4", "Branch"]


def test_the_stamp_on_a_customer_is_its_account_and_reads_back() -> None:
    customer = Customer(name="Bright", external_ids={"salesforce": "001000000000001AAA"})

    body = CUSTOMER.write(customer, CONTEXT)

    assert body["Note"] == "Salesforce Account 001000000000001AAA"
    noted = CUSTOMER.read(body | {"Note": f"VIP. {body['Note']} (do not remove)"}, CONTEXT)
    assert isinstance(noted, Customer)
    assert noted.external_ids == {"salesforce": "001000000000001AAA"}


@pytest.mark.parametrize(
    ("row", "names"),
    [
        ({"Name": "Jo van Bright"}, ("Jo van", "Bright")),
        ({"Name": "Jo Bright", "Firstname": "Joanna", "LastName": "Bright"}, ("Joanna", "Bright")),
        ({"Name": "De Vries", "LastName": "De Vries"}, ("", "De Vries")),
    ],
)
def test_a_contact_with_one_name_only_is_split(row: dict[str, object], names: tuple[str, str]) -> None:
    customer = CUSTOMER.read({"Name": "Bright", "Contacts": [row]}, CONTEXT)

    assert isinstance(customer, Customer)
    assert customer.contacts == (Contact(first_name=names[0], last_name=names[1]),)


def test_the_blank_contact_that_kashflow_keeps_is_nobody() -> None:
    customer = CUSTOMER.read(
        {"Name": "Bright", "Contacts": [{"Id": 3, "IsPrimary": True, "Name": ""}]}, CONTEXT
    )

    assert isinstance(customer, Customer)
    assert customer.contacts == ()


@given(st.integers(1, 99999), st.sampled_from(InvoiceStatus))
def test_what_an_opportunity_shows_of_its_invoice(number: int, status: InvoiceStatus) -> None:
    invoice = Invoice.model_validate(
        {
            "customer": {"code": "A1"},
            "issued_on": "2026-03-02",
            "net": 100,
            "vat": 20,
            "gross": 120,
            "due": 120,
        }
        | {"id": "9001", "number": number, "status": status, "url": "/v2/documents/invoice/x"}
    )
    back = packaged().mapping("salesforce/opportunity_invoice")

    payload = back.write(invoice, CONTEXT)

    assert payload["KashFlow_Invoice_Number__c"] == str(number)
    assert payload["KashFlow_Invoice_Url__c"] == "https://api.kashflow.com/v2/documents/invoice/x"
    present = payload | {"KashFlow_Net__c": Decimal(100), "Id": "006000000000001AAA"}
    assert back.difference(payload, present) == {}
    assert back.difference(payload, present | {"KashFlow_Due__c": Decimal("119.99")}) == {
        "KashFlow_Due__c": (Decimal("119.99"), Decimal("120.00"))
    }
