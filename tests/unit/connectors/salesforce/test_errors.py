"""The table of codes: complete against the reference, and right where only the message tells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import (
    Busy,
    ConnectorError,
    Duplicate,
    LoginFailed,
    Never,
    NotAllowed,
    NotFound,
    NotNow,
    QuotaSpent,
    Refused,
)
from connectors.salesforce.errors import MEANINGS, coded_error
from connectors.salesforce.refusals import row_error

#: Reference salesforce.md sections 3.6, 3.7 and 4, every code in them.
_DOCUMENTED = """
INVALID_SESSION_ID INVALID_AUTH_HEADER API_DISABLED_FOR_ORG API_CURRENTLY_DISABLED REQUEST_LIMIT_EXCEEDED LIMIT_EXCEEDED
TOO_MANY_JOBS ExceededQuota STORAGE_LIMIT_EXCEEDED UNABLE_TO_LOCK_ROW SERVER_UNAVAILABLE QUERY_TIMEOUT
REQUEST_RUNNING_TOO_LONG OPERATION_TOO_LARGE QUERY_TOO_COMPLICATED TOO_MANY_APEX_REQUESTS
INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE UNKNOWN_EXCEPTION INTERNAL_ERROR INVALID_SERVER_ERROR
TEMPORARY_QUERY_MORE_FAILURE INVALID_QUERY_LOCATOR QUERY_LOCATOR_EXPIRED DUPLICATE_VALUE DUPLICATES_DETECTED
DUPLICATE_EXTERNAL_ID REQUIRED_FIELD_MISSING FIELD_CUSTOM_VALIDATION_EXCEPTION FIELD_INTEGRITY_EXCEPTION
INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST STRING_TOO_LONG NUMBER_OUTSIDE_VALID_RANGE INVALID_TYPE_ON_FIELD_IN_RECORD
JSON_PARSER_ERROR INVALID_EMAIL_ADDRESS INVALID_CURRENCY_ISO MALFORMED_ID INVALID_ID_FIELD INVALID_CROSS_REFERENCE_KEY
INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY ENTITY_IS_DELETED NOT_FOUND ENTITY_IS_LOCKED
INSUFFICIENT_ACCESS_OR_READONLY INSUFFICIENT_ACCESS INVALID_FIELD INVALID_FIELD_FOR_INSERT_UPDATE
CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY CANNOT_EXECUTE_FLOW_TRIGGER APEX_ERROR STANDARD_PRICE_NOT_DEFINED
INACTIVE_OWNER_OR_USER TXN_SECURITY_NO_ACCESS TXN_SECURITY_APEX_ERROR TXN_SECURITY_METERING_ERROR
TXN_SECURITY_RUNTIME_ERROR MIXED_DML_OPERATION ALL_OR_NONE_OPERATION_ROLLED_BACK PROCESSING_HALTED EXCEEDED_ID_LIMIT
MALFORMED_QUERY INVALID_TYPE METHOD_NOT_ALLOWED UNSUPPORTED_MEDIA_TYPE UNSUPPORTED_API_VERSION GONE INVALID_VERSION
InvalidVersion InvalidJobState TooManyLockFailure InvalidSessionId
"""
DOCUMENTED = _DOCUMENTED.split()


@pytest.mark.parametrize("code", DOCUMENTED)
def test_every_documented_code_has_a_meaning(code: str) -> None:
    error = coded_error(code, "why")
    assert error is not None
    assert (error.code, error.system) == (code, "salesforce")
    assert "why" in str(error)


def test_the_table_has_no_code_that_nobody_documented() -> None:
    assert set(MEANINGS) == set(DOCUMENTED)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("UNABLE_TO_LOCK_ROW", Busy),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", Refused),
        ("ENTITY_IS_DELETED", NotFound),
        ("INVALID_FIELD", NotAllowed),
        ("INVALID_SESSION_ID", LoginFailed),
        ("DUPLICATE_VALUE", Duplicate),
        ("INVALID_QUERY_LOCATOR", Busy),
    ],
)
def test_a_code_means_the_class_that_its_reaction_needs(code: str, kind: type[ConnectorError]) -> None:
    assert type(coded_error(code, "why")) is kind


def retry_after(code: str, message: str) -> float | None:
    error = coded_error(code, message)
    assert isinstance(error, QuotaSpent)
    return error.retry_after_seconds


def test_the_daily_limit_waits_long_and_the_concurrent_one_for_seconds() -> None:
    assert retry_after("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.") == 900
    assert retry_after("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.") == 10


@pytest.mark.parametrize(
    "code", ["CANNOT_EXECUTE_FLOW_TRIGGER", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "APEX_ERROR"]
)
def test_a_lock_that_a_flow_ran_into_is_a_lock(code: str) -> None:
    wrapped = (
        "We can't save this record: UNABLE_TO_LOCK_ROW: unable to obtain exclusive access to this record"
    )
    assert isinstance(coded_error(code, wrapped), Busy)
    assert isinstance(coded_error(code, "division by zero"), Refused)


def test_a_hidden_external_id_field_is_a_permission_and_not_a_missing_record() -> None:
    message = "Provided external ID field does not exist or is not accessible: Ext__c"
    assert isinstance(coded_error("NOT_FOUND", message), NotAllowed)
    assert isinstance(coded_error("NOT_FOUND", "The requested resource does not exist"), NotFound)


class TestTheTwinOfADuplicate:
    def existing_id(self, **error: object) -> str | None:
        told = row_error([{"message": "duplicate", "fields": [], **error}])
        assert isinstance(told, Duplicate)
        return told.existing_id

    def test_it_is_read_from_the_message_and_kept_in_18_characters(self) -> None:
        message = "duplicate value found: Ext__c duplicates value on record with id: 0015g00000BkLmN"
        assert self.existing_id(statusCode="DUPLICATE_VALUE", message=message) == "0015g00000BkLmNAAV"

    def test_it_is_read_from_a_duplicate_rules_only_match(self) -> None:
        match = {"record": {"attributes": {"type": "Account"}, "Id": "001000000000001AAA"}}
        result = {"matchResults": [{"matchRecords": [match]}]}
        assert (
            self.existing_id(errorCode="DUPLICATES_DETECTED", duplicateResult=result) == "001000000000001AAA"
        )

    @pytest.mark.parametrize(
        "result",
        [
            None,
            {"matchResults": "none"},
            {"matchResults": [{"matchRecords": [{"record": {"Id": "no id"}}]}]},
            {
                "matchResults": [
                    {
                        "matchRecords": [
                            {"record": {"Id": "001000000000001"}},
                            {"record": {"Id": "001000000000002"}},
                        ]
                    }
                ]
            },
        ],
    )
    def test_of_several_matches_or_an_unreadable_one_none_is_chosen(self, result: object) -> None:
        assert self.existing_id(errorCode="DUPLICATES_DETECTED", duplicateResult=result) is None


def test_of_several_errors_the_one_that_will_not_pass_wins() -> None:
    lock = {"statusCode": "UNABLE_TO_LOCK_ROW", "message": "busy", "fields": []}
    missing = {"statusCode": "REQUIRED_FIELD_MISSING", "message": "missing", "fields": ["Name"]}
    error = row_error([lock, missing])
    assert isinstance(error, Refused)
    assert error.fields == ("Name",)


def test_a_code_that_nobody_documented_is_the_records_own_fault() -> None:
    error = row_error([{"statusCode": "BRAND_NEW_RULE", "message": "no"}])
    assert type(error) is Refused
    assert error.code == "BRAND_NEW_RULE"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["errorCode", "message", "fields", "x"]), inner)
    ),
)


@given(st.lists(json_values))
def test_whatever_stands_where_errors_should_becomes_one_error_of_ours(errors: list[object]) -> None:
    assert isinstance(row_error(errors), NotNow | Never)
