"""Hears the Salesforce event stream and registers what it says: changes, and what could not be shown as changes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import assert_never

import structlog

from canonical.change import Change, Kind
from connectors.salesforce.streaming.change_event import (
    ChangeEvent,
    ChangeType,
    MalformedChange,
    read_change,
)
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

log = structlog.get_logger("kashforce.stream")

NAME = "salesforce_stream"

#: 15 or 18 characters, or a prefix with a star that stands for all records of an object.
_RECORD_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?|[A-Za-z0-9]{0,15}\*", re.ASCII)
#: Salesforce's own are 36 characters long.
_LONGEST_KEY = 100

#: The org's clock and ours need not agree to the second; better an old change too many than a new one too few.
CLOCK_MARGIN = timedelta(minutes=1)


@dataclass
class _News:
    """What one notice brings, to be registered in one transaction."""

    changes: list[Change] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    cursor: Cursor | None = None


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

    def run(self) -> None:
        """Listen until the source is closed. An event counts as processed once its deliveries are committed."""
        for notice in self._source.listen(self._positions()):
            self.hear(notice)

    def hear(self, notice: Notice) -> None:
        """Register what the notice brings, then say that it waits."""
        news = self._read(notice)
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
        return positions

    def _read(self, notice: Notice) -> _News:
        match notice:
            case Events(channel=channel, events=events):
                return _read_events(channel, events, self._clock(), since=self._since.get(channel))
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
                if cursor == NEW_ONLY:
                    since = self._since.get(channel, self._clock())
                    return _News(cursor=Cursor(_cursor_name(channel), ALL_RETAINED, since))
            case Trouble(error=error, wait_seconds=seconds, counter=counter):
                log.warning("trouble", trying=counter.value, reason=error.message, again_in_seconds=seconds)
            case Idle():
                pass
            case other:
                assert_never(other)
        return _News()

    def _incident(self, kind: str, subject: str, version: str, detail: dict[str, str]) -> _News:
        now = self._clock()
        return _News(incidents=[Incident(kind, "salesforce", subject, version, now, detail)])

    def _note_unreadable(self, notice: Unreadable) -> _News:
        """Kept whole, so that a person can see what it was; the cursor goes on, because asking again brings it again."""
        digest = hashlib.sha256(notice.raw_text.encode()).hexdigest()
        log.error("unreadable", channel=notice.channel, why=notice.why, digest=digest[:12])
        news = self._incident(
            "unreadable", notice.channel, notice.cursor or digest, {"why": notice.why, "raw": notice.raw_text}
        )
        if notice.channel and notice.cursor:
            news.cursor = Cursor(_cursor_name(notice.channel), notice.cursor)
        return news


def _read_events(
    channel: str, events: Iterable[StreamEvent], now: datetime, *, since: datetime | None
) -> _News:
    news = _News()
    for event in events:
        position_at = None
        try:
            heard = _identified(read_change(event.payload))
        except MalformedChange as error:
            log.error("unreadable", channel=channel, why=str(error), cursor=event.cursor)
            detail = {"why": str(error), "raw": json.dumps(event.data, default=str)}
            news.incidents.append(Incident("unreadable", "salesforce", channel, event.cursor, now, detail))
        else:
            position_at = heard.commit_timestamp
            if since is None or position_at >= since - CLOCK_MARGIN:
                news.changes.extend(_changes_of(heard))
                news.incidents.extend(_gap_in(heard))
        news.cursor = Cursor(_cursor_name(channel), event.cursor, position_at)
    return news


def _identified(heard: ChangeEvent) -> ChangeEvent:
    """The same event. Raises MalformedChange where it names records or its transaction in a way that cannot be one:
    the ledger could not keep it, and the stream would come to a stop at it again and again."""
    if not all(_RECORD_ID.fullmatch(record_id) for record_id in heard.record_ids):
        raise MalformedChange("recordIds", "a list of record ids")
    if len(heard.transaction_key) > _LONGEST_KEY:
        raise MalformedChange("transactionKey", f"text of at most {_LONGEST_KEY} characters")
    return heard


_KINDS: Mapping[ChangeType, Kind] = {
    ChangeType.CREATE: "created",
    ChangeType.UPDATE: "updated",
    ChangeType.DELETE: "deleted",
    ChangeType.UNDELETE: "undeleted",
}


def _changes_of(heard: ChangeEvent) -> Iterator[Change]:
    """One change per record. A gap names records without saying what changed: reading them again is all it takes."""
    if heard.is_overflow:
        return
    for record_id in heard.record_ids:
        if record_id.endswith("*"):
            continue
        yield Change(
            source="salesforce",
            entity=heard.entity,
            record_id=record_id,
            version=f"{heard.transaction_key}:{heard.sequence_number}",
            kind=_KINDS.get(heard.change_type, "unknown"),
            occurred_at=heard.commit_timestamp,
            changed_fields=heard.changed_fields,
        )


def _gap_in(heard: ChangeEvent) -> Iterator[Incident]:
    """What this event says happened without naming the records: somebody has to read the object again."""
    if heard.is_overflow or heard.has_wildcard:
        log.error("gap", entity=heard.entity, change=heard.change_type.value)
        yield Incident(
            "overflow" if heard.is_overflow else "gap",
            "salesforce",
            heard.entity,
            f"{heard.transaction_key}:{heard.sequence_number}",
            heard.commit_timestamp,
            {"change_type": heard.change_type.value, "record_ids": list(heard.record_ids)},
        )


def _cursor_name(channel: str) -> str:
    return f"{NAME}:{channel}"
