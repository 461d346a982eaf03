"""Every way in which a meta message is refused, as Salesforce words it; not the decision to refuse.

Texts and shapes: reference salesforce.md section 1.7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.salesforce.streaming.wire import Message

HANDSHAKE = "/meta/handshake"
CONNECT = "/meta/connect"
SUBSCRIBE = "/meta/subscribe"
UNSUBSCRIBE = "/meta/unsubscribe"
DISCONNECT = "/meta/disconnect"

#: What a handshake reply says of the server, successful or not.
SERVER_EXT: Mapping[str, Any] = {"replay": True, "payload.format": True}

NO_RETRY: Mapping[str, Any] = {"reconnect": "none", "interval": 0}


@dataclass(frozen=True)
class Refusal:
    """One unsuccessful answer. `failure_reason` is what `ext.sfdc.failureReason` says."""

    error: str
    advice: Mapping[str, Any] | None = None
    failure_reason: str | None = None
    #: False where the reply does not repeat the client's id, because the server knows none.
    names_client: bool = True
    #: True where the server forgets the client as it answers.
    forgets_client: bool = False
    ext: Mapping[str, Any] = field(default_factory=dict)

    def reply(self, message: Message) -> Message:
        """The reply to `message`, which repeats its id, client and subscription."""
        reply = echo(message, with_client=self.names_client)
        reply |= {"successful": False, "error": self.error}
        if self.advice is not None:
            reply["advice"] = dict(self.advice)
        ext = dict(self.ext)
        if self.failure_reason is not None:
            ext = {"sfdc": {"failureReason": self.failure_reason}, **ext}
        if ext:
            reply["ext"] = ext
        return reply


def echo(message: Message, *, with_client: bool = True) -> Message:
    """What every reply repeats of its request."""
    repeated = (
        ("id", "channel", "clientId", "subscription") if with_client else ("id", "channel", "subscription")
    )
    return {key: message[key] for key in repeated if key in message}


AUTH_INVALID_TEXT = "401::Authentication invalid"
AUTH_REQUIRED_TEXT = "401::Request requires authentication"
CONCURRENT_TEXT = "403::Organization concurrent user limit exceeded"
DAILY_TEXT = "403::Organization total events daily limit exceeded"
BUSY_TEXT = "503::Server is too busy.  Please try your request again later."
NO_VERSION_TEXT = "400::API version in the URI is mandatory. URI format: '/cometd/66.0'"
OLD_VERSION_TEXT = "400::Unsupported API version. Supported are 37.0 and later."
TOO_LARGE_TEXT = "413::Maximum Request Size Exceeded"

AUTH_INVALID = Refusal(AUTH_INVALID_TEXT, NO_RETRY)
UNKNOWN_CLIENT = Refusal(
    "403::Unknown client", {"interval": 0, "reconnect": "handshake"}, names_client=False, forgets_client=True
)
#: The same answer to one that does not own the session: it must not cost the owner its session.
STRANGER = replace(UNKNOWN_CLIENT, forgets_client=False)
NO_HANDSHAKE = Refusal("403::Client has not completed handshake", {"interval": 0, "reconnect": "handshake"})
TOO_BUSY = Refusal(AUTH_INVALID_TEXT, NO_RETRY, BUSY_TEXT)
OTHER_USER = Refusal("400::Authenticated user id does not match the session's user id", NO_RETRY)
NO_CHANNEL_NAME = Refusal("400::Channel name not specified")
NO_LEADING_SLASH = Refusal("400::Channel subscriptions must start with a leading '/'")


def denied(failure_reason: str) -> Refusal:
    """A handshake that is denied; why is said in `failureReason` only."""
    return Refusal(
        "403::Handshake denied", {"reconnect": "none"}, failure_reason, names_client=False, ext=SERVER_EXT
    )


def daily_limit(meta_channel: str) -> Refusal:
    """The delivery quota is spent. On a running connect it ends the client and with it the subscriptions."""
    ends = meta_channel == CONNECT
    return Refusal(DAILY_TEXT, NO_RETRY if ends else None, forgets_client=ends)


def invalid_replay(asked: object) -> Refusal:
    return Refusal(
        f"400::The replayId {{{asked}}} you provided was invalid.  "
        "Please provide a valid ID, -2 to replay all events, or -1 to replay only new events."
    )


def no_such_channel(channel: str) -> Refusal:
    if channel.startswith("/u/"):
        return Refusal("404::Unknown channel")
    return Refusal(f"400::The channel you requested to subscribe to doesn't exist {{{channel}}}")


def no_access(entity: str) -> Refusal:
    return Refusal(f"403::Subscriber does not have access to the entity {{{entity}}} in the channel")


def invalid_connection_type(offered: object) -> Refusal:
    return Refusal(f"400::Invalid connection type {{{offered}}}", NO_RETRY)


def lost_cookie(client_id: str) -> Refusal:
    return Refusal(
        f"400::Client {{{client_id}}} has established a session, but no {{BAYEUX_BROWSER}} cookie present",
        {"interval": 0, "reconnect": "handshake"},
    )
