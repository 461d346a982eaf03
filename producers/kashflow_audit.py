"""Asks KashFlow's audit report whether anything was entered since the lists were read; what it was, the lists tell.

One call instead of all pages of a list. The report may need a permission or a package (reference kashflow.md section
2.6), and nobody has seen it live: so it only ever spares a look, and never takes the place of one for long.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from connectors.errors import ConnectorError
from ledger.ledger import Ledger
from ledger.producing import Cursor
from producers.kashflow_reading import KashFlowReader

log = structlog.get_logger("kashforce.poll")

CURSOR = "kashflow_poll:audit"


@dataclass(frozen=True)
class Entries:
    """What the report says: are the lists worth a look, and the cursor to keep once they were looked at."""

    has_news: bool
    cursor: Cursor


class AuditWatch:
    """Remembers the newest entry of the last look in a cursor."""

    def __init__(
        self,
        reader: KashFlowReader,
        ledger: Ledger,
        clock: Callable[[], datetime],
        unaudited_seconds: float,
    ) -> None:
        self._reader = reader
        self._ledger = ledger
        self._clock = clock
        self._most = timedelta(seconds=unaudited_seconds)

    def ask(self) -> Entries | None:
        """None when the report cannot be had: then every list has to be looked at."""
        now = self._clock()
        # Days are British and inclusive, so that after midnight yesterday's last entries still count.
        days = ((now - timedelta(days=1)).date().isoformat(), (now + timedelta(hours=1)).date().isoformat())
        try:
            newest = self._reader.newest_entry(days)
        except ConnectorError as error:
            log.warning("no_audit_report", reason=error.message)
            return None
        last = self._ledger.cursors([CURSOR]).get(CURSOR)
        is_recent = last is not None and last.position_at is not None and now - last.position_at < self._most
        return Entries(
            not is_recent or last is None or last.value != str(newest), Cursor(CURSOR, str(newest), now)
        )
