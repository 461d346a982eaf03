"""Shows what a storm left behind: tables for people, JSON for scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from rich import box
from rich.console import Console
from rich.table import Table

from tests.chaos.run import Outcome
from tests.chaos.verdict import Verdict

#: So many findings are printed one by one.
FINDINGS_SHOWN = 40


def print_tables(outcome: Outcome, console: Console) -> None:
    console.print(_what_happened(outcome))
    console.print(_recovery(outcome))
    if outcome.verdict is None:
        return
    console.print(_verdict(outcome.verdict))
    for finding in outcome.verdict.findings[:FINDINGS_SHOWN]:
        console.print(f"[bold red]✗[/] {finding.kind}: {finding.subject} {finding.text}", highlight=False)
    more = len(outcome.verdict.findings) - FINDINGS_SHOWN
    if more > 0:
        console.print(f"… and {more} more")
    if outcome.too_little:
        console.print(f"[bold red]✗[/] it was no storm: {outcome.too_little}")
    if outcome.unsettled:
        console.print(f"[bold red]✗[/] it did not settle: {outcome.unsettled}")


def as_json(outcome: Outcome) -> str:
    """The shape is explained in docs/chaos.md."""
    told = {"right": outcome.is_good, "too_little": outcome.too_little, **asdict(outcome)}
    return json.dumps(told, indent=2, default=str)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for number, name in enumerate(columns):
        table.add_column(name, justify="right" if number else "left")
    return table


def _what_happened(outcome: Outcome) -> Table:
    table = _table(f"The storm with the seed {outcome.size.seed}", "What", "How much")
    for what, figure in _facts(outcome):
        table.add_row(what, figure)
    return table


def _facts(outcome: Outcome) -> Iterator[tuple[str, str]]:
    yield "records changed by people", str(outcome.changes)
    yield "deals they made", str(outcome.deals)
    yield "kills", str(sum(outcome.kills.values()))
    yield from ((f"  {kind}", str(count)) for kind, count in outcome.kills.items())
    struck = sum(1 for count in outcome.faults.values() if count)
    yield "faults that struck, of those declared", f"{struck} of {len(outcome.faults)}"
    missed = ", ".join(name for name, count in outcome.faults.items() if not count)
    if missed:
        yield "  not struck", missed
    yield "strokes of all faults", str(sum(outcome.faults.values()))
    yield from ((f"{what} mended by the operator", str(count)) for what, count in outcome.mended.items())
    yield from ((f"deliveries {state}", str(count)) for state, count in sorted(outcome.deliveries.items()))
    yield "storm, seconds", f"{outcome.storm_seconds:.0f}"
    yield "settling, seconds", f"{outcome.settle_seconds:.0f}"


def _recovery(outcome: Outcome) -> Table:
    columns = ("next delivery", "longest", "19 in 20 done", "longest")
    table = _table("Seconds to recover: medians, and the longest", "After", "Times", *columns)
    for row in outcome.recovered:
        figures = (row.first.median, row.first.longest, row.most_done.median, row.most_done.longest)
        table.add_row(row.kind, str(row.count), *map(_seconds, figures))
    return table


def _verdict(verdict: Verdict) -> Table:
    table = _table("What both worlds hold", "What", "How many")
    table.add_row("invoices", str(verdict.invoices))
    table.add_row("customers", str(verdict.customers))
    for kind, count in verdict.counts.items():
        table.add_row(kind, f"[bold red]{count}[/]" if count else "0")
    for cause, count in verdict.explained.items():
        table.add_row(f"dead letters because of {cause}", str(count))
    return table


def _seconds(figure: float | None) -> str:
    return "" if figure is None else f"{figure:.1f}"
