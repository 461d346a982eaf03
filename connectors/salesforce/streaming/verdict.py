"""What an answer means: one table for every error text that a Bayeux server may send. Pure; the reactions to it are
in `reactions.py`.

Looked at in this order (reference salesforce.md section 1.7), the first that says something decides:
`ext.sfdc.failureReason`, `error`, `advice.reconnect`, the HTTP status, the transport. The failure reason comes first
because Salesforce disguises an overload as a failed authentication. A text that we know comes before the advice,
because an unknown client is often told without any; a mere number comes after it, because servers number as they like.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from connectors.errors import (
    AnswerLost,
    Busy,
    ConnectorError,
    LoginFailed,
    NotAllowed,
    NotFound,
    QuotaSpent,
    Unreachable,
    Unreadable,
)
from connectors.salesforce.streaming.advice import reconnect_in
from connectors.salesforce.streaming.answers import Answered, Outcome, Unanswered
from connectors.salesforce.streaming.messages import (
    HANDSHAKE,
    SUBSCRIBE,
    Message,
    Unparsable,
    read,
    reply_to,
)

SYSTEM = "salesforce"

#: What a server says is shown to people, but not by the page.
LONGEST_TEXT = 300


class Meaning(Enum):
    """Everything that an answer can mean to us; the reaction to each is in `reactions.py`."""

    FINE = auto()
    TOKEN_REFUSED = auto()
    SESSION_LOST = auto()  # ours is gone, or the server ends it; the token is good
    TOO_BUSY = auto()
    TOO_MANY_CLIENTS = auto()
    DAILY_LIMIT = auto()
    CHANNEL_REFUSED = auto()  # until somebody changes a setting
    CHANNEL_NOT_NOW = auto()
    POSITION_LOST = auto()
    MISCONFIGURED = auto()  # nothing will work until somebody changes a setting
    UNCLEAR = auto()  # lost, broken or unintelligible: it may have been carried out


@dataclass(frozen=True)
class Verdict:
    """What an answer means, and in whose words. `code` is the Bayeux code or ""; `status` the HTTP status or None."""

    meaning: Meaning
    text: str = ""
    code: str = ""
    status: int | None = None
    #: False only when the server cannot have seen the request.
    was_sent: bool = True
    #: What the server asked us to wait (HTTP `Retry-After`); None when it did not.
    retry_after_seconds: float | None = None

    def error(self) -> ConnectorError:
        """The verdict as one of our errors, to be shown rather than raised."""
        kind = ERRORS[self.meaning]
        if self.meaning is Meaning.UNCLEAR and not self.was_sent:
            kind = Unreachable
        elif self.meaning is Meaning.UNCLEAR and self.status is not None and self.status < 400:
            kind = Unreadable
        return kind(f"CometD: {self.text}", system=SYSTEM, code=self.code, status=self.status)


@dataclass(frozen=True)
class Reading:
    """An answer, read: the verdict, the reply that led to it, and all elements of the body, which may hold events."""

    verdict: Verdict
    elements: tuple[object, ...] = ()
    reply: Message | None = None


#: Text (any case) -> meaning; the first row that matches decides. Whatever the number before the text: servers
#: disagree about it (section 7.0, item 3).
TEXTS: tuple[tuple[re.Pattern[str], Meaning], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), meaning)
    for pattern, meaning in (
        (r"unknown[ _]client|unknown[ _]session|session[ _]unknown", Meaning.SESSION_LOST),
        (r"client has not completed handshake", Meaning.SESSION_LOST),
        (r"established a session, but no .*cookie present", Meaning.SESSION_LOST),
        (r"user id does not match the session", Meaning.SESSION_LOST),
        (r"server is too busy", Meaning.TOO_BUSY),
        (r"simultaneous connections per server", Meaning.TOO_BUSY),
        (r"concurrent user limit exceeded", Meaning.TOO_MANY_CLIENTS),
        (r"events daily limit exceeded", Meaning.DAILY_LIMIT),
        (
            r"replay[\s_]?id\b.*\b(invalid|expired|corrupt)|(invalid|expired|corrupt) replay[\s_]?id",
            Meaning.POSITION_LOST,
        ),
        (r"authentication invalid|requires authentication", Meaning.TOKEN_REFUSED),
        (r"subscription limit exceeded", Meaning.CHANNEL_NOT_NOW),
        (r"restricted channel|cannot create channel", Meaning.CHANNEL_REFUSED),
        (r"user not enabled for streaming", Meaning.CHANNEL_REFUSED),
        (r"user not allowed to subscribe|does not have access to the entity", Meaning.CHANNEL_REFUSED),
        (r"channel you requested to subscribe to doesn'?t exist", Meaning.CHANNEL_REFUSED),
        (r"channel name not specified|must start with a leading", Meaning.CHANNEL_REFUSED),
        (r"unknown channel|may not vary only by case", Meaning.CHANNEL_REFUSED),
        (r"api version in the uri is mandatory|unsupported api version", Meaning.MISCONFIGURED),
        (r"invalid connection type", Meaning.MISCONFIGURED),
        (r"maximum request size exceeded", Meaning.MISCONFIGURED),
    )
)

#: Bayeux code -> meaning, where neither text nor advice told anything.
CODES = {
    "401": Meaning.TOKEN_REFUSED,
    "402": Meaning.SESSION_LOST,
    "413": Meaning.MISCONFIGURED,
    "503": Meaning.TOO_BUSY,
}

#: HTTP status -> meaning, where the body held no reply. All others are UNCLEAR: a proxy or a server in between spoke.
STATUSES = {
    401: Meaning.TOKEN_REFUSED,
    403: Meaning.TOKEN_REFUSED,
    404: Meaning.MISCONFIGURED,
    413: Meaning.MISCONFIGURED,
    429: Meaning.TOO_BUSY,
}

#: Meanings that concern one channel make sense in a subscribe reply; said elsewhere they mean this.
ELSEWHERE = {
    Meaning.CHANNEL_REFUSED: Meaning.MISCONFIGURED,
    Meaning.CHANNEL_NOT_NOW: Meaning.TOO_BUSY,
    Meaning.POSITION_LOST: Meaning.SESSION_LOST,
}

ERRORS: Mapping[Meaning, type[ConnectorError]] = {
    Meaning.TOKEN_REFUSED: LoginFailed,
    Meaning.SESSION_LOST: Busy,
    Meaning.TOO_BUSY: Busy,
    Meaning.TOO_MANY_CLIENTS: QuotaSpent,
    Meaning.DAILY_LIMIT: QuotaSpent,
    Meaning.CHANNEL_REFUSED: NotAllowed,
    Meaning.CHANNEL_NOT_NOW: QuotaSpent,
    Meaning.POSITION_LOST: NotFound,
    Meaning.MISCONFIGURED: NotAllowed,
    Meaning.UNCLEAR: AnswerLost,
}


def read_outcome(request: Message, outcome: Outcome) -> Reading:
    """What came of sending this message."""
    if isinstance(outcome, Unanswered):
        return Reading(Verdict(Meaning.UNCLEAR, outcome.reason, was_sent=outcome.was_sent))
    try:
        elements = read(outcome.body)
    except Unparsable as error:
        return Reading(_from_status(outcome, str(error)))
    reply = reply_to(request, elements)
    if reply is None:
        verdict = _from_status(outcome, f"no reply to {request['channel']} in the answer")
        return Reading(verdict, elements if outcome.status < 400 else ())  # an error page in JSON is no event
    return Reading(_from_reply(request, reply, outcome), elements, reply)


def _from_reply(request: Message, reply: Message, answer: Answered) -> Verdict:
    channel = request["channel"]
    if reply.get("successful") is True:
        return _from_success(channel, reply, answer)
    reason, error = _failure_reason(reply), _text(reply.get("error"))
    meaning = _meaning_of(reason) or CODES.get(_code_in(reason)) or _from_error(error, reconnect_in(reply))
    if meaning is None:
        meaning = Meaning.CHANNEL_NOT_NOW if channel == SUBSCRIBE else Meaning.UNCLEAR
    if channel != SUBSCRIBE:
        meaning = ELSEWHERE.get(meaning, meaning)
    said = reason or error
    return Verdict(
        meaning,
        said or f"{channel} failed without a reason",
        _code_in(said),
        answer.status,
        retry_after_seconds=answer.retry_after_seconds,
    )


def _from_error(error: str, reconnect: str) -> Meaning | None:
    """`handshake` says what to do; `none` does not say why, so a number is asked first."""
    known = _meaning_of(error)
    if known is None and reconnect == "handshake":
        return Meaning.SESSION_LOST
    return known or CODES.get(_code_in(error)) or (Meaning.SESSION_LOST if reconnect == "none" else None)


def _from_success(channel: str, reply: Message, answer: Answered) -> Verdict:
    """A success may end the session all the same (section 7.0, item 2). A handshake begins one: no advice ends it."""
    if channel == HANDSHAKE:
        has_id = isinstance(reply.get("clientId"), str) and reply["clientId"]
        return (
            Verdict(Meaning.FINE)
            if has_id
            else Verdict(Meaning.UNCLEAR, "the handshake brought no clientId", status=answer.status)
        )
    reconnect = reconnect_in(reply)
    if reconnect in ("handshake", "none"):
        return Verdict(Meaning.SESSION_LOST, f"the server ends the session: reconnect {reconnect}")
    return Verdict(Meaning.FINE)


def _from_status(answer: Answered, what_was_wrong: str) -> Verdict:
    """Without a reply the body may still name the reason, as Salesforce does for a wrong API version."""
    said = _text(answer.body[: 4 * LONGEST_TEXT].decode("utf-8", "replace")) if answer.status >= 400 else ""
    meaning = _meaning_of(said)
    meaning = ELSEWHERE.get(meaning, meaning) if meaning else STATUSES.get(answer.status, Meaning.UNCLEAR)
    text = f"HTTP {answer.status}: {said or what_was_wrong}"
    return Verdict(meaning, text, status=answer.status, retry_after_seconds=answer.retry_after_seconds)


def _meaning_of(said: str) -> Meaning | None:
    return next((meaning for pattern, meaning in TEXTS if pattern.search(said)), None)


def _failure_reason(reply: Message) -> str:
    ext = reply.get("ext")
    sfdc = ext.get("sfdc") if isinstance(ext, Mapping) else None
    return _text(sfdc.get("failureReason")) if isinstance(sfdc, Mapping) else ""


def _text(said: object) -> str:
    """Printable and short; "" for what is no text."""
    if not isinstance(said, str):
        return ""
    return "".join(sign if sign.isprintable() else " " for sign in said[:LONGEST_TEXT]).strip()


def _code_in(said: str) -> str:
    """The `NNN` of `NNN::text` or `NNN:args:text`."""
    match = re.match(r"(\d{3}):", said)
    return match[1] if match else ""
