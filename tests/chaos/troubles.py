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
    Trouble(KASHFLOW, "session_expired", 0.2),
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
    Trouble(SALESFORCE, "rest_500_after_commit"),
    Trouble(SALESFORCE, "rest_500_before_commit"),
    Trouble(SALESFORCE, "rest_503_html"),
    Trouble(SALESFORCE, "rest_collections_partial"),
    Trouble(SALESFORCE, "rest_drop_after_commit"),
    Trouble(SALESFORCE, "rest_row_lock"),
    Trouble(SALESFORCE, "rest_session_expired", 0.2),
    Trouble(SALESFORCE, "rest_request_limit", 0.2, params={"kind": "concurrent"}),
    Trouble(SALESFORCE, "query_commit_lag", 1, params={"seconds": 5}),
    Trouble(SALESFORCE, "query_small_pages", 0.5, params={"size": 5}),
    Trouble(SALESFORCE, "query_locator_expired", 0.2),
    Trouble(SALESFORCE, "cometd_auth_invalid", 0.5, 1, begins_session=True),
    Trouble(SALESFORCE, "cometd_drop_after_delivery"),
    Trouble(SALESFORCE, "cometd_drop_before_delivery"),
    Trouble(SALESFORCE, "cometd_duplicate_delivery", 0.5),
    Trouble(SALESFORCE, "cometd_events_in_subscribe_reply", 1, begins_session=True),
    Trouble(SALESFORCE, "cometd_gap", 0.3, match={"entity": "Opportunity"}),
    Trouble(SALESFORCE, "cometd_generic_error", 0.3, 2, params={"text": "500::Something went wrong"}),
    Trouble(SALESFORCE, "cometd_handshake_denied", 1, 1, begins_session=True),
    Trouble(SALESFORCE, "cometd_hang", 0.3, 2, params={"seconds": 3}),
    Trouble(SALESFORCE, "cometd_html_503", 0.3, 2),
    Trouble(SALESFORCE, "cometd_http_status", 0.3, 1, params={"status": 502}),
    Trouble(SALESFORCE, "cometd_interval", 0.5, params={"ms": 500}),
    Trouble(SALESFORCE, "cometd_invalid_replay", 1, 1, begins_session=True),
    Trouble(SALESFORCE, "cometd_lost_cookie", 0.5, 1),
    Trouble(SALESFORCE, "cometd_reconnect_none_success", 0.5, 1),
    Trouble(SALESFORCE, "cometd_slow_body", 0.3, 2, params={"seconds": 2}),
    Trouble(SALESFORCE, "cometd_unknown_client", 0.5, 1),
    Trouble(SALESFORCE, "cometd_too_busy", 1, 1, begins_session=True),
    Trouble(SALESFORCE, "cometd_concurrent_limit", 1, 1, begins_session=True),
    Trouble(SALESFORCE, "cometd_daily_limit", 1, 1, begins_session=True),
    Trouble(SALESFORCE, "cometd_malformed_event", 0.3, 2),
    Trouble(SALESFORCE, "cometd_overflow", 0.3, 2, match={"entity": "Opportunity"}),
    Trouble(SALESFORCE, "cometd_silence", 1, 1, begins_session=True),
)

#: Codes of deliveries that wait for a person, or died, and the faults after which somebody edits what they concern.
MENDED_BY_A_PERSON: Mapping[str, frozenset[str]] = {
    "PeriodLocked": frozenset({"period_locked"}),
    "PermissionDenied": frozenset({"permission_denied"}),
    "AccountLocked": frozenset({"account_locked"}),
    "PasswordExpired": frozenset({"password_expired"}),
}

_UNUSED = "the road does not go there"
LEFT_OUT: Mapping[str, str] = {
    "token_error": "",
    "missing_fields": "which fields are missed differs by record; unit tests walk them",
    "cometd_entity_hidden": "",
    "field_hidden": "",
    "limits": _UNUSED,
    "bulk_fail_rows": _UNUSED,
    "bulk_job_failed": _UNUSED,
    "bulk_unprocessed_rows": _UNUSED,
    "rest_duplicates_detected": "nothing is created in Salesforce on this road",
    "rest_validation_rule": "declared for a few deals as the permanent cause of dead letters",
    "slow": "always there, as latency",
    "rest_slow": "always there, as latency",
}
