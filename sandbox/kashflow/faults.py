"""The misbehaviour the small KashFlow can be told to show, each with the sentence that documents it."""

from __future__ import annotations

#: Each is matched by `method`, `path` and `resource` (first path segment after /v2), lists by `page` too.
KASHFLOW_FAULTS: dict[str, str] = {
    "account_locked": "answers as for a locked user: 400 AccountLocked on login, 401 AccountLocked elsewhere",
    "deleted_at": "a deleted invoice or purchase stays readable and carries DeletedAt, as voided records do",
    "drop_after_commit": "carries out a write, then cuts the connection without an answer",
    "drop_before_commit": "cuts the connection without an answer and without doing anything",
    "extra_fields": "adds fields nobody knows to every record of the answer",
    "html_503": "answers 503 with an HTML page",
    "http_500": "answers 500 and does nothing",
    "http_500_after_commit": "carries out a write, then answers 500",
    "missing_fields": "leaves the fields named in params.fields out of every record of the answer",
    "null_collections": "prints the collections of list rows as null, or leaves them out with params.absent true",
    "other_list_shape": "prints a list that is enveloped as a bare array, and the other way round",
    "padded_codes": "prints codes with blanks behind them",
    "password_expired": "declines step 1 of the login with 400 PasswordExpired",
    "period_locked": "declines a write with 400 PeriodLocked, as for a locked period or a submitted VAT return",
    "permission_denied": "answers 401 PermissionDenied although the session is good",
    "read_after_write_delay": "hides a new record from readers for params.seconds (5)",
    "relative_page_urls": "prints the page URLs of an envelope relative to the host",
    "row_missing_from_page": "leaves one row out of a page without changing TotalRecords",
    "session_expired": "ends the session and answers 401 InvalidSessionToken",
    "shuffled_ties": "orders rows with equal sort values anew for each call",
    "slow": "waits params.seconds (30) before doing anything",
    "slow_after_commit": "carries out a call, then waits params.seconds (30) before answering",
    "sql_timeout": "answers 400 -2146232060, a database timeout, and does nothing",
    "sql_timeout_after_commit": "carries out a write, then answers 400 -2146232060",
    "too_many_requests": "answers 429, with Retry-After when params.retry_after is given",
}
