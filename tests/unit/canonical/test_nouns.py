"""What every noun promises, and what each of the plain ones refuses."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from pydantic import ValidationError

from canonical.address import Address
from canonical.bank import BankAccount, BankTransaction
from canonical.change import Change
from canonical.customer import Contact, Customer
from canonical.invoice import CustomerKey, Invoice, InvoiceLine
from canonical.money import Money
from canonical.payment import Payment
from canonical.product import Product
from canonical.purchase import PurchaseInvoice
from canonical.shape import Noun
from tests.support.canonical import addresses, customers

NOUNS = [
    Address,
    BankAccount,
    BankTransaction,
    Change,
    Contact,
    Customer,
    CustomerKey,
    Invoice,
    InvoiceLine,
    Money,
    Payment,
    Product,
    PurchaseInvoice,
]


@pytest.mark.parametrize("noun", NOUNS)
def test_an_unknown_field_is_refused_by_name(noun: type[Noun]) -> None:
    with pytest.raises(ValidationError, match="surprise"):
        noun.model_validate({"surprise": 1})


@pytest.mark.parametrize("noun", NOUNS)
def test_a_noun_cannot_be_altered(noun: type[Noun]) -> None:
    assert noun.model_config["frozen"] is True


@given(customers)
def test_a_customer_survives_the_journey_through_json(customer: Customer) -> None:
    assert Customer.model_validate_json(customer.model_dump_json()) == customer


@given(addresses)
def test_blanks_around_a_part_of_an_address_mean_nothing(address: Address) -> None:
    padded = {part: f" {value}\t" for part, value in address.model_dump().items()}

    assert Address.model_validate(padded) == address


@pytest.mark.parametrize("country", ["gb", "GBR", "United Kingdom"])
def test_a_country_is_an_iso_code(country: str) -> None:
    with pytest.raises(ValidationError, match="country"):
        Address(country=country)


def test_two_primary_contacts_are_refused() -> None:
    someone = {"last_name": "Bright", "is_primary": True}

    with pytest.raises(ValidationError, match="contacts"):
        Customer.model_validate({"name": "Bright Ltd", "contacts": [someone, someone]})


def test_a_contact_without_name_and_email_is_nobody() -> None:
    with pytest.raises(ValidationError, match="first_name, last_name or email"):
        Contact(phone="0113 496 0000")


@pytest.mark.parametrize("days", [-1, 366, 30.0, "30"])
def test_payment_terms_are_a_number_of_days(days: object) -> None:
    with pytest.raises(ValidationError, match="payment_terms_days"):
        Customer.model_validate({"name": "Bright Ltd", "payment_terms_days": days})


def test_the_input_is_not_repeated_in_an_error() -> None:
    with pytest.raises(ValidationError) as refused:
        Customer.model_validate({"name": "", "vat_number": 10, "custom": "hunter2"})

    assert "hunter2" not in str(refused.value)


def test_a_purchase_adds_up() -> None:
    said = {"supplier_code": "TIMB01", "issued_on": date(2026, 1, 1), "vat": 20, "gross": 120, "paid": 0}

    assert PurchaseInvoice.model_validate(said | {"net": 100}).gross == 120
    with pytest.raises(ValidationError, match="gross"):
        PurchaseInvoice.model_validate(said | {"net": 99})


@pytest.mark.parametrize(
    ("noun", "said"),
    [
        (Product, {"code": "A", "name": "A", "price": {"amount": 0.1}}),
        (Payment, {"invoice_number": 7, "paid_on": date(2026, 1, 1), "amount": {"amount": 0.1}}),
        (BankAccount, {"id": "1", "name": "Current", "balance": {"amount": 0.1}}),
        (
            BankTransaction,
            {"account_id": "1", "id": "2", "booked_on": date(2026, 1, 1), "amount": {"amount": 0.1}},
        ),
    ],
)
def test_a_float_is_refused_wherever_money_is(noun: type[Noun], said: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="float"):
        noun.model_validate(said)
