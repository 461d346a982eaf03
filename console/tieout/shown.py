"""Says what a rehearsal found in words and values for a person: which field shows what on which side, and why that is so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from console.tieout.findings import Shown
from workers.rehearsed import MISSING, THERE, FieldChange

LABELS: Mapping[str, str] = {"salesforce": "Salesforce", "kashflow": "KashFlow"}


def shown(changes: Iterable[FieldChange]) -> tuple[Shown, ...]:
    """Each field with what either side says of it."""
    found = []
    for one in changes:
        here, there = said(one.before), said(one.after)
        salesforce, kashflow = (here, there) if one.side == "salesforce" else (there, here)
        found.append(Shown(one.field, salesforce, kashflow, one.below))
    return tuple(found)


def why(changes: Iterable[FieldChange], what: str) -> str:
    """One sentence for all of them, such as `the Opportunity shows Paid, KashFlow shows Unpaid`."""
    changes = list(changes)
    if not changes:
        return f"the {what} differs"
    first = changes[0]
    rest = f", and {len(changes) - 1} more" if len(changes) > 1 else ""
    return f"{_one(first, what)}{rest}"


def said(value: object) -> str:
    """As a person writes it; a record that is named by a key of its own is that key."""
    if value is None or value == "":
        return "blank"
    if isinstance(value, Mapping):
        return ", ".join(said(part) for part in value.values() if not isinstance(part, Mapping)) or "blank"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:,.2f}" if value == value.quantize(Decimal("0.01")) else f"{value:f}"
    return str(value)


def _one(change: FieldChange, what: str) -> str:
    where = change.below or f"the {what}"
    if (change.before, change.after) == (MISSING, THERE):
        return f"{where} is missing in {LABELS[change.side]}"
    if (change.before, change.after) == (THERE, MISSING):
        return f"{where} is too much in {LABELS[change.side]}"
    other = "KashFlow" if change.side == "salesforce" else "Salesforce"
    here = f"{where} shows" if change.side == "salesforce" else "KashFlow shows"
    return f"{change.field}: {here} {said(change.before)}, {other} shows {said(change.after)}"
