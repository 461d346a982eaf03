"""Queries over rows: what they find, in which order, and how it is shown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.salesforce_org import TestOrg


@pytest.fixture
def org() -> TestOrg:
    """Three customers, of which one has contacts and a deal with lines."""
    org = TestOrg()
    acme = org.make(
        "Account", Name="Acme", Industry="Retail", AnnualRevenue=100, BillingCity="Leeds", ExternalID__c="A"
    )
    org.make("Account", Name="bolt", Industry="Retail", NumberOfEmployees=5, ParentId=acme)
    org.make("Account", Name="Corve", NumberOfEmployees=9, Description="long", AnnualRevenue=300)
    org.make("Contact", LastName="Nair", FirstName="Meera", AccountId=acme, Email="meera@acme.example")
    org.make("Contact", LastName="Obi", AccountId=acme)
    deal = org.deal("Desks", AccountId=acme, CloseDate="2026-11-20")
    entry = org.priced()
    org.make("OpportunityLineItem", OpportunityId=deal, PricebookEntryId=entry, Quantity=2, UnitPrice="10.10")
    org.deal("Chairs", AccountId=acme, StageName="Closed Won", Amount=50)
    return org


def _names(org: TestOrg, condition: str, entity: str = "Account") -> list[str]:
    found = org.records(f"SELECT Name FROM {entity} WHERE {condition}")  # noqa: S608  SOQL for our own reader
    return [each["Name"] for each in found]


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("Name = 'ACME'", ["Acme"]),
        ("Name != 'acme'", ["bolt", "Corve"]),
        ("Name LIKE '%o%'", ["bolt", "Corve"]),
        ("NOT Name LIKE '%o%'", ["Acme"]),
        ("Industry = null", ["Corve"]),
        ("Industry != 'Retail'", ["Corve"]),
        ("Industry IN ('Retail') AND AnnualRevenue > 50", ["Acme"]),
        ("Industry NOT IN ('Retail')", ["Corve"]),
        ("(Name = 'Acme' OR Name = 'bolt') AND NumberOfEmployees = 5", ["bolt"]),
        ("NumberOfEmployees < 9", ["bolt"]),
        ("AnnualRevenue >= 100.0", ["Acme", "Corve"]),
        ("CreatedDate = TODAY", ["Acme", "bolt", "Corve"]),
        ("CreatedDate > 2026-11-21T09:30:00Z", []),
        ("CreatedDate >= 2026-11-21T10:30:00+01:00", ["Acme", "bolt", "Corve"]),
        ("CreatedDate < LAST_N_DAYS:1", []),
        ("Parent.Name = 'acme'", ["bolt"]),
        ("Parent.Name = null", ["Acme", "Corve"]),
        ("Owner.Username LIKE 'priya%'", ["Acme", "bolt", "Corve"]),
        ("Id IN (SELECT AccountId FROM Contact WHERE LastName = 'Obi')", ["Acme"]),
        ("Id NOT IN (SELECT AccountId FROM Opportunity WHERE IsWon = true)", ["bolt", "Corve"]),
        ("IsDeleted = false AND ExternalID__c = 'a'", ["Acme"]),
    ],
)
def test_conditions_choose_the_rows_they_name(org: TestOrg, condition: str, names: list[str]) -> None:
    assert _names(org, condition) == names


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("CloseDate = YESTERDAY", ["Desks"]),
        ("CloseDate > TODAY", ["Chairs"]),
        ("CloseDate IN (2026-12-01)", ["Chairs"]),
        ("CloseDate IN (YESTERDAY, 2026-12-01)", ["Desks", "Chairs"]),
        ("CALENDAR_MONTH(CloseDate) = 12", ["Chairs"]),
        ("Account.Owner.Name = 'Priya Shah' AND IsWon = TRUE", ["Chairs"]),
    ],
)
def test_conditions_on_dates_and_parents(org: TestOrg, condition: str, names: list[str]) -> None:
    assert _names(org, condition, "Opportunity") == names


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("Name", ["Acme", "bolt", "Corve"]),
        ("Name DESC", ["Corve", "bolt", "Acme"]),
        ("NumberOfEmployees", ["Acme", "bolt", "Corve"]),
        ("NumberOfEmployees NULLS LAST", ["bolt", "Corve", "Acme"]),
        ("NumberOfEmployees DESC NULLS LAST", ["Corve", "bolt", "Acme"]),
        ("Industry NULLS LAST, Name DESC", ["bolt", "Acme", "Corve"]),
        ("Name LIMIT 1 OFFSET 1", ["bolt"]),
    ],
)
def test_order_limit_and_offset(org: TestOrg, order: str, names: list[str]) -> None:
    found = org.records(f"SELECT Name FROM Account ORDER BY {order}")  # noqa: S608  SOQL for our own reader

    assert [each["Name"] for each in found] == names


def test_parents_and_children_are_nested_in_the_order_of_the_query(org: TestOrg) -> None:
    body = org.query(
        "SELECT o.name, account.billingcity, Account.Name, Account.Owner.Name, Amount, "
        "(SELECT Quantity, TotalPrice, PricebookEntry.Product2.ProductCode FROM OpportunityLineItems) "
        "FROM Opportunity o ORDER BY Amount"
    )

    desks, chairs = body["records"]
    assert list(desks) == ["attributes", "Name", "Account", "Amount", "OpportunityLineItems"]
    assert desks["attributes"]["url"].startswith("/services/data/v66.0/sobjects/Opportunity/006")
    assert desks["Account"]["BillingCity"] == "Leeds"
    assert desks["Account"]["Owner"]["attributes"]["type"] == "User"
    (line,) = desks["OpportunityLineItems"]["records"]
    assert (str(line["TotalPrice"]), line["PricebookEntry"]["Product2"]["ProductCode"]) == ("20.20", "DESK")
    assert chairs["OpportunityLineItems"] is None


def test_a_missing_parent_is_null_and_an_address_is_put_together(org: TestOrg) -> None:
    found = org.records(
        "SELECT Parent.Name, BillingAddress FROM Account WHERE Name IN ('Acme', 'Corve') ORDER BY Name"
    )

    assert [each["Parent"] for each in found] == [None, None]
    assert found[0]["BillingAddress"]["city"] == "Leeds"
    assert found[1]["BillingAddress"] is None


def test_child_queries_filter_sort_and_cut(org: TestOrg) -> None:
    (acme,) = org.query(
        "SELECT (SELECT LastName FROM Contacts WHERE Email = null OR LastName != null ORDER BY LastName DESC LIMIT 1) "
        "FROM Account WHERE Name = 'Acme'"
    )["records"]

    assert [each["LastName"] for each in acme["Contacts"]["records"]] == ["Obi"]


def test_count_alone_tells_the_total_only(org: TestOrg) -> None:
    assert org.query("SELECT COUNT() FROM Contact") == {"totalSize": 2, "done": True, "records": []}


def test_groups_are_counted_summed_and_filtered(org: TestOrg) -> None:
    found = org.records(
        "SELECT Industry, COUNT(Id), SUM(AnnualRevenue) revenue, MAX(Name), COUNT_DISTINCT(OwnerId) owners "
        "FROM Account GROUP BY Industry HAVING COUNT(Id) > 0 ORDER BY Industry NULLS LAST"
    )

    assert found == [
        {"Industry": "Retail", "expr0": 2, "revenue": 100, "expr1": "bolt", "owners": 1},
        {"Industry": None, "expr0": 1, "revenue": 300, "expr1": "Corve", "owners": 1},
    ]


def test_parts_of_a_date_are_whole_numbers(org: TestOrg) -> None:
    org.deal(CloseDate="2026-03-08", AccountId=None)
    functions = (
        *(
            "CALENDAR_YEAR",
            "CALENDAR_QUARTER",
            "CALENDAR_MONTH",
            "FISCAL_QUARTER",
            "DAY_IN_MONTH",
            "DAY_IN_WEEK",
        ),
        *("DAY_IN_YEAR", "WEEK_IN_YEAR", "WEEK_IN_MONTH"),
    )
    parts = ", ".join(f"{name}(CloseDate)" for name in functions)

    chosen = "CALENDAR_YEAR(CloseDate) = 2026 AND CloseDate = 2026-03-08"
    (record,) = org.records(
        f"SELECT {parts} FROM Opportunity WHERE {chosen} GROUP BY {parts}"  # noqa: S608  SOQL for our own reader
    )

    assert list(record.values()) == [2026, 1, 3, 1, 8, 1, 67, 10, 2]
    assert all(isinstance(value, int) for value in record.values())


def test_an_aggregate_without_groups_is_one_record_even_of_nothing(org: TestOrg) -> None:
    assert org.records(
        "SELECT COUNT(Id) n, SUM(Amount) s, AVG(Amount) a FROM Opportunity WHERE Name = 'none'"
    ) == [{"n": 0, "s": None, "a": None}]


def test_all_fields_need_a_limit(org: TestOrg) -> None:
    reply = org.call("GET", "query", params={"q": "SELECT FIELDS(ALL) FROM Account"})
    assert (reply.status, reply.body[0]["errorCode"]) == (400, "MALFORMED_QUERY")

    (record,) = org.records("SELECT FIELDS(ALL) FROM Account WHERE Name = 'Acme' LIMIT 1")
    (custom,) = org.records("SELECT FIELDS(CUSTOM) FROM Account WHERE Name = 'Acme' LIMIT 1")
    assert record["Name"] == "Acme"
    assert custom == {"ExternalID__c": "A"}


def test_deleted_rows_show_up_in_query_all_only(org: TestOrg) -> None:
    with org.world.store.transaction("x") as tx:
        tx.delete(org.records("SELECT Id FROM Account WHERE Name = 'Corve'")[0]["Id"])

    assert org.query("SELECT COUNT() FROM Account")["totalSize"] == 2
    assert org.query("SELECT COUNT() FROM Account WHERE IsDeleted = true", everything=True)["totalSize"] == 1
    assert org.query("SELECT COUNT() FROM Account ALL ROWS")["totalSize"] == 3


@pytest.mark.parametrize(
    ("soql", "code", "says"),
    [
        ("SELECT Nope FROM Account", "INVALID_FIELD", "No such column 'Nope' on entity 'Account'"),
        ("SELECT Id FROM Nope", "INVALID_TYPE", "sObject type 'Nope' is not supported"),
        ("SELECT Nope.Name FROM Account", "INVALID_FIELD", "Didn't understand relationship 'Nope'"),
        (
            "SELECT (SELECT Id FROM Nopes) FROM Account",
            "INVALID_TYPE",
            "Didn't understand relationship 'Nopes'",
        ),
        ("SELECT Id FROM Account WHERE Name = 5", "INVALID_FIELD", "should be enclosed in quotes"),
        ("SELECT Id FROM Account WHERE CreatedDate = '2026'", "INVALID_FIELD", "must be of type dateTime"),
        (
            "SELECT Id FROM Account WHERE Id = 'short'",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid ID field: short",
        ),
        ("SELECT Id FROM Account WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered"),
        (
            "SELECT Name FROM Account GROUP BY Industry",
            "MALFORMED_QUERY",
            "must be grouped or aggregated: Name",
        ),
        ("SELECT SUM(Name) FROM Account", "MALFORMED_QUERY", "does not support aggregate operator SUM"),
        ("SELECT Id FROM Account LIMIT 1 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "2000"),
        ("SELECT Name n FROM Account", "MALFORMED_QUERY", "only aggregate expressions use field aliasing"),
        ("SELECT NOW(Name) FROM Account", "MALFORMED_QUERY", "Invalid function"),
        ("SELECT Id FROM CustomField", "INVALID_TYPE", "not supported"),
        ("", "MALFORMED_QUERY", "empty"),
    ],
)
def test_a_bad_query_is_refused_in_the_platforms_words(org: TestOrg, soql: str, code: str, says: str) -> None:
    reply = org.call("GET", "query", params={"q": soql})

    assert reply.status == 400
    (error,) = reply.body
    assert error["errorCode"] == code
    assert says in error["message"]


def test_a_hidden_field_does_not_exist(org: TestOrg) -> None:
    org.declare("field_hidden", times=None, entity="Account", field="Phone")

    reply = org.call("GET", "query", params={"q": "SELECT Phone FROM Account"})

    described: Any = org.call("GET", "sobjects/Account/describe").body
    assert reply.body[0]["errorCode"] == "INVALID_FIELD"
    assert "Phone" not in [each["name"] for each in described["fields"]]


def test_a_lagging_query_sees_the_children_of_a_while_ago_too(org: TestOrg) -> None:
    """Else it would show a deal without its lines that never was without."""
    org.clock.advance(60)
    (deal,) = org.records("SELECT Id FROM Opportunity WHERE Name = 'Desks'")
    with org.world.store.transaction("x") as tx:
        tx.delete(deal["Id"])
    org.declare("query_commit_lag", times=None, seconds=30)

    (seen,) = org.records(
        "SELECT Name, (SELECT Quantity FROM OpportunityLineItems) FROM Opportunity WHERE Name = 'Desks'"
    )
    assert [line["Quantity"] for line in seen["OpportunityLineItems"]["records"]] == [2.0]

    org.clock.advance(31)
    assert _names(org, "Name = 'Desks'", "Opportunity") == []


def test_a_lagging_query_sees_the_state_of_a_while_ago(org: TestOrg) -> None:
    org.clock.advance(60)
    with org.world.store.transaction("x") as tx:
        tx.update(org.records("SELECT Id FROM Account WHERE Name = 'Acme'")[0]["Id"], {"Name": "Acme Ltd"})
    org.make("Account", Name="Fresh")
    org.declare("query_commit_lag", times=2, match={"entity": "Account"}, seconds=30)

    assert _names(org, "Name != null") == ["Acme", "bolt", "Corve"]
    org.clock.advance(31)
    assert _names(org, "Name != null") == ["Acme Ltd", "bolt", "Corve", "Fresh"]
