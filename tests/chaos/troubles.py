"""Every fault of both worlds: how the storm declares it, or why it stays out. A table; sandbox/README.md says what each does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SALESFORCE, KASHFLOW = "salesforce", "kashflow"


@dataclass(frozen=True)
class Trouble:
    """One fault while its turn lasts. It strikes with `probability`, `times` at most (None: as often as it can)."""

    world: str
    name: str
    probability: float = 0.3
    times: int | None = None
    match: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    #: It strikes at the beginning of a streaming session, so there has to be one.
    begins_session: bool = False
    #: It lasts rather than strikes: it counts once when its turn is over.
    is_a_state: bool = False
    #: It may leave the stream deaf for half a minute or far longer: its process is killed when the turn is over, and the next asks anew.
    deafens_stream: bool = False
    #: Declared with it, because it strikes nothing without.
    beside: Trouble | None = None
    #: A client keeps away for so long, and no setting shortens it; a storm that ends sooner does without.
    seconds_away: float = 0.0

    @property
    def label(self) -> str:
        return f"{self.world} {self.name}"

    def declaration(self) -> dict[str, Any]:
        return {
            "times": self.times,
            "probability": self.probability,
            "match": dict(self.match),
            "params": dict(self.params),
        }


_SMALL_PAGES = Trouble(SALESFORCE, "query_small_pages", 0.5, params={"size": 5})

#: Always there.
LATENCY = (
    Trouble(KASHFLOW, "slow", 0.5, params={"seconds": 0.05}),
    Trouble(SALESFORCE, "rest_slow", 0.5, params={"seconds": 0.05}),
)

TROUBLES = (
    Trouble(KASHFLOW, "drop_after_commit"),
    Trouble(KASHFLOW, "drop_before_commit"),
    Trouble(KASHFLOW, "html_503"),
    Trouble(KASHFLOW, "http_500"),
    Trouble(KASHFLOW, "http_500_after_commit"),
    Trouble(KASHFLOW, "sql_timeout"),
    Trouble(KASHFLOW, "sql_timeout_after_commit"),
    # Once: a session that ends twice within one call is taken for a missing permission, which waits five minutes.
    Trouble(KASHFLOW, "session_expired", 0.2, 1),
    Trouble(KASHFLOW, "too_many_requests", params={"retry_after": 2}),
    Trouble(KASHFLOW, "slow_after_commit", 0.3, params={"seconds": 4}),
    Trouble(KASHFLOW, "read_after_write_delay", 0.5, params={"seconds": 5}),
    Trouble(KASHFLOW, "row_missing_from_page", 0.5),
    Trouble(KASHFLOW, "shuffled_ties", 1),
    Trouble(KASHFLOW, "null_collections", 0.5),
    Trouble(KASHFLOW, "other_list_shape", 0.5),
    Trouble(KASHFLOW, "padded_codes", 0.5),
    Trouble(KASHFLOW, "extra_fields", 0.5),
    Trouble(KASHFLOW, "relative_page_urls", 0.5),
    Trouble(KASHFLOW, "deleted_at", 1),
    Trouble(KASHFLOW, "permission_denied", 0.5, match={"method": "POST", "resource": "invoices"}),
    Trouble(KASHFLOW, "period_locked", 0.5, match={"method": "POST", "resource": "invoices"}),
    Trouble(KASHFLOW, "account_locked", 0.3, 1),
    Trouble(KASHFLOW, "password_expired", 1, 1),
    # The totals: without them nothing can be written back, until the next look at the list.
    Trouble(
        KASHFLOW,
        "missing_fields",
        0.3,
        match={"method": "POST", "path": "/v2/invoices"},
        params={"fields": ["GrossAmount", "NetAmount", "VATAmount"]},
    ),
    Trouble(SALESFORCE, "rest_500_after_commit"),
    Trouble(SALESFORCE, "rest_500_before_commit"),
    Trouble(SALESFORCE, "rest_503_html"),
    Trouble(SALESFORCE, "rest_collections_partial"),
    Trouble(SALESFORCE, "rest_drop_after_commit"),
    Trouble(SALESFORCE, "rest_row_lock"),
    Trouble(SALESFORCE, "rest_session_expired", 0.2, 1),
    Trouble(SALESFORCE, "rest_request_limit", 0.2, params={"kind": "concurrent"}),
    Trouble(SALESFORCE, "field_hidden", params={"entity": "Product2", "field": "Family"}, is_a_state=True),
    Trouble(SALESFORCE, "token_error", 1, 1, seconds_away=75),
    Trouble(SALESFORCE, "query_commit_lag", 1, params={"seconds": 5}),
    _SMALL_PAGES,
    Trouble(SALESFORCE, "query_locator_expired", 0.2, beside=_SMALL_PAGES),
    Trouble(SALESFORCE, "cometd_auth_invalid", 0.5, 1, begins_session=True),
    Trouble(SALESFORCE, "cometd_drop_after_delivery"),
    Trouble(SALESFORCE, "cometd_drop_before_delivery"),
    Trouble(SALESFORCE, "cometd_duplicate_delivery", 0.5),
    Trouble(SALESFORCE, "cometd_events_in_subscribe_reply", 1, begins_session=True),
    Trouble(SALESFORCE, "cometd_gap", 0.3, match={"entity": "Opportunity"}),
    Trouble(
        SALESFORCE,
        "cometd_generic_error",
        0.3,
        2,
        params={"text": "500::Something went wrong"},
        deafens_stream=True,
    ),
    Trouble(SALESFORCE, "cometd_handshake_denied", 1, 1, begins_session=True),
    Trouble(SALESFORCE, "cometd_hang", 0.3, 2, params={"seconds": 3}),
    Trouble(SALESFORCE, "cometd_html_503", 0.3, 2),
    Trouble(SALESFORCE, "cometd_http_status", 0.3, 1, params={"status": 502}),
    Trouble(SALESFORCE, "cometd_interval", 0.5, params={"ms": 500}),
    Trouble(SALESFORCE, "cometd_invalid_replay", 1, 1, begins_session=True, deafens_stream=True),
    Trouble(SALESFORCE, "cometd_lost_cookie", 0.5, 1),
    Trouble(SALESFORCE, "cometd_reconnect_none_success", 0.5, 1),
    Trouble(SALESFORCE, "cometd_slow_body", 0.3, 2, params={"seconds": 2}),
    Trouble(SALESFORCE, "cometd_unknown_client", 0.5, 1),
    Trouble(SALESFORCE, "cometd_too_busy", 1, 1, begins_session=True, deafens_stream=True),
    Trouble(SALESFORCE, "cometd_concurrent_limit", 1, 1, begins_session=True, deafens_stream=True),
    Trouble(SALESFORCE, "cometd_daily_limit", 1, 1, begins_session=True, deafens_stream=True),
    Trouble(SALESFORCE, "cometd_malformed_event", 0.3, 2),
    Trouble(SALESFORCE, "cometd_overflow", 0.3, 2, match={"entity": "Opportunity"}),
    Trouble(SALESFORCE, "cometd_entity_hidden", params={"entity": "Opportunity"}, is_a_state=True),
    Trouble(SALESFORCE, "cometd_silence", 1, 1, begins_session=True, deafens_stream=True),
)

#: Refused logins, and the faults after which the operator lets the next one be tried.
LOGINS: Mapping[str, str] = {"AccountLocked": "account_locked", "PasswordExpired": "password_expired"}
#: Codes of deliveries that died or wait for a person, and the faults after which somebody edits their Opportunity.
EDITS: Mapping[str, str] = {
    "PeriodLocked": "period_locked",
    "PermissionDenied": "permission_denied",
    "INVALID_FIELD": "field_hidden",
}

#: There from the beginning to the end.
ALWAYS_THERE: Mapping[str, str] = {
    "slow": "as latency",
    "rest_slow": "as latency",
    "rest_validation_rule": "for a few deals, as the lasting cause of dead letters",
}
_TOO_FEW = "Bulk jobs begin at some two thousand records in one batch; journeys play them"
LEFT_OUT: Mapping[str, str] = {
    "bulk_fail_rows": _TOO_FEW,
    "bulk_job_failed": _TOO_FEW,
    "bulk_job_slow": _TOO_FEW,
    "bulk_unprocessed_rows": _TOO_FEW,
    "limits": "asked for only when the day's calls are used up, which minutes do not do; tests of the budgets live through days",
    "rest_collections_refused": "refuses a record for good, wherever it is sent; journeys show it",
    "rest_duplicates_detected": "refuses creates, and no flow creates anything in Salesforce",
}
