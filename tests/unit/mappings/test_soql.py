"""One query brings what a flow needs, and nothing that the organisation lacks."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.plan import Children, FieldPlan
from mappings.soql import count_soql, ids_soql, page_soql, quoted, soql
from tests.support.mappings import packaged

ID = "006000000000001AAA"


def test_one_query_brings_the_deal_its_account_contact_and_lines() -> None:
    contacts = packaged().mapping("salesforce/opportunity_customer").fields()
    plan = packaged().flow("opportunity_to_invoice").plan.joined(contacts)

    query = soql(plan, [ID, "006000000000002AAA"])

    assert query.startswith("SELECT Id, KashFlow_Invoice_Number__c, Account.Id, Account.Name, CloseDate, ")
    assert "IsWon" in plan.fields
    assert "FROM OpportunityContactRoles WHERE IsPrimary = true)" in query
    assert "FROM OpportunityLineItems ORDER BY SortOrder, Id)" in query
    assert query.endswith(f" FROM Opportunity WHERE Id IN ('{ID}', '006000000000002AAA')")
    assert query.count("SELECT") == 3


def test_what_the_organisation_lacks_is_left_out() -> None:
    plan = packaged().flow("opportunity_to_invoice").plan
    described = {
        "Opportunity": {"Id", "Name"},
        "Account": {"Id", "Payment_Terms_Days__c"},
        "Product2": {"VAT_Rate__c"},
    }

    query = soql(plan, [ID], plan.missing(described))

    assert plan.objects() == {"Opportunity", "Account", "Product2"}
    assert "Account.Payment_Terms_Days__c" in query
    assert "Product2.VAT_Rate__c" in query
    for absent in ("CurrencyIsoCode", "BillingCountryCode", "KashFlow_Nominal_Code__c"):
        assert absent not in query


def test_a_write_back_is_compared_with_what_is_there() -> None:
    query = soql(packaged().mapping("salesforce/opportunity_invoice").fields(), [ID])

    assert query.startswith("SELECT Id, KashFlow_Invoice_Number__c, KashFlow_Invoice_Id__c, ")


def test_the_contacts_of_an_account_come_in_the_order_they_were_added() -> None:
    query = soql(packaged().mapping("salesforce/account").fields(), ["001000000000001AAA"])

    assert "FROM Contacts ORDER BY CreatedDate, Id LIMIT 50)" in query


def test_a_query_without_ids_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one id"):
        soql(FieldPlan("Account"), [])


def test_a_child_list_of_which_every_field_is_missing_is_still_a_query() -> None:
    plan = FieldPlan("Account", children={"Contacts": Children(("VIP__c",))})

    assert "(SELECT Id FROM Contacts)" in soql(plan, ["1"], frozenset({"Contacts.VIP__c"}))


@given(st.text())
def test_no_value_can_end_its_literal(said: str) -> None:
    literal = quoted(said)

    assert re.fullmatch(r"'(?:[^'\\]|\\.)*'", literal, re.DOTALL)
    assert (
        re.sub(r"\\(.)", lambda found: {"n": "\n", "r": "\r"}.get(found[1], found[1]), literal[1:-1]) == said
    )


def test_two_plans_of_one_object_join_and_of_two_do_not() -> None:
    needs = FieldPlan("Account", ("Id", "A__c"), {"Contacts": Children(("Email",))})
    may = FieldPlan(
        "Account",
        ("Id", "A__c", "B__c"),
        optional={"A__c": (("Account", "A__c"),), "B__c": (("Account", "B__c"),)},
    )

    joined = needs.joined(may)

    assert joined.fields == ("Id", "A__c", "B__c")
    assert set(joined.optional) == {"B__c"}
    with pytest.raises(ValueError, match="Contacts is narrowed or ordered in two ways"):
        needs.joined(FieldPlan("Account", children={"Contacts": Children(("Email",), limit=1)}))
    with pytest.raises(ValueError, match="a query of Account cannot bring fields of Lead"):
        needs.joined(FieldPlan("Lead"))


NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 10, 12, 30, 0, 250_000, tzinfo=UTC)


def test_a_page_begins_behind_the_last_record_even_inside_one_second() -> None:
    plan = FieldPlan("Opportunity", ("Id", "Name"))

    assert page_soql(plan, (NOON, ID), LATER, 1000) == (
        "SELECT Id, Name, SystemModstamp, CreatedDate FROM Opportunity WHERE "
        "(SystemModstamp > 2026-03-10T12:00:00.000Z OR "
        "(SystemModstamp = 2026-03-10T12:00:00.000Z AND Id > '006000000000001AAA')) "
        "AND SystemModstamp <= 2026-03-10T12:30:00.250Z ORDER BY SystemModstamp, Id LIMIT 1000"
    )


def test_the_first_page_includes_the_moment_it_begins_with() -> None:
    query = page_soql(FieldPlan("Account"), (NOON, ""), LATER, 10)

    assert "WHERE SystemModstamp >= 2026-03-10T12:00:00.000Z AND SystemModstamp <= " in query


def test_the_ids_to_load_are_asked_for_in_their_order_behind_the_last_one_and_narrowed_by_the_condition() -> (
    None
):
    deals = packaged().flow("opportunity_to_invoice").condition

    query = ids_soql("Opportunity", deals, datetime(2026, 1, 2, tzinfo=UTC), ID)

    assert query.startswith("SELECT Id FROM Opportunity WHERE (IsWon = true AND Amount > 0) AND ")
    assert query.endswith(f" AND SystemModstamp >= 2026-01-02T00:00:00.000Z AND Id > '{ID}' ORDER BY Id")
    assert ids_soql("Account", None) == "SELECT Id FROM Account ORDER BY Id"
    assert count_soql("Account", None) == "SELECT COUNT(Id) total FROM Account"
