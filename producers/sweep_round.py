"""One round of the sweep over one flow: its window, the place reached, the count; a value that fits in a cursor."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Self

from ledger.incidents import NotedIncident
from ledger.producing import Cursor

#: How far a round reaches back behind the end of the one before. A row may show up later than its SystemModstamp
#: says, by the rest of its transaction: 10 minutes at most. The other half is for clocks that disagree.
OVERLAP = timedelta(minutes=20)
#: How long after an incident a round must end to make up for it: what was committed just before must be visible.
SETTLE = timedelta(seconds=60)


@dataclass(frozen=True)
class Round:
    """Reads everything that changed between `since` and `until`, both included.

    It begins on a whole second, as SystemModstamp does: a record of that second would else seem to lie before the
    place from which it is read.
    """

    #: Before this, nothing is the sweep's business: it was there when the flow was first swept.
    begun: datetime
    since: datetime
    until: datetime
    #: The place reached: SystemModstamp and id of the last record read, no id before the first.
    at: datetime
    after_id: str = ""
    records: int = 0
    changes: int = 0
    calls: int = 0
    done: bool = False

    @classmethod
    def first(cls, begun: datetime, now: datetime) -> Self:
        """Done as it is where it has just begun: the next one reads that second again, and Salesforce takes no window
        within one second."""
        start = _whole_second(begun)
        return cls(start, start, now, start, done=start >= _whole_second(now))

    def following(self, now: datetime, starts: datetime) -> Self:
        """The next round, from `starts` or from the overlap with this one, whichever is earlier."""
        since = max(self.begun, _whole_second(min(self.until - OVERLAP, starts)))
        return replace(
            self, since=since, until=now, at=since, after_id="", records=0, changes=0, calls=0, done=False
        )

    def makes_up_for(self, incident: NotedIncident) -> bool:
        """Has this round read what the incident may have kept from us?"""
        return (
            self.done
            and self.until >= incident.noted_at + SETTLE
            and self.since <= max(self.begun, start_of(incident))
        )

    def as_cursor(self, name: str) -> Cursor:
        return Cursor(
            name, json.dumps({one.name: _text(getattr(self, one.name)) for one in fields(self)}), self.at
        )

    @classmethod
    def from_cursor(cls, cursor: Cursor) -> Self:
        told = json.loads(cursor.value)
        times = {name: datetime.fromisoformat(told[name]) for name in ("begun", "since", "until", "at")}
        return cls(**{**told, **times})


def start_of(incident: NotedIncident) -> datetime:
    """Since when changes may be missing: since what was last heard for certain, or shortly before it happened."""
    told = incident.detail.get("since")
    return datetime.fromisoformat(told) if told else incident.occurred_at - OVERLAP


def _whole_second(at: datetime) -> datetime:
    """Salesforce stamps records in whole seconds: what changed in the middle of one is stamped with its beginning."""
    return at.replace(microsecond=0)


def _text(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
