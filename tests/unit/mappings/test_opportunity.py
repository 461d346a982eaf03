"""A won Opportunity becomes an invoice and its customer; what does not fit is said in the user's words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.customer import Customer
from canonical.invoice import Invoice, InvoiceStatus
from canonical.money import pence
from mappings.golden.spread import spread
from mappings.problems import MappingProblem
from tests.support.mappings import CONTEXT, children, line_item, opportunity, packaged

prices = st.decimals("0.01", "99999", places=4)


def _invoice(record: dict[str, object]) -> Invoice:
    invoice = packaged().mapping("salesforce/opportunity").read(record, CONTEXT)
    assert isinstance(invoice, Invoice)
    return invoice


def _customer(record: dict[str, object], mapping: str = "salesforce/opportunity_customer") -> Customer:
    customer = packaged().mapping(mapping).read(record, CONTEXT)
    assert isinstance(customer, Customer)
    return customer


def test_a_won_opportunity_becomes_an_invoice() -> None:
    invoice = _invoice(opportunity())

    assert invoice.reference == "SF-006000000000001AAA"
    assert invoice.customer.account_id == "001000000000001AAA"
    assert (invoice.issued_on, invoice.due_on) == (date(2026, 3, 1), date(2026, 3, 31))
    assert [str(figure) for figure in (invoice.net, invoice.vat, invoice.gross)] == [
        "100.00",
        "20.00",
        "120.00",
    ]
    assert invoice.status is InvoiceStatus.UNKNOWN
    (line,) = invoice.lines
    assert (line.description, line.product_code, line.nominal_code) == ("Consulting day", "CONS-DAY", "4000")


@given(st.lists(st.tuples(st.integers(1, 50), prices, prices), min_size=1, max_size=5))
def test_the_net_is_the_sum_of_the_line_items_whatever_their_discounts(
    sold: list[tuple[int, Decimal, Decimal]],
) -> None:
    lines = [line_item(Quantity=count, UnitPrice=price, TotalPrice=total) for count, price, total in sold]

    invoice = _invoice(opportunity(OpportunityLineItems=children(*lines)))

    assert invoice.net == sum(pence(total) for _, _, total in sold)


@given(prices)
def test_an_opportunity_without_products_is_one_line_of_its_amount(amount: Decimal) -> None:
    for none in (None, children()):
        invoice = _invoice(opportunity(Amount=amount, OpportunityLineItems=none))

        assert invoice.net == pence(amount)
        assert [line.description for line in invoice.lines] == ["Spring consulting"]


def test_the_street_of_an_account_becomes_the_lines_of_an_address() -> None:
    address = _invoice(opportunity()).address

    assert address is not None
    assert (address.line1, address.line2, address.town) == ("Unit 4", "Mill Lane, Holbeck", "Leeds")
    assert (address.postcode, address.country) == ("LS1 1AA", "GB")


def test_an_account_without_an_address_gives_none() -> None:
    invoice = _invoice(opportunity(Account={"Id": "001000000000001AAA", "Name": "Bright"}))

    assert invoice.address is None


def test_custom_fields_win_where_the_organisation_has_them() -> None:
    product = {
        "Name": "Fuel",
        "ProductCode": "FUEL",
        "VAT_Rate__c": Decimal(5),
        "KashFlow_Nominal_Code__c": Decimal(4100),
    }
    account = opportunity()["Account"] | {"Payment_Terms_Days__c": Decimal(14)}

    invoice = _invoice(
        opportunity(Account=account, OpportunityLineItems=children(line_item(Product2=product)))
    )

    assert invoice.due_on == date(2026, 3, 15)
    assert (invoice.lines[0].vat_rate, invoice.lines[0].nominal_code) == (Decimal(5), "4100")


def test_a_customer_in_the_eu_or_further_away_pays_no_vat() -> None:
    for country in ("France", "FR", "United States"):
        account = opportunity()["Account"] | {"BillingCountry": country}

        assert _invoice(opportunity(Account=account)).vat == 0


def test_settings_of_the_installation_are_used() -> None:
    own = replace(
        CONTEXT,
        settings={"nominal_code": "4200", "payment_terms_days": "7", "invoice_reference_prefix": "X-"},
    )

    invoice = packaged().mapping("salesforce/opportunity").read(opportunity(), own)

    assert isinstance(invoice, Invoice)
    assert (invoice.reference, invoice.due_on) == ("X-006000000000001AAA", date(2026, 3, 8))
    assert invoice.lines[0].nominal_code == "4200"


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"Account": None}, "Account.Id", "Account.Id is blank"),
        ({"CloseDate": "soon"}, "CloseDate", 'CloseDate should be a date, but is "soon"'),
        (
            {"OpportunityLineItems": children(line_item(Quantity=None))},
            "OpportunityLineItems.Quantity",
            "OpportunityLineItems.Quantity: is blank, and must not be",
        ),
        (
            {
                "OpportunityLineItems": children(
                    line_item(Product2={"ProductCode": "OLD", "VAT_Rate__c": "17.5"})
                )
            },
            "OpportunityLineItems.Product2.ProductCode",
            "VAT rate 17.5 % of product OLD is not set up in KashFlow; it has 0, 5, 20",
        ),
        (
            {"OpportunityLineItems": children(done=False)},
            "OpportunityLineItems",
            "more rows than one answer holds",
        ),
        (
            {"Account": {"Id": "1", "Name": "x", "BillingCountry": "Narnia"}},
            "Account.BillingCountry",
            "Narnia",
        ),
        ({"CurrencyIsoCode": "pounds"}, "CurrencyIsoCode", "CurrencyIsoCode: String should match pattern"),
        ({"OpportunityLineItems": "three"}, "OpportunityLineItems", "should be a list"),
        ({"Amount": 12.5, "OpportunityLineItems": None}, "Amount", "Amount should be a number, but is 12.5"),
    ],
)
def test_what_does_not_fit_is_a_problem_that_names_the_field(
    fields: dict[str, object], field: str, said: str
) -> None:
    with pytest.raises(MappingProblem) as problem:
        _invoice(opportunity(**fields))

    assert problem.value.field == field
    assert said in str(problem.value)


def test_the_customer_has_the_primary_contact_of_the_deal() -> None:
    customer = _customer(opportunity())

    assert (customer.name, customer.external_ids) == ("Bright & Co Ltd", {"salesforce": "001000000000001AAA"})
    assert customer.payment_terms_days == 30
    (contact,) = customer.contacts
    assert (contact.first_name, contact.last_name, contact.email) == ("Jo", "Bright", "jo@bright.test")
    assert contact.is_primary


def test_a_deal_without_a_contact_has_a_customer_without_one() -> None:
    assert _customer(opportunity(OpportunityContactRoles=None)).contacts == ()


def test_an_account_alone_becomes_the_same_customer() -> None:
    record = opportunity()["Account"] | {
        "ShippingCity": "York",
        "Contacts": children(
            {"FirstName": "Jo", "LastName": "Bright", "Email": "jo@bright.test", "Phone": "0113 496 0001"}
        ),
    }

    customer = _customer(record, "salesforce/account")

    assert customer.delivery_address is not None
    assert spread(customer.model_copy(update={"delivery_address": None})) == spread(_customer(opportunity()))


def test_an_address_goes_back_to_the_account_as_a_street_of_lines() -> None:
    account = packaged().mapping("salesforce/account")
    record = opportunity()["Account"] | {"BillingStreet": "Unit 4\r\nMill Lane"}

    payload = account.write(account.read(record, CONTEXT), CONTEXT)

    address = {name: value for name, value in payload.items() if name.startswith("Billing")}
    assert address["BillingStreet"] == "Unit 4\nMill Lane"
    assert account.difference(address, record) == {}
