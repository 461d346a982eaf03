"""Prints a tie-out: the totals of both sides, what differs and why, and what is known. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from rich.table import Table

from console.commands.screen import screen, table
from console.operations.plain import as_plain
from console.tieout.compare import TieOut
from console.tieout.findings import Difference
from console.tieout.totals import Sums, Total

_COLUMNS = ("entity", "month", "side", "count", "net", "VAT", "gross", "paid", "outstanding")
#: How many of them are words, and how much stands between two columns.
_WORDS, _GAP = 3, 3
_AMOUNTS = ("net", "vat", "gross", "paid", "due")


def told(found: TieOut) -> dict[str, Any]:
    """As JSON: amounts as text, so that no reader makes them floats."""
    totals = [{**as_plain(total), "difference": as_plain(total.difference)} for total in found.totals]
    plain: dict[str, Any] = _exact(
        {
            "first": found.period.first.isoformat(),
            "last": found.period.last.isoformat(),
            "equal": found.is_equal,
            "totals": totals,
            "differences": as_plain(found.differences),
            "known": as_plain(found.known),
            "unread": as_plain(found.unread),
            "notes": list(found.notes),
        }
    )
    return plain


def print_tie_out(found: TieOut, entity: str = "") -> None:
    """To standard output; `entity` is the only one that was asked for."""
    paper = screen()
    paper.print(_totals(found, paper.width))
    for title, differences in (("Differences", found.differences), ("Known already", found.known)):
        if differences:
            lines = [row for one in differences for row in _lines(one)]
            paper.print(table(f"{title}: {len(differences):,}", ("what", "why"), lines))
    if found.unread:
        lines = [(f"{one.entity} {one.record}", one.why) for one in found.unread]
        paper.print(table(f"Could not be compared: {len(lines):,}", ("what", "why"), lines))
    for note in found.notes:
        paper.print(f"Left out: {note}")
    paper.print(verdict(found, entity))


def verdict(found: TieOut, entity: str = "") -> str:
    """The last line."""
    if found.differences and not found.mends():
        return f"{len(found.differences):,} records differ, and only a person can put them right."
    if found.differences:
        only = f" --entity {entity}" if entity else ""
        return (
            f"{len(found.differences):,} records differ; put them right with: kashforce tieout --period {found.period}"
            f"{only} --repair --reason '...'"
        )
    if found.unread:
        return "Not everything could be compared; try again later."
    return "Both sides agree but for what is known already." if found.known else "Both sides agree."


def _totals(found: TieOut, width: int) -> Table:
    """Both sides below each other, or beside each other where the window is too narrow for that: no amount and no name is
    broken."""
    title = f"Tie-out of {found.period}"
    rows = [row for total in found.totals for row in _rows(total)]
    figures = len(_COLUMNS) - _WORDS
    cells = zip(_COLUMNS, *rows, strict=True)
    widest = [max(len(part) for cell in column for part in cell.split() or [""]) for column in cells]
    if sum(widest) + _GAP * len(_COLUMNS) > width:
        rows = [row for total in found.totals for row in _side_by_side(total)]
        return table(title, ("entity", "", "KashFlow", "Salesforce", "difference"), rows, numbers=3)
    drawn = table(title, _COLUMNS, rows, numbers=figures)
    for column in drawn.columns[_WORDS:]:
        column.no_wrap = True
    return drawn


def _side_by_side(total: Total) -> Iterator[Sequence[str]]:
    has_amounts = bool(total.currency)
    names = _COLUMNS[_WORDS:] if has_amounts else _COLUMNS[_WORDS : _WORDS + 1]
    sides = (total.kashflow, total.salesforce, total.difference)
    figures = zip(names, *(_figures(one, has_amounts) for one in sides), strict=False)
    said = (total.entity, f"{total.month} {total.currency}".strip(), f"in {total.shown_in}")
    words = [one for one in said if one]
    for word, figure in zip_longest(words, figures, fillvalue=None):
        name, *both, difference = figure or ("", "", "", "")
        is_out = any(char in "123456789" for char in difference)
        yield (word or "", name, *both, difference if is_out else "")


def _rows(total: Total) -> Iterator[Sequence[str]]:
    """Two lines where both sides say the same, three where they do not."""
    has_amounts = bool(total.currency)
    month = f"{total.month} {total.currency}".strip()
    yield (total.entity, month, "KashFlow", *_figures(total.kashflow, has_amounts))
    yield ("", "", total.shown_in, *_figures(total.salesforce, has_amounts))
    if total.difference != Sums():
        yield ("", "", "difference", *_figures(total.difference, has_amounts))


def _figures(sums: Sums, has_amounts: bool) -> tuple[str, ...]:
    amounts = (f"{getattr(sums, name):,.2f}" if has_amounts else "" for name in _AMOUNTS)
    return (f"{sums.count:,}", *amounts)


def _lines(one: Difference) -> Iterator[tuple[str, str]]:
    what = f"{one.entity} {one.record}" + (f" ({one.name})" if one.name and one.name != one.record else "")
    ids = " ".join(
        f"{system} {id_}"
        for system, id_ in (("Salesforce", one.salesforce_id), ("KashFlow", one.kashflow_id))
        if id_
    )
    for place, point in enumerate(one.points):
        known = f" [{point.known}]" if point.known else ""
        yield (what if place == 0 else "", f"{point.why}{known}")
        if len(point.fields) > 1:
            for field in point.fields[1:]:
                where = f"{field.below} " if field.below else ""
                yield (
                    "",
                    f"  {where}{field.field}: Salesforce {field.salesforce}, KashFlow {field.kashflow}",
                )
    if ids:
        yield ("", f"  {ids}")


def _exact(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _exact(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_exact(one) for one in value]
    return str(value) if isinstance(value, Decimal) else value
