"""`kashforce gaps`: prints incidents and what was read again because of them. What is told: `console.operations.gaps`."""

from __future__ import annotations

import json
import sys

from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from console import logs, settings
from console.bootstrap import House
from console.commands.screen import screen, table
from console.exits import Exit
from console.operations.gaps import Gap, gaps
from console.operations.plain import as_plain


def run_gaps(*, only_open: bool, as_json: bool) -> int:
    """Exit code 0 whatever is told; UNREACHABLE when the ledger's database does not answer."""
    loaded = settings.load()
    logs.configure(loaded, "gaps")
    try:
        with House(loaded) as house:
            found = gaps(house, only_open=only_open)
    except SQLAlchemyError as error:
        # Its text may quote the address, and with it a password.
        reason = f"the ledger's database does not answer ({type(error).__name__}); run 'kashforce doctor'"
        print(f"kashforce: {reason}", file=sys.stderr)
        return Exit.UNREACHABLE
    if as_json:
        print(json.dumps(as_plain(found)))
    elif found:
        screen().print(_drawn(found))
    else:
        print("No gap is open." if only_open else "No gap was ever noted.")
    return Exit.OK


def _drawn(found: tuple[Gap, ...]) -> Table:
    rows = [
        (
            str(gap.id),
            f"{gap.occurred_at:%Y-%m-%d %H:%M}",
            gap.kind,
            gap.subject,
            gap.reason,
            _done(gap),
        )
        for gap in found
    ]
    columns = ("id", "since (UTC)", "kind", "about", "what happened", "what was done")
    return table("Gaps", columns, rows)


def _done(gap: Gap) -> str:
    if gap.closed_at is None:
        return "open"
    lines = [
        f"{one.object} {one.since:%m-%d %H:%M} to {one.until:%m-%d %H:%M}: "
        f"{one.records} read, {one.changes} changes, {one.calls} calls"
        for one in gap.reread
    ]
    return "\n".join([f"closed {gap.closed_at:%m-%d %H:%M}", *lines, *([gap.text] if gap.text else [])])
