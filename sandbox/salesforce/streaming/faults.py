"""Every fault of the Streaming API, by name, and those that refuse a meta message; not the ones of delivery.

Facts a declaration may match for faults of a message: `where` (handshake, connect, subscribe, unsubscribe,
disconnect), `channel` (the subscribed channel, else ""), `connects` (connects the client was answered before).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.faults import Faults
from sandbox.salesforce.streaming import refusals
from sandbox.salesforce.streaming.refusals import Refusal
from sandbox.salesforce.streaming.replay import asked_replay
from sandbox.salesforce.streaming.wire import Message

STREAMING_FAULTS: Mapping[str, str] = {
    "cometd_drop_before_delivery": "The socket is cut as events are due; they stay queued for the next connect.",
    "cometd_drop_after_delivery": "The socket is cut in mid-reply and the events in it count as delivered.",
    "cometd_unknown_client": "The client is forgotten: `403::Unknown client`, advice handshake. Match `connects` to strike later.",
    "cometd_auth_invalid": "`401::Authentication invalid`, advice none; on a handshake as `failureReason`.",
    "cometd_handshake_denied": "The handshake is denied; params: `failureReason` (text).",
    "cometd_too_busy": "503 disguised: `error` says 401, `failureReason` says the server is too busy.",
    "cometd_daily_limit": "The delivery quota counts as spent; match `where` to subscribe or connect.",
    "cometd_concurrent_limit": "Too many clients: on handshake as `failureReason`, on subscribe as error.",
    "cometd_invalid_replay": "A subscribe is refused as if its replay id were invalid.",
    "cometd_lost_cookie": "A connect is refused as if the session's cookie had been lost.",
    "cometd_generic_error": "Any refusal; params: `text`, optional `advice` (object) and `failureReason`; match `where`, `channel`.",
    "cometd_reconnect_none_success": "A connect succeeds with advice none, and the client is forgotten.",
    "cometd_interval": "A connect is answered with another interval; params: `ms` (default 2000).",
    "cometd_hang": "A request is held before it is looked at; params: `seconds`; match `where`.",
    "cometd_http_status": "A plain HTTP answer; params: `status` (default 401), `body` (default empty); match `where`.",
    "cometd_html_503": "HTTP 503 with a page of HTML; match `where`.",
    "cometd_slow_body": "The reply trickles in; params: `seconds` (default 5); match `where`.",
    "cometd_silence": "A subscribe is accepted and nothing is ever delivered on that channel.",
    "cometd_duplicate_delivery": "Every event of one reply is delivered twice.",
    "cometd_malformed_event": "The first event of one reply is broken; params: `data` (default a header that is text).",
    "cometd_events_in_subscribe_reply": "Events arrive in the reply to a subscribe, before that reply.",
    "cometd_entity_hidden": "While declared, subscribers may not view params `entity`: left out, or no access on its own channel.",
    "cometd_gap": "A change event becomes a gap event; match `entity`, `changeType`; params: `recordIds` (list), `changeType`.",
    "cometd_overflow": "A change event becomes a GAP_OVERFLOW event; match `entity`.",
}


@dataclass(frozen=True)
class _RefusingFault:
    """A fault that answers a meta message with a refusal. `where` lists the meta channels it can strike."""

    where: frozenset[str]
    refusal: Callable[[Mapping[str, Any], Message], Refusal]


def meta_name(message: Message) -> str:
    """`/meta/connect` -> `connect`; what the facts of a fault call `where`."""
    return str(message["channel"]).removeprefix("/meta/")


def striking_refusal(faults: Faults, message: Message, connects: int) -> Refusal | None:
    """The refusal that a declared fault answers this message with, or None."""
    where = meta_name(message)
    for name, fault in _REFUSING.items():
        if where not in fault.where:
            continue
        params = faults.take(name, where=where, channel=message.get("subscription", ""), connects=connects)
        if params is not None:
            return fault.refusal(params, message)
    return None


def _on_handshake_inside(
    refusal: Refusal,
) -> Callable[[Mapping[str, Any], Message], Refusal]:
    """On a handshake the reason stands in `failureReason`, elsewhere in `error`."""

    def choose(_params: Mapping[str, Any], message: Message) -> Refusal:
        if message["channel"] == refusals.HANDSHAKE:
            return refusals.denied(refusal.failure_reason or refusal.error)
        return refusal

    return choose


def _generic(params: Mapping[str, Any], message: Message) -> Refusal:
    return Refusal(
        str(params["text"]),
        params.get("advice"),
        params.get("failureReason"),
        names_client=message["channel"] != refusals.HANDSHAKE,
    )


_ANYWHERE = frozenset({"handshake", "connect", "subscribe", "unsubscribe", "disconnect"})
_IN_SESSION = _ANYWHERE - {"handshake"}

_REFUSING: Mapping[str, _RefusingFault] = {
    "cometd_unknown_client": _RefusingFault(_IN_SESSION, lambda _params, _message: refusals.UNKNOWN_CLIENT),
    "cometd_auth_invalid": _RefusingFault(_ANYWHERE, _on_handshake_inside(refusals.AUTH_INVALID)),
    "cometd_handshake_denied": _RefusingFault(
        frozenset({"handshake"}),
        lambda params, _message: refusals.denied(
            str(params.get("failureReason", refusals.AUTH_INVALID_TEXT))
        ),
    ),
    "cometd_too_busy": _RefusingFault(_ANYWHERE, _on_handshake_inside(refusals.TOO_BUSY)),
    "cometd_daily_limit": _RefusingFault(
        frozenset({"connect", "subscribe"}),
        lambda _params, message: refusals.daily_limit(message["channel"]),
    ),
    "cometd_concurrent_limit": _RefusingFault(
        frozenset({"handshake", "subscribe"}), _on_handshake_inside(Refusal(refusals.CONCURRENT_TEXT))
    ),
    "cometd_invalid_replay": _RefusingFault(
        frozenset({"subscribe"}),
        lambda _params, message: refusals.invalid_replay(asked_replay(message)),
    ),
    "cometd_lost_cookie": _RefusingFault(
        frozenset({"connect"}), lambda _params, message: refusals.lost_cookie(str(message.get("clientId")))
    ),
    "cometd_generic_error": _RefusingFault(_ANYWHERE, _generic),
}
