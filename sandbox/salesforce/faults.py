"""The faults of REST, Bulk, query and login, by name; striking is done where each belongs. Streaming has its own table."""

from __future__ import annotations

from collections.abc import Mapping

#: name -> what it does, which facts `match` may name, which `params` it takes.
FAULTS: Mapping[str, str] = {
    "rest_slow": "The answer comes late; match `path`, `method`; params: `seconds` (default 1).",
    "rest_session_expired": "401 INVALID_SESSION_ID, and the token is really gone; match `path`, `method`.",
    "rest_request_limit": "403 REQUEST_LIMIT_EXCEEDED; params: `kind` (daily or concurrent); match `path`, `method`.",
    "rest_row_lock": "UNABLE_TO_LOCK_ROW for a record, in single calls, Collections and Bulk; match `entity`, `id`.",
    "rest_validation_rule": "A validation rule refuses a record; match `entity`, `id`; params: `message`, `field`.",
    "rest_duplicates_detected": "A duplicate rule refuses a create; match `entity`; params: `id` of the match.",
    "rest_collections_partial": "A record of a Collections call fails with UNKNOWN_EXCEPTION; match `index`, `entity`.",
    "rest_collections_refused": "Collections refuse every call with this record: 400 JSON_PARSER_ERROR; match `id`, `entity`.",
    "rest_500_before_commit": "500 UNKNOWN_EXCEPTION, and nothing was done; match `path`, `method`.",
    "rest_500_after_commit": "500 UNKNOWN_EXCEPTION, although everything was done; match `path`, `method`.",
    "rest_503_html": "503 with a page of HTML, and nothing was done; match `path`, `method`.",
    "rest_drop_after_commit": "Everything is done, then the connection is cut in mid-answer; match `path`, `method`.",
    "bulk_fail_rows": "A row of an ingest job fails; match `entity`, `index`; params: `error` (default UNKNOWN_EXCEPTION).",
    "bulk_unprocessed_rows": "The job stops here: this row and all after it stay unprocessed; match `entity`, `index`.",
    "bulk_job_failed": "The whole job fails and nothing is processed; match `entity`; params: `message`.",
    "bulk_job_slow": "A job is InProgress for `seconds` (default 60) before it is done; match `entity`.",
    "query_small_pages": "A query answers with a smaller page than asked; params: `size` (default 1).",
    "query_locator_expired": "The next page is refused with INVALID_QUERY_LOCATOR.",
    "query_commit_lag": "Queries see only what was committed at least `seconds` ago (default 30); match `entity`.",
    "field_hidden": "While declared, field-level security hides params `entity` and `field` from everybody.",
    "token_error": "The token endpoint refuses; params: `error`, `description`; match `grant_type`.",
    "limits": "While declared, /limits shows these: params map a limit's name to {Max, Remaining}.",
}
