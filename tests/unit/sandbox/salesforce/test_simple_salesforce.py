"""The published simple-salesforce client against the whole application, plain HTTP on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)
from simple_salesforce.login import SalesforceLogin

from sandbox.salesforce.app import create_app
from sandbox.salesforce.seed import seed
from tests.support.salesforce_org import TestOrg
from tests.support.streaming import served


class _PlainHttp(requests.Session):
    """The client insists on https and on salesforce.com; this session goes to the sandbox instead."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        path = "/" + str(url).split("/", 3)[3]
        return super().request(method, self._url + path, *args, **{"timeout": 30, **kwargs})


@pytest.fixture
def org() -> TestOrg:
    org = TestOrg()
    seed(org.world)
    return org


@pytest.fixture
def session(org: TestOrg) -> Iterator[requests.Session]:
    with served(create_app(org.world)) as url, _PlainHttp(url) as session:
        yield session


@pytest.fixture
def sf(org: TestOrg, session: requests.Session) -> Any:
    """Any, because the client makes up its attributes as it goes."""
    known = org.world.credentials
    return Salesforce(
        username=known.username, password=known.password, security_token=known.security_token, session=session
    )


def test_every_kind_of_login_works(org: TestOrg, session: requests.Session) -> None:
    known = org.world.credentials
    ours: dict[str, Any] = {
        "consumer_key": known.client_id,
        "consumer_secret": known.client_secret,
        "session": session,
    }

    by_app, _ = SalesforceLogin(domain="brindlewick.my", **ours)
    by_password, _ = SalesforceLogin(username=known.username, password=known.password, **ours)
    by_soap, _ = SalesforceLogin(
        username=known.username, password=known.password, security_token="", session=session
    )

    users = [org.world.sessions.user_of(token) for token in (by_app, by_password, by_soap)]
    assert [user and user.id for user in users] == [
        org.world.org.integration_id,
        *[org.world.org.sales_id] * 2,
    ]


def test_a_wrong_password_and_a_new_version_are_refused_by_soap(
    org: TestOrg, session: requests.Session
) -> None:
    known = org.world.credentials

    with pytest.raises(SalesforceAuthenticationFailed, match="INVALID_LOGIN"):
        SalesforceLogin(username=known.username, password="no", security_token="", session=session)
    with pytest.raises(SalesforceAuthenticationFailed, match="UNSUPPORTED_API_VERSION"):
        SalesforceLogin(
            username=known.username,
            password=known.password,
            security_token="",
            sf_version="65.0",
            session=session,
        )


def test_records_are_made_changed_found_and_deleted(sf: Any) -> None:
    made = sf.Account.create({"Name": "O'Brien & Söhne", "ExternalID__c": "K-1"})
    assert sf.Account.update(made["id"], {"Phone": "1"}) == 204
    assert sf.Account.upsert("ExternalID__c/K-1", {"Fax": "2"}) == 200
    assert sf.Account.upsert("ExternalID__c/K-2", {"Name": "New"}) == 201
    by_key = sf.Account.get_by_custom_id("ExternalID__c", "K-1")
    found = sf.query("SELECT Id, Name, Phone, Fax FROM Account WHERE Name = 'O\\'Brien & Söhne'")
    assert sf.Account.delete(made["id"]) == 204

    assert by_key["Id"] == made["id"]
    assert [(each["Phone"], each["Fax"]) for each in found["records"]] == [("1", "2")]
    with pytest.raises(SalesforceResourceNotFound, match="ENTITY_IS_DELETED"):
        sf.Account.get(made["id"])


def test_the_firm_is_there_with_its_deals(sf: Any) -> None:
    deals = sf.query_all(
        "SELECT Name, Amount, Account.Name, (SELECT Quantity, TotalPrice FROM OpportunityLineItems) "
        "FROM Opportunity WHERE IsWon = false ORDER BY Name"
    )["records"]

    assert len(deals) == 5
    for deal in deals:
        lines = deal["OpportunityLineItems"]["records"]
        assert deal["Amount"] == pytest.approx(sum(line["TotalPrice"] for line in lines))
        assert deal["Name"].startswith(deal["Account"]["Name"])


def test_describe_limits_and_usage_are_read(sf: Any) -> None:
    assert "Account" in {each["name"] for each in sf.describe()["sobjects"]}
    assert "ExternalID__c" in {each["name"] for each in sf.Account.describe()["fields"]}
    assert sf.limits()["DailyApiRequests"]["Max"] == 100_000
    assert sf.api_usage["api-usage"].total == 100_000


def test_errors_keep_their_status_and_content(sf: Any) -> None:
    with pytest.raises(SalesforceMalformedRequest, match="REQUIRED_FIELD_MISSING"):
        sf.Opportunity.create({"Name": "x"})
    with pytest.raises(SalesforceMalformedRequest, match="No such column 'Nope'"):
        sf.query("SELECT Nope FROM Account")


def test_an_expired_session_is_noticed_and_renewed(org: TestOrg, session: requests.Session, sf: Any) -> None:
    direct = Salesforce(instance="x.my.salesforce.com", session_id="gone", session=session)
    with pytest.raises(SalesforceExpiredSession):
        direct.limits()
    org.world.sessions.revoke_all()

    assert sf.query("SELECT COUNT() FROM Account")["totalSize"] == 6


def test_composite_goes_through_the_generic_call(sf: Any) -> None:
    records = [{"attributes": {"type": "Contact"}, "LastName": name} for name in ("One", "Two")]

    results = sf.restful("composite/sobjects", method="POST", json={"records": records})

    assert [each["success"] for each in results] == [True, True]


def test_bulk_loads_and_reads(sf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # The client waits five seconds before its first look; here a job is done at once.
    monkeypatch.setattr("simple_salesforce.bulk2.sleep", lambda _seconds: None)
    records = [
        {"ExternalID__c": f"B{number}", "Name": f"Bulk {number}" if number else ""} for number in range(25)
    ]

    (job,) = sf.bulk2.Account.upsert(records=records, external_id_field="ExternalID__c")
    failed = sf.bulk2.Account.get_failed_records(job["job_id"])
    unprocessed = sf.bulk2.Account.get_unprocessed_records(job["job_id"])
    pages = list(
        sf.bulk2.Account.query("SELECT Id, Name FROM Account WHERE Name LIKE 'Bulk%'", max_records=10)
    )

    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (25, 1)
    assert "REQUIRED_FIELD_MISSING" in failed
    assert len(unprocessed.splitlines()) == 1
    assert [len(page.splitlines()) - 1 for page in pages] == [10, 10, 4]
