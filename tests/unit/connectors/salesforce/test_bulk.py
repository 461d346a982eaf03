"""Bulk jobs step by step, and their CSV."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import Busy, LoginFailed, QuotaSpent, Refused, Unreadable
from connectors.salesforce.bulk_rows import aligned, read_rows, write_rows
from connectors.salesforce.rest import SalesforceClient
from tests.support.salesforce_wire import Answer, ScriptedSalesforce

JOB = "750000000000001AAA"
ONE, TWO = "001000000000001AAA", "001000000000002AAA"


def told(state: str, **more: object) -> Answer:
    return Answer(body={"id": JOB, "state": state, **more})


def csv_answer(text: str, **headers: str) -> Answer:
    return Answer(200, text.encode(), headers)


def test_an_ingest_job_goes_step_by_step(salesforce: ScriptedSalesforce, client: SalesforceClient) -> None:
    salesforce.will_answer(
        told("Open"),
        Answer(201),
        told("UploadComplete"),
        told("InProgress"),
        told("JobComplete", numberRecordsProcessed=3, numberRecordsFailed=1),
    )

    job = client.bulk.create("Account", "upsert", "Ext__c")
    client.bulk.upload(job, [{"Ext__c": "A1", "Name": "Ash, Birch & Co"}, {"Ext__c": "A2", "Name": None}])
    client.bulk.close(job)
    assert not client.bulk.poll(job).ended
    end = client.bulk.poll(job)

    assert (end.ended, end.processed, end.failed) == (True, 3, 1)
    create, upload, close, poll, _ = salesforce.heard
    assert create.json["externalIdFieldName"] == "Ext__c"
    assert (upload.method, upload.path) == ("PUT", f"/services/data/v66.0/jobs/ingest/{JOB}/batches")
    assert upload.headers["content-type"] == "text/csv; charset=UTF-8"
    assert upload.body == b'"Ext__c","Name"\n"A1","Ash, Birch & Co"\n"A2","#N/A"\n'
    assert (close.method, close.json) == ("PATCH", {"state": "UploadComplete"})
    assert poll.path == f"/services/data/v66.0/jobs/ingest/{JOB}"


def test_results_are_matched_by_key_and_unprocessed_rows_stand_apart(
    salesforce: ScriptedSalesforce, client: SalesforceClient
) -> None:
    lock = "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record or 1 records: 001:--"
    missing = "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"
    salesforce.will_answer(
        told("JobComplete"),
        csv_answer(f'"sf__Id","sf__Created","Ext__c"\n"{TWO}","true","A2"\n"{ONE}","false","A1"\n'),
        csv_answer(f'"sf__Id","sf__Error","Ext__c"\n"","{lock}","A3"\n"","{missing}","A4"\n'),
        csv_answer('"Ext__c","Name"\n"A5","Elm"\n'),
    )
    job = client.bulk.create("Account", "upsert", "Ext__c")

    outcome = client.bulk.outcome(job, "Ext__c")

    assert (outcome.results["A1"].id, outcome.results["A1"].created) == (ONE, False)
    assert (outcome.results["A2"].id, outcome.results["A2"].created) == (TWO, True)
    assert isinstance(outcome.results["A3"].error, Busy)
    refused = outcome.results["A4"].error
    assert isinstance(refused, Refused)
    assert refused.fields == ("Name",)
    assert refused.message == "REQUIRED_FIELD_MISSING: Required fields are missing: [Name]"
    assert outcome.unprocessed == ["A5"]


def test_a_query_job_is_read_page_by_page_to_the_end(
    salesforce: ScriptedSalesforce, client: SalesforceClient
) -> None:
    salesforce.will_answer(
        told("UploadComplete"),
        csv_answer('"Id","Name"\n"1","Ash"\n', **{"Sforce-Locator": "MTAw"}),
        csv_answer('"Id","Name"\n"2",""\n', **{"Sforce-Locator": "null"}),
    )
    job = client.bulk.create_query("SELECT Id, Name FROM Account")
    pages = list(client.bulk.query_results(job, page_rows=1))
    assert pages == [[{"Id": "1", "Name": "Ash"}], [{"Id": "2", "Name": ""}]]
    assert salesforce.heard[1].params == {"maxRecords": "1"}
    assert salesforce.heard[2].params == {"maxRecords": "1", "locator": "MTAw"}


def test_bulk_errors_cross_the_same_border(salesforce: ScriptedSalesforce, client: SalesforceClient) -> None:
    for status, code, kind in (
        (400, "InvalidJobState", Refused),
        (400, "ExceededQuota", QuotaSpent),
        (400, "InvalidSessionId", LoginFailed),
    ):
        salesforce.will_answer(Answer(status, [{"errorCode": code, "message": "why"}]))
        with pytest.raises(kind):
            client.bulk.create("Account", "insert")


@pytest.mark.parametrize("content", ["\xff\xfe", 'a,b\n"1', "a,b\n1\n"])
def test_what_is_not_the_csv_that_was_promised_is_unreadable(content: str) -> None:
    with pytest.raises(Unreadable):
        read_rows(content.encode("latin-1"))


def test_results_without_the_key_column_are_unreadable(
    salesforce: ScriptedSalesforce, client: SalesforceClient
) -> None:
    salesforce.will_answer(
        told("JobComplete"), csv_answer("sf__Id,sf__Created\n1,true\n"), *[csv_answer("")] * 2
    )
    job = client.bulk.create("Account", "insert")
    with pytest.raises(Unreadable, match="no column Ext__c"):
        client.bulk.outcome(job, "Ext__c")


texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1)


@given(st.lists(st.fixed_dictionaries({"Ext__c": texts, "Name": texts}), min_size=1))
def test_any_text_survives_the_csv(records: list[dict[str, str]]) -> None:
    assert read_rows(write_rows(records)) == records


def test_records_with_different_fields_leave_the_others_as_they_are_and_blank_what_is_blank() -> None:
    rows = aligned([{"Id": ONE, "Name": "Ash"}, {"Id": TWO, "Phone": None}, {"Id": ONE, "Phone": ""}])

    assert write_rows(rows) == (
        f'"Id","Name","Phone"\n"{ONE}","Ash",""\n"{TWO}","","#N/A"\n"{ONE}","","#N/A"\n'.encode()
    )


def test_values_are_written_as_bulk_reads_them() -> None:
    row = {"a": None, "b": True, "c": Decimal("1E+2"), "d": 7, "e": ""}
    assert write_rows([row]) == b'"a","b","c","d","e"\n"#N/A","true","100","7",""\n'


@pytest.mark.parametrize(
    ("records", "kind"),
    [([], ValueError), ([{"a": "1"}, {"b": "1"}], ValueError), ([{"a": 1.5}], TypeError)],
)
def test_rows_that_cannot_be_sent_are_refused(
    records: list[dict[str, object]], kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        write_rows(records)
