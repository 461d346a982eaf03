"""What change events say, as changes to register and as incidents of what they leave unsaid. Writes nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from canonical.change import Change, Kind
from connectors.salesforce.streaming.change_event import (
    ChangeEvent,
    ChangeType,
    MalformedChange,
    read_change,
)
from connectors.salesforce.streaming.messages import in_ascii
from connectors.salesforce.streaming.source import StreamEvent
from ledger.producing import Cursor, Incident

log = structlog.get_logger("kashforce.stream")

#: 15 or 18 characters, or a prefix with a star that stands for all records of an object.
_RECORD_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?|[A-Za-z0-9]{0,15}\*", re.ASCII)
#: Of transaction key and sequence number together; Salesforce's own keys are 36 characters long.
_LONGEST_VERSION = 120

#: The org's clock and ours need not agree to the second; better an old change too many than a new one too few.
CLOCK_MARGIN = timedelta(minutes=1)


@dataclass
class News:
    """What one notice brings, to be registered in one transaction."""

    changes: list[Change] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    cursor: Cursor | None = None


def read_events(
    cursor_name: str,
    channel: str,
    events: Iterable[StreamEvent],
    now: datetime,
    *,
    since: datetime | None,
    heard_until: datetime | None,
) -> News:
    """What these events bring. What happened before `since` is left out, but for a margin.

    `heard_until` is when the last event before them happened: the cursor keeps it where no event says better.
    """
    news = News()
    for event in events:
        try:
            heard = _identified(read_change(event.payload))
        except MalformedChange as error:
            log.error("unreadable", channel=channel, why=str(error), cursor=event.cursor)
            raw = in_ascii(event.data)
            detail = {"why": str(error), "raw": raw}
            version = version_of_unreadable(raw, event.cursor)
            news.incidents.append(Incident("unreadable", "salesforce", channel, version, now, detail))
        else:
            heard_until = heard.commit_timestamp
            if since is None or heard_until >= since - CLOCK_MARGIN:
                news.changes.extend(_changes_of(heard))
                news.incidents.extend(_gap_in(heard))
        news.cursor = Cursor(cursor_name, event.cursor, heard_until)
    return news


def version_of_unreadable(raw: str, cursor: str | None) -> str:
    """The same message heard again is the same incident; another one is not, though it claims the same position."""
    digest = hashlib.sha256(raw.encode()).hexdigest()[:16]
    return f"{digest} at {cursor}" if cursor else digest


def _identified(heard: ChangeEvent) -> ChangeEvent:
    """The same event. Raises MalformedChange where it names records or its transaction in a way that cannot be one:
    the ledger could not keep it, and the stream would come to a stop at it again and again."""
    if not all(_RECORD_ID.fullmatch(record_id) for record_id in heard.record_ids):
        raise MalformedChange("recordIds", "a list of record ids")
    if len(_version(heard)) > _LONGEST_VERSION:
        raise MalformedChange(
            "transactionKey", f"at most {_LONGEST_VERSION} characters, sequenceNumber included"
        )
    return heard


def _version(heard: ChangeEvent) -> str:
    return f"{heard.transaction_key}:{heard.sequence_number}"


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
            version=_version(heard),
            kind=_KINDS.get(heard.change_type, "unknown"),
            occurred_at=heard.commit_timestamp,
            changed_fields=heard.changed_fields,
            hint=_moment(heard),
        )


def _moment(heard: ChangeEvent) -> dict[str, str]:
    """By which a worker can tell whether what it reads has this change in it. The time of the commit would not do: it
    comes after the record's own time, by as long as the transaction took."""
    modified_at = heard.fields.get("LastModifiedDate")
    return {"modified_at": modified_at} if isinstance(modified_at, str) else {}


def _gap_in(heard: ChangeEvent) -> Iterator[Incident]:
    """What this event says happened without naming the records: somebody has to read the object again."""
    if heard.is_overflow or heard.has_wildcard:
        log.error("gap", entity=heard.entity, change=heard.change_type.value)
        yield Incident(
            "overflow" if heard.is_overflow else "gap",
            "salesforce",
            heard.entity,
            _version(heard),
            heard.commit_timestamp,
            {"change_type": heard.change_type.value, "record_ids": list(heard.record_ids)},
        )
