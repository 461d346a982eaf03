"""How the KashFlow side of pairs is read: by its address or, where that changed, by its Id. Writes nothing."""

from __future__ import annotations

import threading

from connectors.errors import Busy, NotFound
from connectors.kashflow.paging import Walk, whole
from connectors.kashflow.reading import Row
from connectors.kashflow.records import Records
from workers.desk import Desk


def row_at(desk: Desk, records: Records, key: str, priority: int) -> Row | None:
    """The record at this address, None where there is none. May raise any other ConnectorError."""
    try:
        return desk.kashflow_meter.call(lambda: records.read(desk.kashflow, key), priority=priority)
    except NotFound:
        return None


def row_of(desk: Desk, records: Records, key: str, kashflow_id: str, priority: int) -> Row | None:
    """The record with this Id: where `key` says, or where the list shows it now. None when there is none.

    May raise any ConnectorError.
    """
    row = row_at(desk, records, key, priority) if key else None
    if row is not None and records.identity(row) == kashflow_id:
        return row
    listed = whole_list(desk, records, priority)
    keys = [records.key(one) for one in listed.rows if records.identity(one) == kashflow_id]
    if not keys and not listed.complete:
        raise left_out(records)
    if not keys:
        return None
    return desk.kashflow_meter.call(lambda: records.read(desk.kashflow, keys[0]), priority=priority)


def left_out(records: Records) -> Busy:
    """The list came without some of its rows: who is not among the others may be there all the same."""
    return Busy(f"KashFlow left rows out while we looked for a {records.name}", system="kashflow")


class Listing:
    """What KashFlow lists, read once for a whole batch, and only if somebody asks for it. Its works run side by side."""

    def __init__(self, desk: Desk, records: Records, priority: int) -> None:
        self._asked = (desk, records, priority)
        self._lock = threading.Lock()
        self._listed: Walk | None = None

    def read(self) -> Walk:
        """May raise any ConnectorError; whoever asks next tries again."""
        with self._lock:
            if self._listed is None:
                self._listed = whole_list(*self._asked)
            return self._listed


def whole_list(desk: Desk, records: Records, priority: int) -> Walk:
    """All that KashFlow lists; rows are summaries. May raise any ConnectorError."""
    return desk.kashflow_meter.call(
        lambda: whole(records.pages(desk.kashflow, desk.clock().date())), priority=priority
    )
