"""The one table from Salesforce's error codes to our error classes; reading answers is the business of refusals.py.

A code means the same wherever it stands: `errorCode` of a single call, `statusCode` of a record in a collection, the
prefix of `sf__Error` in a Bulk job. Source: reference salesforce.md section 4; for logins section 3.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

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
from connectors.salesforce.duplicates import existing_id_in

SYSTEM = "salesforce"

#: The daily limit is a rolling window: it opens slowly, so a slow probe is enough.
DAILY_LIMIT_RETRY_SECONDS = 900.0
#: The limit on concurrent long requests opens as soon as one of them ends.
CONCURRENT_LIMIT_RETRY_SECONDS = 10.0
LOGIN_RATE_RETRY_SECONDS = 600.0


@dataclass(frozen=True)
class Meaning:
    """What a code means to us; `retry_after_seconds` only for the NotNow classes."""

    kind: type[Never] | type[NotNow]
    retry_after_seconds: float | None = None


def _meanings(*groups: tuple[Meaning, str]) -> Mapping[str, Meaning]:
    return MappingProxyType({code: meaning for meaning, codes in groups for code in codes.split()})


MEANINGS = _meanings(
    # The same request may succeed later.
    (
        Meaning(Busy),
        "UNABLE_TO_LOCK_ROW SERVER_UNAVAILABLE QUERY_TIMEOUT REQUEST_RUNNING_TOO_LONG OPERATION_TOO_LARGE "
        "QUERY_TOO_COMPLICATED TOO_MANY_APEX_REQUESTS UNKNOWN_EXCEPTION INTERNAL_ERROR INVALID_SERVER_ERROR "
        "TEMPORARY_QUERY_MORE_FAILURE TXN_SECURITY_METERING_ERROR TXN_SECURITY_RUNTIME_ERROR TooManyLockFailure",
    ),
    # The query has to start again from its beginning, and so will whoever repeats it.
    (Meaning(Busy), "INVALID_QUERY_LOCATOR QUERY_LOCATOR_EXPIRED"),
    # Innocent victims of another record in the same request: sent without the culprit they succeed.
    (Meaning(Busy), "ALL_OR_NONE_OPERATION_ROLLED_BACK PROCESSING_HALTED"),
    (Meaning(Busy, 300.0), "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE"),
    # An approval process holds the record: people decide in hours, not in seconds.
    (Meaning(Busy, 3600.0), "ENTITY_IS_LOCKED"),
    (Meaning(QuotaSpent, DAILY_LIMIT_RETRY_SECONDS), "REQUEST_LIMIT_EXCEEDED"),
    (Meaning(QuotaSpent, 300.0), "LIMIT_EXCEEDED TOO_MANY_JOBS ExceededQuota"),
    # Nothing is lost by waiting until an administrator has made room.
    (Meaning(QuotaSpent, 3600.0), "STORAGE_LIMIT_EXCEEDED"),
    # The same request will fail again: the record, or the mapping that made it.
    (
        Meaning(Refused),
        "REQUIRED_FIELD_MISSING FIELD_CUSTOM_VALIDATION_EXCEPTION FIELD_INTEGRITY_EXCEPTION "
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST STRING_TOO_LONG NUMBER_OUTSIDE_VALID_RANGE "
        "INVALID_TYPE_ON_FIELD_IN_RECORD JSON_PARSER_ERROR INVALID_EMAIL_ADDRESS INVALID_CURRENCY_ISO "
        "MALFORMED_ID INVALID_ID_FIELD CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY CANNOT_EXECUTE_FLOW_TRIGGER APEX_ERROR "
        "STANDARD_PRICE_NOT_DEFINED INACTIVE_OWNER_OR_USER MIXED_DML_OPERATION EXCEEDED_ID_LIMIT MALFORMED_QUERY "
        "METHOD_NOT_ALLOWED UNSUPPORTED_MEDIA_TYPE InvalidJobState",
    ),
    (Meaning(NotFound), "NOT_FOUND ENTITY_IS_DELETED INVALID_CROSS_REFERENCE_KEY"),
    (Meaning(Duplicate), "DUPLICATE_VALUE DUPLICATES_DETECTED DUPLICATE_EXTERNAL_ID"),
    # The same request will fail again: somebody must change a setting over there, or our version.
    (
        Meaning(NotAllowed),
        "API_DISABLED_FOR_ORG API_CURRENTLY_DISABLED INSUFFICIENT_ACCESS_OR_READONLY INSUFFICIENT_ACCESS "
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY INVALID_FIELD INVALID_FIELD_FOR_INSERT_UPDATE INVALID_TYPE "
        "TXN_SECURITY_NO_ACCESS TXN_SECURITY_APEX_ERROR UNSUPPORTED_API_VERSION GONE INVALID_VERSION InvalidVersion",
    ),
    (Meaning(LoginFailed), "INVALID_SESSION_ID InvalidSessionId INVALID_AUTH_HEADER"),
)

#: The codes with which Salesforce says that the access token is no longer good.
SESSION_CODES = frozenset({"INVALID_SESSION_ID", "InvalidSessionId"})

#: `error` of the token endpoint.
LOGIN_MEANINGS = _meanings(
    (
        Meaning(LoginFailed),
        "invalid_grant invalid_client_id invalid_client invalid_client_credentials invalid_app_access inactive_user "
        "inactive_org unsupported_grant_type invalid_request",
    ),
    (Meaning(QuotaSpent, LOGIN_RATE_RETRY_SECONDS), "rate_limit_exceeded"),
)


def coded_error(
    code: str,
    message: str,
    *,
    status: int | None = None,
    fields: Sequence[str] = (),
    existing_id: str | None = None,
    retry_after_seconds: float | None = None,
    may_have_happened: bool = False,
) -> ConnectorError | None:
    """The error that a documented `code` means, or None when the code is not in the table.

    `existing_id` is the twin that the answer named apart from its message; `retry_after_seconds` what the answer
    asked for; `may_have_happened` whether a failure that may pass leaves in doubt what was done.
    """
    meaning = _meaning(code, message)
    if meaning is None:
        return None
    text = f"{code}: {message}"
    if issubclass(meaning.kind, NotNow):
        return meaning.kind(
            text,
            system=SYSTEM,
            code=code,
            status=status,
            fields=fields,
            may_have_happened=may_have_happened,
            retry_after_seconds=retry_after_seconds or meaning.retry_after_seconds,
        )
    if meaning.kind is Duplicate:
        twin = existing_id or existing_id_in(message)
        return Duplicate(text, system=SYSTEM, code=code, status=status, fields=fields, existing_id=twin)
    return meaning.kind(text, system=SYSTEM, code=code, status=status, fields=fields)


def oauth_error(code: str, description: str, status: int) -> ConnectorError:
    """The error that the token endpoint's `error` and `error_description` mean. Unknown ones need a person too."""
    meaning = LOGIN_MEANINGS.get(code, Meaning(LoginFailed))
    # Seen with more than one code; the description is what tells it from a wrong password.
    if "login rate exceeded" in description.lower():
        meaning = LOGIN_MEANINGS["rate_limit_exceeded"]
    text = f"Salesforce refused the login, {code}: {description or 'no description'}"
    if issubclass(meaning.kind, NotNow):
        wait = meaning.retry_after_seconds
        return meaning.kind(text, system=SYSTEM, code=code, status=status, retry_after_seconds=wait)
    remedy = "check the client id, its secret or key, the user and SALESFORCE_URL (the My Domain address)"
    return meaning.kind(f"{text}; {remedy}", system=SYSTEM, code=code, status=status)


def _meaning(code: str, message: str) -> Meaning | None:
    """The table, and the codes that only their message tells apart."""
    if code == "REQUEST_LIMIT_EXCEEDED" and "concurrent" in message.lower():
        return Meaning(QuotaSpent, CONCURRENT_LIMIT_RETRY_SECONDS)
    if code == "NOT_FOUND" and "external id field" in message.lower():
        return Meaning(NotAllowed)  # the field is missing or hidden from us, not the record
    meaning = MEANINGS.get(code)
    if meaning and meaning.kind is Refused and "UNABLE_TO_LOCK_ROW" in message:
        return MEANINGS["UNABLE_TO_LOCK_ROW"]  # a flow or trigger of theirs ran into the lock and wrapped it
    return meaning
