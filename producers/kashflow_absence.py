"""When a record that lists leave out counts as deleted: not at once, and not because a list says so. Reads nothing."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ledger.producing import Sighting

#: Two complete lists at least this far apart must leave a record out (reference kashflow.md section 3.9).
GRACE = timedelta(hours=2)
#: The digest of a record that is deleted: whatever is shown under its id later has another one.
GONE = "gone"
#: The digest of a record that left the window of its list by age: it is there, and no longer looked for.
PAST = "past"


@dataclass(frozen=True)
class Absences:
    """What a complete list leaves out."""

    #: Left out for the first time.
    first: list[Sighting]
    #: Left out for long enough to ask KashFlow for the record itself.
    overdue: list[Sighting]


def absences(seen: Mapping[str, Sighting], shown: Container[str], now: datetime) -> Absences:
    """Of a complete list only: an incomplete one says nothing about what it leaves out."""
    missing = [
        sighting
        for record_id, sighting in seen.items()
        if record_id not in shown and sighting.digest not in (GONE, PAST)
    ]
    return Absences(
        [replace(sighting, absent_since=now) for sighting in missing if sighting.absent_since is None],
        [one for one in missing if one.absent_since is not None and now - one.absent_since >= GRACE],
    )


def is_still_there(
    row: Mapping[str, Any], record_id: str, identity: Callable[[Mapping[str, Any]], str]
) -> bool:
    """Is this the record, alive? Its number may be another record's by now, and a void one may stay readable."""
    return identity(row) == record_id and not row.get("DeletedAt")


def still_there(sighting: Sighting, *, windowed: bool) -> Sighting:
    """The sighting of a record that its list left out although it is there: by a slip, or because it has aged."""
    digest = PAST if windowed else sighting.digest
    return replace(sighting, digest=digest, absent_since=None)


def gone(sighting: Sighting) -> Sighting:
    """The last sighting of a deleted record."""
    return replace(sighting, digest=GONE, serial=sighting.serial + 1, absent_since=None)
