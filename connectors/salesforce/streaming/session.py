"""The CometD client's state machine, without I/O: says what to do next, is told what came of it, and turns that into
notices. Who does it is `cometd.py`, what an answer means is `verdict.py`, what to do about it `reactions.py`.

    LOG_IN ──> HANDSHAKE ──> FIRST_CONNECT ──> LISTENING: subscribe what is due, else connect ──┐
      ^                                            ^                                            │
      │                                            └───────── good answer, refused channel ─────┤
      └── anything else, after a goodbye and a wait ────────────────────────────────────────────┘

Two rules keep events from being lost. A cursor moves only when the reader has come back for the next notice. And a
session in which an answer got lost is given up, not mended: the answer may have carried events, the server believes
them delivered, and what it still has queued would come before any replay and move the cursor across the gap
(reference salesforce.md sections 1.4 and 7.0, item 1). In a new session everything follows on the cursor.

Hence the watchdog of section 1.7 is the deadline of each exchange: silence is a lost answer like any other, and one
lost answer restarts the whole machine. Logging in again costs nothing while the token is good.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from enum import Enum, auto

from connectors.errors import ConnectorError, NotNow
from connectors.salesforce.streaming import messages
from connectors.salesforce.streaming.advice import Advice
from connectors.salesforce.streaming.answers import Outcome, Unanswered
from connectors.salesforce.streaming.backoff import Backoff
from connectors.salesforce.streaming.events import notices_in
from connectors.salesforce.streaming.messages import Message
from connectors.salesforce.streaming.reactions import (
    CHANNEL_PACES,
    COUNTERS,
    LOGIN_FAILED,
    REACTIONS,
)
from connectors.salesforce.streaming.source import (
    ALL_RETAINED,
    NEW_ONLY,
    ChannelRefused,
    Counter,
    Events,
    Idle,
    Notices,
    PositionLost,
    QuotaReached,
    Subscribed,
    Trouble,
    Unreadable,
)
from connectors.salesforce.streaming.steps import Exchange, LogIn, Rest, Step
from connectors.salesforce.streaming.subscriptions import Subscription, Subscriptions
from connectors.salesforce.streaming.verdict import Meaning, Reading, Verdict, read_outcome

#: Longer than the server parks a poll by this much: the network may be slow (section 1.3).
NETWORK_SECONDS = 15.0
#: Handshake and subscribe are answered at once.
ORDINARY_SECONDS = 30.0
#: Nobody wants to wait long for permission to leave.
GOODBYE_SECONDS = 5.0
#: The first connect should be, too. A server that parks it all the same is not waited for.
FIRST_CONNECT_SECONDS = 10.0
#: An empty poll answered sooner than this is no long poll: it proves little, and the next one waits, or we would spin.
SHORTEST_POLL_SECONDS = 0.2


class Phase(Enum):
    """How far a session has come."""

    LOG_IN = auto()
    HANDSHAKE = auto()
    FIRST_CONNECT = auto()
    LISTENING = auto()


class Session:
    """One reader's conversation with one server, over as many Bayeux sessions as it takes.

    `clock` is monotonic, in seconds. Call `next_step`, do it, report what came of it, over and over.
    """

    def __init__(
        self, channels: Mapping[str, str], *, clock: Callable[[], float], rng: random.Random
    ) -> None:
        self._subscriptions = Subscriptions(channels)
        self._clock = clock
        self._backoff = Backoff(rng)
        self._advice = Advice()
        self._phase = Phase.LOG_IN
        self._client_id = ""
        self._message_ids = (str(number) for number in itertools.count(1))
        self._token_was_refused = False
        self._is_giving_up = False
        self._is_distrusted = False
        self._rest_seconds = 0.0
        self._pause_before_connect = 0.0
        self._sent_at = clock()

    def next_step(self) -> Step:
        if self._is_giving_up:
            goodbye = self.goodbye()
            self._is_giving_up, self._client_id = False, ""
            if goodbye is not None:
                return goodbye
        if self._rest_seconds > 0:
            rest, self._rest_seconds = Rest(self._rest_seconds), 0.0
            return rest
        match self._phase:
            case Phase.LOG_IN:
                return LogIn(self._token_was_refused)
            case Phase.HANDSHAKE:
                return self._send(messages.handshake(self._next_id()), ORDINARY_SECONDS)
            case Phase.FIRST_CONNECT:
                first = messages.connect(self._next_id(), self._client_id, answer_at_once=True)
                return self._send(first, FIRST_CONNECT_SECONDS)
            case Phase.LISTENING:
                return self._subscribe_or_connect()

    def logged_in(self) -> None:
        self._token_was_refused = False
        self._phase = Phase.HANDSHAKE

    def login_failed(self, error: ConnectorError) -> Notices:
        wait = self._backoff.after_failure(Counter.AUTH, LOGIN_FAILED)
        asked = error.retry_after_seconds if isinstance(error, NotNow) else None
        self._rest_seconds = max(wait, asked or 0.0)
        yield Trouble(error, self._rest_seconds, Counter.AUTH)

    def take(self, exchange: Exchange, outcome: Outcome) -> Notices:
        """What came of an exchange. Must be iterated to its end before the next step is asked for."""
        if exchange.channel == messages.DISCONNECT:
            return
        reading = read_outcome(exchange.request, outcome)
        self._advice = self._advice.updated(reading.elements)
        if reading.verdict.meaning is Meaning.FINE:
            yield from self._go_on(exchange, reading)
            return
        yield from self._deliver(notices_in(reading.elements))
        if self._phase is Phase.FIRST_CONNECT and isinstance(outcome, Unanswered) and outcome.timed_out:
            self._phase = Phase.LISTENING  # parked: not polite, but no failure, and there was nothing to lose
            return
        yield from self._react(exchange, reading.verdict)

    def distrust(self, channel: str) -> None:
        """Start a new session instead of the next connect. May be called from another thread."""
        if channel in self._subscriptions:
            self._is_distrusted = True

    def goodbye(self) -> Exchange | None:
        """Frees our place at the server; None when we have none. Nothing depends on what comes of it."""
        if not self._client_id:
            return None
        return Exchange(messages.disconnect(self._next_id(), self._client_id), GOODBYE_SECONDS)

    # What to send

    def _next_id(self) -> str:
        return next(self._message_ids)

    def _send(self, request: Message, deadline_seconds: float) -> Exchange:
        self._sent_at = self._clock()
        return Exchange(request, deadline_seconds)

    def _subscribe_or_connect(self) -> Step:
        """One channel per request, so that an HTTP error names its channel and no request grows too large."""
        if self._is_distrusted:
            self._is_giving_up, self._phase = True, Phase.LOG_IN
            return self.next_step()
        due = self._subscriptions.due(self._clock())
        if due is not None:
            subscribe = messages.subscribe(self._next_id(), self._client_id, due.channel, due.cursor)
            return self._send(subscribe, ORDINARY_SECONDS)
        if self._pause_before_connect > 0:
            pause, self._pause_before_connect = Rest(self._pause_before_connect), 0.0
            return pause
        poll = messages.connect(self._next_id(), self._client_id)
        return self._send(poll, self._advice.timeout_seconds + NETWORK_SECONDS)

    # What a good answer leads to

    def _go_on(self, exchange: Exchange, reading: Reading) -> Notices:
        match exchange.channel, reading.reply:
            case messages.HANDSHAKE, {"clientId": str(client_id)}:
                self._client_id = client_id
                self._is_distrusted = False
                self._subscriptions.forget_session()
                self._phase = Phase.FIRST_CONNECT
            case messages.SUBSCRIBE, _:
                yield from self._note_subscribed(exchange.request["subscription"])
                yield from self._deliver(notices_in(reading.elements))
            case _:
                yield from self._note_connected(reading.elements)

    def _note_subscribed(self, channel: str) -> Notices:
        subscription = self._subscriptions[channel]
        missed_unknown = subscription.was_active and subscription.cursor == NEW_ONLY
        subscription.is_active, subscription.was_active, subscription.refusals = True, True, 0
        yield Subscribed(channel, subscription.cursor)
        if missed_unknown:
            reason = "the connection broke before the first event came"
            yield PositionLost(channel, NEW_ONLY, reason, resumed_from=NEW_ONLY)

    def _note_connected(self, elements: Sequence[object]) -> Notices:
        was_first, self._phase = self._phase is Phase.FIRST_CONNECT, Phase.LISTENING
        self._pause_before_connect = self._advice.interval_seconds
        if was_first:
            yield from self._deliver(notices_in(elements))
            return
        news = tuple(notices_in(elements))
        if not news and self._clock() - self._sent_at < SHORTEST_POLL_SECONDS:
            self._pause_before_connect = max(self._pause_before_connect, SHORTEST_POLL_SECONDS)
        else:
            self._backoff.reset()
        if not news:
            yield Idle()
        yield from self._deliver(news)

    def _deliver(self, news: Iterable[Events | Unreadable]) -> Notices:
        """Hands out the events; whoever comes back for more has processed what it got."""
        for notice in news:
            yield notice
            cursor = notice.events[-1].cursor if isinstance(notice, Events) else notice.cursor
            self._subscriptions.move(notice.channel, cursor)

    # What any other answer leads to

    def _react(self, exchange: Exchange, verdict: Verdict) -> Notices:
        if verdict.meaning is Meaning.POSITION_LOST:
            yield from self._lose_position(self._subscriptions[exchange.request["subscription"]], verdict)
        elif verdict.meaning in CHANNEL_PACES:
            yield self._set_aside(self._subscriptions[exchange.request["subscription"]], verdict)
        else:
            yield self._back_off(exchange, verdict)

    def _lose_position(self, subscription: Subscription, verdict: Verdict) -> Notices:
        """The reader hears of it before we subscribe anew: should it stop now, it meets the old cursor again."""
        if subscription.cursor in (NEW_ONLY, ALL_RETAINED):
            yield self._set_aside(subscription, replace(verdict, meaning=Meaning.CHANNEL_NOT_NOW))
            return
        yield PositionLost(subscription.channel, subscription.cursor, verdict.text, resumed_from=ALL_RETAINED)
        subscription.cursor = ALL_RETAINED

    def _set_aside(self, subscription: Subscription, verdict: Verdict) -> ChannelRefused:
        pace = CHANNEL_PACES[verdict.meaning].seconds(subscription.refusals)
        seconds = self._backoff.stretched(max(pace, verdict.retry_after_seconds or 0.0))
        subscription.refusals += 1
        subscription.not_before = self._clock() + seconds
        return ChannelRefused(subscription.channel, verdict.error(), seconds)

    def _back_off(self, exchange: Exchange, verdict: Verdict) -> QuotaReached | Trouble:
        reaction = REACTIONS[verdict.meaning]
        counter = reaction.counter or COUNTERS[exchange.channel]
        wait = self._backoff.after_failure(counter, reaction.pace)
        self._rest_seconds = max(wait, verdict.retry_after_seconds or 0.0, self._advice.interval_seconds)
        self._token_was_refused = verdict.meaning is Meaning.TOKEN_REFUSED
        self._is_giving_up = True
        if verdict.meaning in (Meaning.SESSION_LOST, Meaning.TOKEN_REFUSED):
            self._client_id = ""  # the server would not listen to a goodbye
        self._phase = Phase.LOG_IN
        if verdict.meaning is Meaning.DAILY_LIMIT:
            return QuotaReached(verdict.error(), self._rest_seconds)
        return Trouble(verdict.error(), self._rest_seconds, counter)
