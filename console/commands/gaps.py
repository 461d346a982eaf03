"""`kashforce gaps`: prints incidents and what was read again because of them. What is told: `console.operations.gaps`."""

from __future__ import annotations

from rich.table import Table

from console.commands.ledgering import print_json, with_house
from console.commands.screen import screen, table
from console.exits import Exit
from console.operations.gaps import Gap, gaps


def run_gaps(*, only_open: bool, as_json: bool) -> int:
    """Exit code 0 whatever is told; UNREACHABLE when the ledger's database does not answer."""
    return with_house(
        "gaps", lambda house: _tell(gaps(house, only_open=only_open), only_open, as_json=as_json)
    )


def _tell(found: tuple[Gap, ...], only_open: bool, *, as_json: bool) -> int:
    if as_json:
        print_json(found)
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
