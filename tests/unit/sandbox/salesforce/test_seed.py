"""The invented firm: it is the same in every run of one seed, and it holds together."""

from __future__ import annotations

from sandbox.salesforce.seed import seed
from tests.support.salesforce_org import TestOrg


def test_the_same_seed_makes_the_same_org() -> None:
    orgs = [TestOrg(seed=3), TestOrg(seed=3)]
    for each in orgs:
        seed(each.world)

    first, second = (org.records("SELECT Id, Name, Amount FROM Opportunity ORDER BY Id") for org in orgs)
    assert first == second
    assert orgs[0].world.credentials == orgs[1].world.credentials


def test_every_deal_can_become_an_invoice(org: TestOrg) -> None:
    seed(org.world)

    deals = org.records(
        "SELECT Amount, Account.BillingPostalCode, (SELECT Product2.VAT_Rate__c FROM OpportunityLineItems), "
        "(SELECT Contact.Email FROM OpportunityContactRoles WHERE IsPrimary = true) FROM Opportunity"
    )

    assert len(deals) == 5
    for deal in deals:
        assert deal["Amount"] > 0
        assert deal["Account"]["BillingPostalCode"]
        assert all(
            line["Product2"]["VAT_Rate__c"] is not None for line in deal["OpportunityLineItems"]["records"]
        )
        assert deal["OpportunityContactRoles"]["records"][0]["Contact"]["Email"].endswith(".example")


def test_nothing_of_the_seed_is_won_yet(org: TestOrg) -> None:
    seed(org.world)

    assert org.query("SELECT COUNT() FROM Opportunity WHERE IsClosed = true")["totalSize"] == 0
