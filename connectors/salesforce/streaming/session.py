"""The CometD client's state machine, without I/O: says what to do next, is told what came of it, and turns that into
notices. Who does it is `cometd.py`.

    LOG_IN ──> HANDSHAKE ──> FIRST_CONNECT ──> LISTENING: subscribe what is due, else connect ──┐
      ^            ^                               ^                                            │
      │            │ session lost or ended,        └── answered; or unclear (after a wait, ─────┤
      │            │ busy, quota, setting              and then subscribe everything again)     │
      │            └────────────────────────────────────────────────────────────────────────────┤
      └── token refused; or unclear for so long that everything is started afresh ──────────────┘

Two rules keep events from being lost. A connect that failed may have carried events with it while the session, and
so the server's idea of our position, lives on: after it every channel is subscribed again from its cursor (reference
salesforce.md section 7.0, item 1). And a cursor moves only when the reader has come back for the next notice.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

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
    Phase,
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
from connectors.salesforce.streaming.subscriptions import State, Subscription, Subscriptions
from connectors.salesforce.streaming.verdict import Meaning, Reading, Verdict, read_outcome

#: Longer than the server parks a poll by this much: the network may be slow (section 1.3).
NETWORK_SECONDS = 15.0
#: Handshake and subscribe are answered at once.
ORDINARY_SECONDS = 30.0
#: Nobody wants to wait long for permission to leave.
GOODBYE_SECONDS = 5.0
#: The first connect should be, too. A server that parks it all the same is not waited for.
FIRST_CONNECT_SECONDS = 10.0
#: No answer to a connect for so long, whatever we tried: start everything afresh (section 1.7).
SILENCE_SECONDS = 150.0
#: An empty poll answered sooner than this is no long poll: it proves little, and the next one waits, or we would spin.
SHORTEST_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Rest:
    """Do nothing for this long."""

    seconds: float


@dataclass(frozen=True)
class LogIn:
    """Get a token: a new one if the server refused the one in use. Then tell `logged_in` or `login_failed`."""

    was_refused: bool


@dataclass(frozen=True)
class Exchange:
    """Send these messages in one request, wait for the answer at most so long, then `take` it.

    The last message is the one that matters. `opens_session`: send it with an empty cookie jar.
    """

    messages: tuple[Message, ...]
    deadline_seconds: float
    opens_session: bool = False

    @property
    def request(self) -> Message:
        return self.messages[-1]


Step = Rest | LogIn | Exchange


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
        self._rest_seconds = 0.0
        self._pause_before_connect = 0.0
        self._sent_at = self._answered_at = clock()

    def next_step(self) -> Step:
        if self._rest_seconds > 0:
            rest, self._rest_seconds = Rest(self._rest_seconds), 0.0
            return rest
        match self._phase:
            case Phase.LOG_IN:
                return LogIn(self._token_was_refused)
            case Phase.HANDSHAKE:
                return self._send(
                    messages.handshake(self._next_id()), deadline_seconds=ORDINARY_SECONDS, opens_session=True
                )
            case Phase.FIRST_CONNECT:
                first = messages.connect(self._next_id(), self._client_id, answer_at_once=True)
                return self._send(first, deadline_seconds=FIRST_CONNECT_SECONDS)
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
        reading = read_outcome(exchange.messages, outcome)
        self._advice = self._advice.updated(reading.elements)
        if reading.verdict.meaning is Meaning.FINE:
            yield from self._go_on(exchange, reading)
            return
        yield from self._deliver(notices_in(reading.elements))
        if self._phase is Phase.FIRST_CONNECT and isinstance(outcome, Unanswered) and outcome.timed_out:
            self._phase = Phase.LISTENING  # parked: not polite, but no failure, and there was nothing to lose
            return
        yield from self._react(exchange.request, reading.verdict)

    def distrust(self, channel: str) -> None:
        """Subscribe to this channel again before the next connect. May be called from another thread."""
        self._subscriptions.doubt(channel)

    def goodbye(self) -> Exchange | None:
        """Frees our place at the server; None when we never had one. Nothing depends on what comes of it."""
        if not self._client_id:
            return None
        return Exchange((messages.disconnect(self._next_id(), self._client_id),), GOODBYE_SECONDS)

    # What to send

    def _next_id(self) -> str:
        return next(self._message_ids)

    def _send(self, *sent: Message, deadline_seconds: float, opens_session: bool = False) -> Exchange:
        self._sent_at = self._clock()
        return Exchange(sent, deadline_seconds, opens_session)

    def _subscribe_or_connect(self) -> Step:
        due = self._subscriptions.due(self._clock())
        if due is not None:
            return self._subscribe(due)
        if self._pause_before_connect > 0:
            pause, self._pause_before_connect = Rest(self._pause_before_connect), 0.0
            return pause
        poll = messages.connect(self._next_id(), self._client_id)
        return self._send(poll, deadline_seconds=self._advice.timeout_seconds + NETWORK_SECONDS)

    def _subscribe(self, wanted: Subscription) -> Exchange:
        """One channel per request, so that an HTTP error names its channel and no request grows too large.

        A doubtful one is unsubscribed first: no rule says that a second subscribe moves the server's position.
        """
        subscribe = messages.subscribe(self._next_id(), self._client_id, wanted.channel, wanted.cursor)
        if wanted.state is not State.DOUBTFUL:
            return self._send(subscribe, deadline_seconds=ORDINARY_SECONDS)
        unsubscribe = messages.unsubscribe(self._next_id(), self._client_id, wanted.channel)
        return self._send(unsubscribe, subscribe, deadline_seconds=ORDINARY_SECONDS)

    # What a good answer leads to

    def _go_on(self, exchange: Exchange, reading: Reading) -> Notices:
        match exchange.request["channel"], reading.reply:
            case messages.HANDSHAKE, {"clientId": str(client_id)}:
                self._client_id = client_id
                self._answered_at = self._clock()
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
        subscription.state, subscription.was_active, subscription.refusals = State.ACTIVE, True, 0
        yield Subscribed(channel, subscription.cursor)
        if missed_unknown:
            reason = "the connection broke before the first event came"
            yield PositionLost(channel, NEW_ONLY, reason, resumed_from=NEW_ONLY)

    def _note_connected(self, elements: Sequence[object]) -> Notices:
        was_first, self._phase = self._phase is Phase.FIRST_CONNECT, Phase.LISTENING
        self._answered_at = self._clock()
        self._pause_before_connect = self._advice.interval_seconds
        if was_first:
            yield from self._deliver(notices_in(elements))
            return
        news = tuple(notices_in(elements))
        if not news and self._answered_at - self._sent_at < SHORTEST_POLL_SECONDS:
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

    def _react(self, request: Message, verdict: Verdict) -> Notices:
        if verdict.meaning is Meaning.POSITION_LOST:
            yield from self._lose_position(self._subscriptions[request["subscription"]], verdict)
        elif verdict.meaning in CHANNEL_PACES:
            yield self._set_aside(self._subscriptions[request["subscription"]], verdict)
        else:
            yield self._back_off(request, verdict)

    def _lose_position(self, subscription: Subscription, verdict: Verdict) -> Notices:
        """The reader hears of it before we subscribe anew: should it stop now, it meets the old cursor again."""
        if subscription.cursor in (NEW_ONLY, ALL_RETAINED):
            yield self._set_aside(subscription, replace(verdict, meaning=Meaning.CHANNEL_NOT_NOW))
            return
        yield PositionLost(subscription.channel, subscription.cursor, verdict.text, resumed_from=ALL_RETAINED)
        subscription.cursor, subscription.state = ALL_RETAINED, State.WANTED

    def _set_aside(self, subscription: Subscription, verdict: Verdict) -> ChannelRefused:
        pace = CHANNEL_PACES[verdict.meaning].seconds(subscription.refusals)
        seconds = self._backoff.stretched(max(pace, verdict.retry_after_seconds or 0.0))
        subscription.state = State.WANTED
        subscription.refusals += 1
        subscription.not_before = self._clock() + seconds
        return ChannelRefused(subscription.channel, verdict.error(), seconds)

    def _back_off(self, request: Message, verdict: Verdict) -> QuotaReached | Trouble:
        reaction = REACTIONS[verdict.meaning]
        counter = reaction.counter or COUNTERS[request["channel"]]
        wait = self._backoff.after_failure(counter, reaction.pace)
        self._rest_seconds = max(wait, verdict.retry_after_seconds or 0.0, self._advice.interval_seconds)
        if verdict.meaning is Meaning.TOKEN_REFUSED:
            self._token_was_refused = True
        if verdict.meaning is Meaning.UNCLEAR:
            self._doubt(request)
        self._phase = reaction.phase or self._phase
        if verdict.meaning is Meaning.DAILY_LIMIT:
            return QuotaReached(verdict.error(), self._rest_seconds)
        return Trouble(verdict.error(), self._rest_seconds, counter)

    def _doubt(self, request: Message) -> None:
        """An answer got lost: so may have events in it. After too long a silence nothing is trusted any more."""
        longest_silence = max(SILENCE_SECONDS, self._advice.timeout_seconds + NETWORK_SECONDS)
        if self._phase is not Phase.HANDSHAKE and self._clock() - self._answered_at > longest_silence:
            self._phase = Phase.LOG_IN
        if request["channel"] == messages.CONNECT:
            self._subscriptions.doubt_active()
        elif request["channel"] == messages.SUBSCRIBE:
            self._subscriptions.doubt(request["subscription"])
