"""The numbers of the Streaming API: how long it waits and how much it allows; not the faults that ignore them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """How long the server waits (reference salesforce.md section 1.3)."""

    #: Real seconds for which a `/meta/connect` with nothing to say is held.
    park_seconds: float = 110.0
    #: Seconds of the world's clock after an answer in which the client must ask again.
    expiry_seconds: float = 40.0
    #: Milliseconds advised to a client that shares its cookie with another one (section 1.2).
    shared_cookie_interval_ms: int = 2000


@dataclass(frozen=True)
class Limits:
    """How much the org allows: the Unlimited edition of reference salesforce.md sections 1.1, 2.4 and 5."""

    concurrent_clients: int = 2_000
    #: Events delivered to all clients together within 24 rolling hours.
    daily_deliveries: int = 50_000
    #: How long change events and platform events can be replayed.
    retention_hours: float = 72.0
    #: The largest request body.
    request_bytes: int = 32_768
    #: A larger change event becomes a gap event.
    event_bytes: int = 1_000_000
    #: Changes of one transaction after which an overflow event per entity takes over.
    changes_in_transaction: int = 100_000
    #: Events in one reply; the rest comes with the next connect.
    events_in_reply: int = 500
