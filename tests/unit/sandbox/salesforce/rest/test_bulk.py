"""Bulk API 2.0 (reference salesforce.md section 3.7)."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from sandbox.salesforce.rest.call import Call, Reply
from tests.support.salesforce_org import TestOrg

UPSERT = {
    "object": "Account",
    "operation": "upsert",
    "externalIdFieldName": "ExternalID__c",
    "contentType": "CSV",
}


def _run(org: TestOrg, job: dict[str, Any], text: str) -> dict[str, Any]:
    """The job after its whole life."""
    place = f"jobs/ingest/{org.call('POST', 'jobs/ingest', job).body['id']}"
    uploaded = org.call("PUT", f"{place}/batches", text.encode(), headers={"content-type": "text/csv"})
    assert uploaded.status == 201
    org.call("PATCH", place, {"state": "UploadComplete"})
    body: dict[str, Any] = org.call("GET", place).body
    return body


def _rows(org: TestOrg, job: dict[str, Any], which: str) -> list[dict[str, str]]:
    reply = org.call("GET", f"jobs/ingest/{job['id']}/{which}/")
    assert reply.media_type == "text/csv"
    return list(csv.DictReader(io.StringIO(reply.body)))


def test_good_and_bad_rows_part_and_come_back_shuffled(org: TestOrg) -> None:
    names = [f"A{number}" for number in range(60)]
    lines = "\n".join(f"{name},{name if number % 20 else ''}" for number, name in enumerate(names))

    job = _run(org, UPSERT, f"ExternalID__c,Name\n{lines}\n")

    assert (job["state"], job["numberRecordsProcessed"], job["numberRecordsFailed"]) == ("JobComplete", 60, 3)
    good, bad = _rows(org, job, "successfulResults"), _rows(org, job, "failedResults")
    assert sorted(row["ExternalID__c"] for row in good + bad) == sorted(names)
    assert [row["ExternalID__c"] for row in good] != [
        name for name in names if name in {r["Name"] for r in good}
    ]
    assert list(good[0]) == ["sf__Id", "sf__Created", "ExternalID__c", "Name"]
    assert bad[0]["sf__Error"] == "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"
    assert _rows(org, job, "unprocessedrecords") == []


def test_empty_means_unchanged_and_na_means_null(org: TestOrg) -> None:
    account = org.make("Account", Name="Acme", Phone="1", Fax="2", ExternalID__c="A")

    _run(org, UPSERT, "ExternalID__c,Phone,Fax\nA,,#N/A\n")

    assert (org.row(account)["Phone"], org.row(account)["Fax"]) == ("1", None)


def test_parents_are_named_by_their_external_id(org: TestOrg) -> None:
    account = org.make("Account", Name="Acme", ExternalID__c="A")

    job = _run(
        org,
        {"object": "Contact", "operation": "insert"},
        'LastName,Account.ExternalID__c\nNair,A\n"O, bi",B\n',
    )

    (good,), (bad,) = _rows(org, job, "successfulResults"), _rows(org, job, "failedResults")
    assert org.row(good["sf__Id"])["AccountId"] == account
    assert bad["LastName"] == "O, bi"


def test_the_client_named_at_the_job_is_the_origin_of_its_changes(org: TestOrg) -> None:
    origins: list[str] = []
    org.world.store.on_commit(lambda commit: origins.append(commit.origin))
    headers = {"sforce-call-options": "client=AcmeBooks"}

    job = org.call("POST", "jobs/ingest", UPSERT, headers=headers).body
    org.call("PUT", f"jobs/ingest/{job['id']}/batches", b"ExternalID__c,Name\nA,Acme\n")
    org.call("PATCH", f"jobs/ingest/{job['id']}", {"state": "UploadComplete"})

    assert origins == ["com/salesforce/api/bulkapi/66.0;client=AcmeBooks"]


def test_rows_are_deleted_by_id(org: TestOrg) -> None:
    account = org.make("Account", Name="Acme")

    job = _run(org, {"object": "Account", "operation": "delete"}, f"Id\n{account}\nnonsense\n")

    assert org.row(account)["IsDeleted"]
    assert _rows(org, job, "failedResults")[0]["sf__Error"].startswith("MALFORMED_ID:")


@pytest.mark.parametrize(
    ("job", "text"),
    [
        (
            {**UPSERT, "lineEnding": "CRLF", "columnDelimiter": "SEMICOLON"},
            "ExternalID__c;Name\r\nA;Acme\r\n",
        ),
        ({**UPSERT, "columnDelimiter": "TAB"}, "ExternalID__c\tName\nA\tAcme\n"),
        ({**UPSERT, "columnDelimiter": "PIPE"}, '"ExternalID__c"|"Name"\n"A"|"Acme"\n'),
    ],
)
def test_every_dialect_is_read(org: TestOrg, job: dict[str, Any], text: str) -> None:
    assert _run(org, job, text)["numberRecordsFailed"] == 0
    assert org.world.store.rows("Account")[0]["Name"] == "Acme"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ExternalID__c,Name\r\nA,Acme\r\n", "LineEnding"),
        ("ExternalID__c,Nope\nA,Acme\n", "Field name not found : Nope"),
        ("ExternalID__c,Name\nA\n", "line 2"),
        ("", "header"),
    ],
)
def test_an_unreadable_upload_fails_the_job(org: TestOrg, text: str, says: str) -> None:
    job = _run(org, UPSERT, text)

    assert job["state"] == "Failed"
    assert says in job["errorMessage"]


def test_states_are_walked_in_order(org: TestOrg) -> None:
    job = org.call("POST", "jobs/ingest", UPSERT).body
    place = f"jobs/ingest/{job['id']}"

    assert (job["state"], job["contentUrl"]) == ("Open", f"services/data/v66.0/{place}/batches")
    assert org.call("PATCH", place, {"state": "UploadComplete"}).body[0]["errorCode"] == "InvalidJobState"
    assert org.call("GET", f"{place}/successfulResults").body[0]["errorCode"] == "InvalidJobState"
    assert org.call("DELETE", place).body[0]["errorCode"] == "InvalidJobState"
    org.call("PUT", f"{place}/batches", b"ExternalID__c,Name\n")
    assert org.call("PUT", f"{place}/batches", b"again").body[0]["errorCode"] == "InvalidBatch"
    assert org.call("PATCH", place, {"state": "Aborted"}).body["state"] == "Aborted"
    assert org.call("DELETE", place).status == 204
    assert org.call("GET", place).status == 404


def test_a_slow_job_is_done_when_its_time_has_come(org: TestOrg) -> None:
    org.declare("bulk_job_slow", seconds=30)
    job = _run(org, UPSERT, "ExternalID__c,Name\nA,Acme\n")
    assert (job["state"], org.world.store.rows("Account")) == ("InProgress", [])

    org.clock.advance(30)

    assert org.call("GET", f"jobs/ingest/{job['id']}").body["state"] == "JobComplete"
    assert len(org.world.store.rows("Account")) == 1


def test_a_slow_job_that_is_aborted_leaves_its_rows_unprocessed(org: TestOrg) -> None:
    org.declare("bulk_job_slow")
    job = _run(org, UPSERT, "ExternalID__c,Name\nA,Acme\n")
    place = f"jobs/ingest/{job['id']}"

    assert org.call("PATCH", place, {"state": "Aborted"}).body["state"] == "Aborted"

    assert org.call("GET", f"{place}/unprocessedrecords").body == '"ExternalID__c","Name"\n"A","Acme"\n'
    assert org.world.store.rows("Account") == []


@pytest.mark.parametrize(
    "body",
    [
        {"object": "Account", "operation": "merge"},
        {**UPSERT, "lineEnding": "CR"},
        {**UPSERT, "externalIdFieldName": ""},
    ],
)
def test_a_job_that_makes_no_sense_is_refused(org: TestOrg, body: dict[str, Any]) -> None:
    assert org.call("POST", "jobs/ingest", body).body[0]["errorCode"] == "InvalidJob"


def test_a_multipart_job_brings_its_rows_along(org: TestOrg) -> None:
    parts = {
        "job": '{"object":"Account","operation":"insert","contentType":"CSV"}',
        "content": "Name\nAcme\n",
    }
    call = Call(user=org.user, method="POST", version="66.0", segments=("jobs", "ingest"), parts=parts)

    job = org.send(call).body

    assert job["state"] == "UploadComplete"
    assert org.world.store.rows("Account")[0]["Name"] == "Acme"


def test_declared_faults_fail_rows_leave_rows_and_fail_jobs(org: TestOrg) -> None:
    text = "ExternalID__c,Name\n" + "".join(f"K{number},N{number}\n" for number in range(10))
    org.declare("bulk_fail_rows", match={"index": 2}, error="UNABLE_TO_LOCK_ROW")
    org.declare("bulk_unprocessed_rows", match={"index": 7})

    job = _run(org, UPSERT, text)
    org.declare("bulk_job_failed", message="InternalServerError : broken")
    failed = _run(org, UPSERT, text)

    assert _rows(org, job, "failedResults")[0]["sf__Error"].startswith("UNABLE_TO_LOCK_ROW:")
    assert [row["Name"] for row in _rows(org, job, "unprocessedrecords")] == ["N7", "N8", "N9"]
    assert (failed["state"], failed["errorMessage"]) == ("Failed", "InternalServerError : broken")
    assert len(_rows(org, failed, "unprocessedrecords")) == 10


def _results(org: TestOrg, job_id: str, **params: str) -> Reply:
    return org.call("GET", f"jobs/query/{job_id}/results", params=params)


def test_a_query_job_is_read_page_by_page(org: TestOrg) -> None:
    for number in range(5):
        org.make("Account", Name=f"A{number}", AnnualRevenue=number)
    soql = "SELECT Name, Owner.Name, AnnualRevenue, CreatedDate, IsDeleted, Phone FROM Account ORDER BY Name"
    job = org.call("POST", "jobs/query", {"operation": "query", "query": soql}).body
    assert org.call("GET", f"jobs/query/{job['id']}").body["numberRecordsProcessed"] == 5

    first = _results(org, job["id"], maxRecords="3")
    second = _results(org, job["id"], maxRecords="3", locator=first.headers["Sforce-Locator"])

    assert first.headers["Sforce-NumberOfRecords"] == "3"
    assert (second.headers["Sforce-NumberOfRecords"], second.headers["Sforce-Locator"]) == ("2", "null")
    assert second.body == (
        '"Name","Owner.Name","AnnualRevenue","CreatedDate","IsDeleted","Phone"\n'
        '"A3","Priya Shah","3.0","2026-11-21T09:30:00.000Z","false",""\n'
        '"A4","Priya Shah","4.0","2026-11-21T09:30:00.000Z","false",""\n'
    )


def test_result_pages_cover_everything_side_by_side(org: TestOrg) -> None:
    for number in range(12):
        org.make("Account", Name=f"A{number:02}")
    job = org.call("POST", "jobs/query", {"operation": "query", "query": "SELECT Name FROM Account"}).body

    pages = org.call("GET", f"jobs/query/{job['id']}/resultPages").body["resultPages"]

    names: list[str] = []
    for page in pages:
        params = dict(each.split("=") for each in page["resultUrl"].partition("?")[2].split("&"))
        names += [row["Name"] for row in csv.DictReader(io.StringIO(_results(org, job["id"], **params).body))]
    assert names == [f"A{number:02}" for number in range(12)]


@pytest.mark.parametrize(
    "soql",
    [
        "SELECT Nope FROM Account",
        "SELECT COUNT(Id) FROM Account",
        "SELECT (SELECT Id FROM Contacts) FROM Account",
    ],
)
def test_a_query_that_bulk_does_not_take_fails_its_job(org: TestOrg, soql: str) -> None:
    job = org.call("POST", "jobs/query", {"operation": "query", "query": soql}).body

    assert org.call("GET", f"jobs/query/{job['id']}").body["state"] == "Failed"


def test_results_belong_to_the_version_that_asked(org: TestOrg) -> None:
    job = org.call("POST", "jobs/query", {"operation": "query", "query": "SELECT Id FROM Account"}).body

    assert org.call("GET", f"jobs/query/{job['id']}/results", version="60.0").status == 409
