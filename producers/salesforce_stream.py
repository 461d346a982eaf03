"""Hears the Salesforce event stream and registers what it says: changes, and what could not be shown as changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import assert_never

import structlog

from canonical.change import Change
from connectors.salesforce.streaming.source import (
    ALL_RETAINED,
    NEW_ONLY,
    ChannelRefused,
    Events,
    EventSource,
    Idle,
    Notice,
    PositionLost,
    QuotaReached,
    StreamEvent,
    Subscribed,
    Trouble,
    Unreadable,
)
from ledger.deliveries import Waiting, deliveries_of
from ledger.ledger import Ledger
from ledger.producing import Cursor, Incident, Lease
from mappings.book import Book
from mappings.flows import Flow
from producers.stream_news import News, read_events, version_of_unreadable

log = structlog.get_logger("kashforce.stream")

NAME = "salesforce_stream"

#: How long change events are kept (reference salesforce.md section 1.5), less the time it takes to ask for them.
RETENTION = timedelta(hours=71)


class SalesforceStream:
    """The producer: reads `source` from the cursors in the ledger until the source is closed.

    `lease` tells the right under which it writes; a write raises LeaseLost once another process has it.
    """

    def __init__(
        self,
        source: EventSource,
        channels: Sequence[str],
        *,
        ledger: Ledger,
        book: Book,
        announce: Callable[[Waiting], None],
        clock: Callable[[], datetime],
        lease: Callable[[], Lease | None] = lambda: None,
    ) -> None:
        self._source = source
        self._channels = tuple(channels)
        self._ledger = ledger
        self._book = book
        self._announce = announce
        self._clock = clock
        self._lease = lease
        #: Channels read for the first time, and since when: what happened before is the initial load's business.
        self._since: dict[str, datetime] = {}
        #: When the last event of each channel that we could read happened.
        self._heard_until: dict[str, datetime] = {}
        #: Since when the subscriptions are believed to tell everything.
        self._trusted_since = clock()

    def run(self) -> None:
        """Listen until the source is closed. An event counts as processed once its deliveries are committed."""
        positions = self._positions()
        self._register(News(incidents=list(self._long_outages(positions))))
        for notice in self._source.listen(positions):
            self.hear(notice)

    def hear(self, notice: Notice) -> None:
        """Register what the notice brings, then say that it waits."""
        self._register(self._read(notice))

    def _register(self, news: News) -> None:
        if not news.changes and not news.incidents and news.cursor is None:
            return
        deliveries = deliveries_of(news.changes, self._routes)
        waiting = self._ledger.register(
            deliveries,
            cursors=[news.cursor] if news.cursor else [],
            incidents=news.incidents,
            lease=self._lease(),
            now=self._clock(),
        )
        self._announce(waiting)
        log.info(
            "heard",
            changes=len(news.changes),
            new_deliveries=sum(len(ids) for ids in waiting.values()),
            incidents=len(news.incidents),
        )

    def _routes(self, change: Change) -> list[Flow]:
        return [flow for flow in self._book.flows_for(change.source, change.entity) if flow.watches(change)]

    def _positions(self) -> dict[str, str]:
        """Where to go on; a channel that was never read begins with what is new.

        Its cursor then says "all that is retained, since now": should the first event never be processed, the
        next start still finds it.
        """
        stored = self._ledger.cursors(_cursor_name(channel) for channel in self._channels)
        positions: dict[str, str] = {}
        for channel in self._channels:
            cursor = stored.get(_cursor_name(channel))
            positions[channel] = cursor.value if cursor else NEW_ONLY
            if cursor is None:
                self._since[channel] = self._clock()
            elif cursor.value == ALL_RETAINED and cursor.position_at:
                self._since[channel] = cursor.position_at
            if cursor is not None and cursor.position_at:
                self._heard_until[channel] = cursor.position_at
        return positions

    def _long_outages(self, positions: Mapping[str, str]) -> Iterator[Incident]:
        """Salesforce may accept a replay id that is older than what it keeps, and leave out what it dropped."""
        now = self._clock()
        for channel, cursor in positions.items():
            heard_until = self._heard_until.get(channel)
            if heard_until is not None and now - heard_until > RETENTION:
                reason = "nothing was heard for longer than Salesforce keeps events"
                log.error("long_outage", channel=channel, since=heard_until.isoformat())
                detail = {"reason": reason, "since": heard_until.isoformat()}
                yield Incident("long_outage", "salesforce", channel, cursor, now, detail)

    def _read(self, notice: Notice) -> News:
        match notice:
            case Events(channel=channel, events=events):
                return self._read_events(channel, events)
            case Unreadable():
                return self._note_unreadable(notice)
            case PositionLost(channel=channel, cursor=cursor, reason=reason):
                log.error("position_lost", channel=channel, cursor=cursor, reason=reason)
                return self._incident(
                    "position_lost", channel, cursor, {"reason": reason, "resumed_from": notice.resumed_from}
                )
            case ChannelRefused(channel=channel, error=error):
                log.error("channel_refused", channel=channel, reason=error.message)
                return self._incident(
                    "channel_refused", channel, error.message[:120], {"reason": error.message}
                )
            case QuotaReached(error=error, wait_seconds=seconds):
                log.error("quota_reached", reason=error.message, again_in_seconds=seconds)
                today = self._clock().date().isoformat()
                return self._incident(
                    "quota", ",".join(self._channels)[:160], today, {"reason": error.message}
                )
            case Subscribed(channel=channel, cursor=cursor):
                log.info("subscribed", channel=channel, cursor=cursor)
                self._trusted_since = self._clock()
                if cursor == NEW_ONLY:
                    since = self._since.get(channel, self._clock())
                    return News(cursor=Cursor(_cursor_name(channel), ALL_RETAINED, since))
            case Trouble(error=error, wait_seconds=seconds, counter=counter):
                log.warning("trouble", trying=counter.value, reason=error.message, again_in_seconds=seconds)
            case Idle():
                self._subscribe_again_if_something_was_missed()
            case other:
                assert_never(other)
        return News()

    def _read_events(self, channel: str, events: Sequence[StreamEvent]) -> News:
        news = read_events(
            _cursor_name(channel),
            channel,
            events,
            self._clock(),
            since=self._since.get(channel),
            heard_until=self._heard_until.get(channel),
        )
        if channel not in self._channels:
            news.cursor = None  # somebody else's, or garbled: we have no position on it
        elif news.cursor and news.cursor.position_at:
            self._heard_until[channel] = news.cursor.position_at
        return news

    def _incident(self, kind: str, subject: str, version: str, detail: dict[str, str]) -> News:
        """Changes may be missing from when each channel in question was last heard; without it, from a while ago."""
        now = self._clock()
        channels = subject.split(",")
        known = [
            at for channel in channels if (at := self._heard_until.get(channel) or self._since.get(channel))
        ]
        if known:
            detail = {**detail, "since": min(known).isoformat()}
        return News(incidents=[Incident(kind, "salesforce", subject, version, now, detail)])

    def _subscribe_again_if_something_was_missed(self) -> None:
        """A subscription may be dead although the server answers every poll: then only the sweep sees changes."""
        if not self._ledger.was_noted("watchdog", "salesforce", since=self._trusted_since):
            return
        log.warning("subscribing_again", channels=len(self._channels))
        self._trusted_since = self._clock()
        for channel in self._channels:
            self._source.distrust(channel)

    def _note_unreadable(self, notice: Unreadable) -> News:
        """Kept whole, so that a person can see what it was; the cursor goes on, because asking again brings it again."""
        version = version_of_unreadable(notice.raw_text, notice.cursor)
        log.error("unreadable", channel=notice.channel, why=notice.why, version=version)
        detail = {"why": notice.why, "raw": notice.raw_text}
        news = self._incident("unreadable", notice.channel, version, detail)
        if notice.channel in self._channels and notice.cursor:
            heard_until = self._heard_until.get(notice.channel)
            news.cursor = Cursor(_cursor_name(notice.channel), notice.cursor, heard_until)
        return news


def _cursor_name(channel: str) -> str:
    return f"{NAME}:{channel}"
