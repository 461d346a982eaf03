"""What to do about each meaning: how long to wait, and what counts as the same failure. Tables only; `session.py` follows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.salesforce.streaming.backoff import Pace
from connectors.salesforce.streaming.messages import CONNECT, HANDSHAKE, SUBSCRIBE
from connectors.salesforce.streaming.source import Counter
from connectors.salesforce.streaming.verdict import Meaning


@dataclass(frozen=True)
class Reaction:
    """How long to wait before starting afresh, counted as `counter` (None: by what failed)."""

    pace: Pace
    counter: Counter | None = None


#: What to do about answers that concern the whole session. The waits are those of reference salesforce.md section 1.7.
REACTIONS: Mapping[Meaning, Reaction] = {
    Meaning.TOKEN_REFUSED: Reaction(Pace(60, 900, first_at_once=True), Counter.AUTH),
    Meaning.SESSION_LOST: Reaction(Pace(1, 300, first_at_once=True), Counter.HANDSHAKE),
    Meaning.TOO_BUSY: Reaction(Pace(30, 300)),
    Meaning.TOO_MANY_CLIENTS: Reaction(Pace(60, 900)),
    Meaning.DAILY_LIMIT: Reaction(Pace(900, 3600)),
    Meaning.MISCONFIGURED: Reaction(Pace(900, 3600)),
    Meaning.UNCLEAR: Reaction(Pace(1, 60)),
}
LOGIN_FAILED = Pace(5, 900)

#: What to do about answers that concern one channel: it alone waits.
CHANNEL_PACES: Mapping[Meaning, Pace] = {
    Meaning.CHANNEL_REFUSED: Pace(3600, 3600),
    Meaning.CHANNEL_NOT_NOW: Pace(60, 900),
}

COUNTERS = {
    HANDSHAKE: Counter.HANDSHAKE,
    CONNECT: Counter.CONNECT,
    SUBSCRIBE: Counter.SUBSCRIBE,
}
