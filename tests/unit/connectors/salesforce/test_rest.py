"""Single records, windows of time, composite calls, descriptions and limits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from connectors.errors import AnswerLost, Busy, Duplicate, NotAllowed, Refused, Unreadable
from connectors.salesforce.collections import RowResult
from connectors.salesforce.limits import Limit
from connectors.salesforce.oauth import fixed_token
from connectors.salesforce.rest import SalesforceClient, Subrequest
from connectors.salesforce.rows import DeletedRecord
from tests.support.salesforce_wire import Answer, ScriptedSalesforce

RECORD = "001000000000001AAA"
START = datetime(2026, 3, 1, 9, tzinfo=UTC)
END = datetime(2026, 3, 2, 10, tzinfo=timezone(timedelta(hours=1)))


class TestSingleRecords:
    def test_an_update_patches_the_record(
        self, salesforce: ScriptedSalesforce, client: SalesforceClient
    ) -> None:
        salesforce.will_answer(Answer(204))
        client.update("Opportunity", RECORD, {"Amount": Decimal("99.90"), "NextStep": None})
        (call,) = salesforce.heard
        assert (call.method, call.body) == ("PATCH", b'{"Amount":99.90,"NextStep":null}')

    @pytest.mark.parametrize(("status", "created"), [(201, True), (200, False)])
    def test_an_upsert_tells_whether_it_created(
        self, salesforce: ScriptedSalesforce, client: SalesforceClient, status: int, created: bool
    ) -> None:
        salesforce.will_answer(
            Answer(status, {"id": RECORD, "success": True, "errors": [], "created": created})
        )
        result = client.upsert("Account", "Ext__c", "A/1 é", {"Name": "Rowan"})
        assert result == RowResult(RECORD, success=True, created=created)
        assert salesforce.heard[0].target.endswith("/sobjects/Account/Ext__c/A%2F1%20%C3%A9")

    def test_an_external_id_that_several_records_carry_is_nobodys_twin(
        self, salesforce: ScriptedSalesforce, client: SalesforceClient
    ) -> None:
        salesforce.will_answer(Answer(300, ["/services/data/v66.0/sobjects/Account/001000000000001AAA"] * 2))
        with pytest.raises(Duplicate, match="merge them") as error:
            client.upsert("Account", "Ext__c", "A1", {})
        assert error.value.existing_id is None

    def test_a_hidden_external_id_field_says_so(
        self, salesforce: ScriptedSalesforce, client: SalesforceClient
    ) -> None:
        message = "Provided external ID field does not exist or is not accessible: Ext__c"
        salesforce.will_answer(Answer(404, [{"errorCode": "NOT_FOUND", "message": message}]))
        with pytest.raises(NotAllowed, match="Ext__c"):
            client.upsert("Account", "Ext__c", "A1", {})

    @pytest.mark.parametrize("body", [{}, {"success": True}, {"success": True, "id": "?", "created": True}])
    def test_an_upsert_without_a_record_in_its_answer_is_unreadable(
        self, salesforce: ScriptedSalesforce, client: SalesforceClient, body: object
    ) -> None:
        salesforce.will_answer(Answer(body=body))
        with pytest.raises(Unreadable) as error:
            client.upsert("Account", "Ext__c", "A1", {})
        assert error.value.may_have_happened

    @pytest.mark.parametrize("record_id", ["", ".", ".."])
    def test_an_id_cannot_lead_to_another_resource(self, client: SalesforceClient, record_id: str) -> None:
        with pytest.raises(ValueError, match="cannot be a name or a key"):
            client.update("Account", record_id, {})


class TestWindows:
    def test_deleted_records_come_with_their_times(
        self, salesforce: ScriptedSalesforce, client: SalesforceClient
    ) -> None:
        salesforce.will_answer(
            Answer(
                body={
                    "deletedRecords": [{"id": RECORD, "deletedDate": "2026-03-01T09:30:00.000+0000"}],
                    "earliestDateAvailable": "2026-02-14T00:00:00.000+0000",
                    "latestDateCovered": "2026-03-02T09:00:00.000Z",
                }
            )
        )
        told = client.deleted("Account", START, END)
        assert told.records == [DeletedRecord(RECORD, datetime(2026, 3, 1, 9, 30, tzinfo=UTC))]
        assert told.latest_covered == datetime(2026, 3, 2, 9, tzinfo=UTC)
        assert salesforce.heard[0].params == {
            "start": "2026-03-01T09:00:00+00:00",
            "end": "2026-03-02T09:00:00+00:00",
        }

    def test_updated_records_come_as_ids(
        self, salesforce: ScriptedSalesforce, client: SalesforceClient
    ) -> None:
        body = {"ids": ["001000000000001"], "latestDateCovered": "2026-03-02T09:00:00.000+0000"}
        salesforce.will_answer(Answer(body=body))
        assert client.updated("Account", START, END).ids == [RECORD]

    @pytest.mark.parametrize(
        "body",
        [
            {"ids": [RECORD]},
            {"ids": [7], "latestDateCovered": "2026-03-02T09:00:00.000+0000"},
            {"ids": [], "latestDateCovered": "yesterday"},
            {"ids": [], "latestDateCovered": "2026-03-02T09:00:00"},
        ],
    )
    def test_an_answer_that_lacks_a_part_is_unreadable(
        self, salesforce: ScriptedSalesforce, client: SalesforceClient, body: object
    ) -> None:
        salesforce.will_answer(Answer(body=body))
        with pytest.raises(Unreadable):
            client.updated("Account", START, END)

    def test_a_time_without_zone_is_refused_by_name(self, client: SalesforceClient) -> None:
        with pytest.raises(ValueError, match="start has no time zone"):
            client.deleted("Account", START.replace(tzinfo=None), END)


class TestComposite:
    def test_several_requests_are_one_call_and_keep_their_order(
        self, salesforce: ScriptedSalesforce, client: SalesforceClient
    ) -> None:
        halted = [{"errorCode": "PROCESSING_HALTED", "message": "rolled back"}]
        refused = [{"errorCode": "REQUIRED_FIELD_MISSING", "message": "LastName", "fields": ["LastName"]}]
        entries = [
            {"body": halted, "httpHeaders": {}, "httpStatusCode": 400, "referenceId": "acc"},
            {"body": refused, "httpHeaders": {}, "httpStatusCode": 400, "referenceId": "con"},
        ]
        salesforce.will_answer(Answer(body={"compositeResponse": entries}))

        account, contact = client.composite(
            [
                Subrequest("PATCH", "sobjects/Account/Ext__c/A1", "acc", {"Name": "Rowan"}),
                Subrequest("POST", "sobjects/Contact", "con", {"AccountId": "@{acc.id}"}),
            ],
            all_or_none=True,
        )

        assert isinstance(account.error, Busy)
        assert isinstance(contact.error, Refused)
        sent = salesforce.heard[0].json
        assert (sent["allOrNone"], sent["collateSubrequests"]) == (True, False)
        assert sent["compositeRequest"][1] == {
            "method": "POST",
            "url": "/services/data/v66.0/sobjects/Contact",
            "referenceId": "con",
            "body": {"AccountId": "@{acc.id}"},
        }

    def test_an_empty_success_has_no_error(
        self, salesforce: ScriptedSalesforce, client: SalesforceClient
    ) -> None:
        entry = {"body": None, "httpStatusCode": 204, "referenceId": "a"}
        salesforce.will_answer(Answer(body={"compositeResponse": [entry]}))
        (answer,) = client.composite([Subrequest("PATCH", f"sobjects/Account/{RECORD}", "a", {})])
        assert (answer.status, answer.error) == (204, None)

    @pytest.mark.parametrize(
        "body",
        [
            {},
            [],
            {"compositeResponse": []},
            {"compositeResponse": [{"httpStatusCode": 200, "referenceId": "other"}]},
            {"compositeResponse": [{"referenceId": "a"}]},
        ],
    )
    def test_answers_that_cannot_be_matched_are_unreadable(
        self, salesforce: ScriptedSalesforce, client: SalesforceClient, body: object
    ) -> None:
        salesforce.will_answer(Answer(body=body))
        with pytest.raises(Unreadable):
            client.composite([Subrequest("GET", "limits", "a")])

    @pytest.mark.parametrize(
        ("names", "complaint"),
        [([], "1 to 25"), (["a"] * 26, "1 to 25"), (["a", "a"], "of its own"), (["a-b"], "'a-b' may have")],
    )
    def test_what_would_fail_as_a_whole_is_refused_before(
        self, client: SalesforceClient, names: list[str], complaint: str
    ) -> None:
        with pytest.raises(ValueError, match=complaint):
            client.composite([Subrequest("GET", "limits", name) for name in names])


class TestDescriptions:
    def test_an_unchanged_description_is_not_sent_again(
        self, salesforce: ScriptedSalesforce, client: SalesforceClient
    ) -> None:
        changed = "Mon, 02 Mar 2026 09:00:00 GMT"
        fields = {"name": "Account", "fields": [{"name": "Name"}]}
        salesforce.will_answer(Answer(200, fields, {"Last-Modified": changed}), Answer(304))
        assert client.describe("Account") == client.describe("Account") == fields
        first, second = salesforce.heard
        assert "if-modified-since" not in first.headers
        assert second.headers["if-modified-since"] == changed

    def test_a_changed_description_takes_the_place_of_the_old_one(
        self, salesforce: ScriptedSalesforce, client: SalesforceClient
    ) -> None:
        for name in ("old", "new"):
            salesforce.will_answer(Answer(200, {"label": name}, {"Last-Modified": name}))
        assert [client.describe("Account")["label"] for _ in range(2)] == ["old", "new"]

    def test_the_list_of_objects_is_kept_apart(
        self, salesforce: ScriptedSalesforce, client: SalesforceClient
    ) -> None:
        for name in ("one", "all"):
            salesforce.will_answer(Answer(200, {"label": name}, {"Last-Modified": name}))
        assert (client.describe("Account")["label"], client.describe_global()["label"]) == ("one", "all")

    def test_a_304_that_nobody_asked_for_is_unreadable(
        self, salesforce: ScriptedSalesforce, client: SalesforceClient
    ) -> None:
        salesforce.will_answer(Answer(304))
        with pytest.raises(Unreadable):
            client.describe("Account")


def test_limits_come_by_name_and_unknown_shapes_are_left_out(
    salesforce: ScriptedSalesforce, client: SalesforceClient
) -> None:
    rows = {"DailyApiRequests": {"Max": 5000, "Remaining": 4937}, "Strange": {"Max": "many"}, "Odd": 7}
    salesforce.will_answer(Answer(body=rows))
    assert client.limits() == {"DailyApiRequests": Limit(maximum=5000, remaining=4937)}


def test_an_html_page_where_json_was_promised_is_a_lost_answer(
    salesforce: ScriptedSalesforce, client: SalesforceClient
) -> None:
    salesforce.will_answer(Answer(200, b"<html>We are down for maintenance</html>"))
    with pytest.raises(AnswerLost, match="not JSON"):
        client.limits()


@pytest.mark.parametrize(
    ("version", "name"), [("v66.0", "Kashforce"), ("66", "Kashforce"), ("66.0", "Kash; force")]
)
def test_a_version_or_name_that_headers_cannot_carry_is_refused(version: str, name: str) -> None:
    with pytest.raises(ValueError, match="must"):
        SalesforceClient(fixed_token("http://127.0.0.1:9", "t"), api_version=version, client_name=name)
