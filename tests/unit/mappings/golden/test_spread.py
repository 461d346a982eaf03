"""A customer taken apart into fields and put together again is the same customer, and only what changed is changed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given

from canonical.customer import Contact, Customer
from canonical.product import Product
from mappings.golden.spread import FIELDS, fields_shown, gathered, primary, shown_values, spread
from mappings.problems import MappingProblem
from tests.support.canonical import customers, products


@given(customers)
def test_a_customer_gathered_from_its_own_fields_shows_the_same(customer: Customer) -> None:
    assert spread(gathered(customer, spread(customer))) == spread(customer)


@given(products, products)
def test_a_product_gathered_from_anothers_fields_shows_those(one: Product, other: Product) -> None:
    assert spread(gathered(one, spread(other))) == spread(other)


def test_the_same_number_is_spelled_in_one_way() -> None:
    shelf = Product(name="Shelf", price=Decimal("180.50"), vat_rate=Decimal("20.00"))

    assert [spread(shelf)[name] for name in ("price", "vat_rate", "stock")] == ["180.5", "20", None]


@given(customers, customers)
def test_a_customer_gathered_from_anothers_fields_shows_those(one: Customer, other: Customer) -> None:
    told = spread(other)
    if primary(one) is None and primary(other) is not None:
        told = {name: value for name, value in told.items() if not name.startswith("contact.")}

    made = spread(gathered(one, told))

    assert {name: made[name] for name in told} == told


def test_other_contacts_stay_beside_the_primary_one() -> None:
    mina = Contact(last_name="Okoro", is_primary=True, external_ids={"salesforce": "003"})
    al = Contact(last_name="Reed")

    changed = gathered(Customer(name="Bright", contacts=(al, mina)), {"contact.email": "mina@bright.test"})

    assert changed.contacts == (mina.model_copy(update={"email": "mina@bright.test"}), al)


def test_details_that_name_nobody_make_no_contact_and_blank_ones_remove_none() -> None:
    nobody = Customer(name="Bright")
    assert gathered(nobody, {"contact.phone": "0113 496 0001"}).contacts == ()
    made = gathered(nobody, {"contact.last_name": "Okoro", "contact.phone": "0113 496 0001"})
    assert [person.phone for person in made.contacts] == ["0113 496 0001"]
    cleared = gathered(made, {"contact.last_name": None})
    assert cleared.contacts == made.contacts


def test_what_cannot_be_a_customer_is_a_problem_that_names_the_field() -> None:
    with pytest.raises(MappingProblem, match="name") as problem:
        gathered(Customer(name="Bright"), {"name": None})

    assert problem.value.field == "name"


def test_a_side_shows_what_its_mapping_fills_and_its_organisation_has() -> None:
    labels = {
        ("name",): "Name",
        ("vat_number",): "VAT_Number__c",
        ("contacts", "email"): "Contacts.Email",
        ("contacts", "external_ids", "salesforce"): "Contacts.Id",
        ("address", "town"): "BillingCity",
        ("custom", "region"): "Region__c",
    }

    fields = fields_shown(Customer, labels, frozenset({"VAT_Number__c"}))

    assert fields == {"name", "contact.email", "address.town", "custom.region"}
    assert fields - {"custom.region"} <= FIELDS[Customer]


def test_a_contact_that_was_never_there_is_blank_and_one_that_left_is_not_there() -> None:
    fields = frozenset({"name", "contact.email", "custom.region"})
    alone = Customer(name="Bright")

    assert shown_values(alone, fields, had_contact=False) == {
        "name": "Bright",
        "contact.email": None,
        "custom.region": None,
    }
    assert shown_values(alone, fields, had_contact=True) == {"name": "Bright", "custom.region": None}
