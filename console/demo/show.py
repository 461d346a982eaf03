"""Shows the findings of the demonstration: a table for people, JSON for scripts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal

from rich import box
from rich.table import Table

from console.demo.sequel import Shown
from console.demo.story import Outcome
from console.demo.verdict import Finding


@dataclass(frozen=True)
class SceneShown:
    """A scene of the sequel as both sides show it, and how long after its act that was."""

    name: str
    shown: Sequence[Shown]
    seconds: float

    @property
    def right(self) -> bool:
        return all(one.right for one in self.shown)


@dataclass(frozen=True)
class Told:
    """All that the demonstration found."""

    findings: Sequence[Finding]
    #: References of invoices that belong to no deal.
    strays: Sequence[str]
    scenes: Sequence[SceneShown]

    @property
    def right(self) -> bool:
        deals = not self.strays and not any(finding.faults for finding in self.findings)
        return deals and all(scene.right for scene in self.scenes)


def table_of(findings: Sequence[Finding]) -> Table:
    """A row for each deal: its invoice, totals, and the seconds from close to write-back."""
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, padding=(0, 1))
    table.add_column("", width=1)
    table.add_column("Opportunity", no_wrap=True, min_width=10)
    table.add_column("What is special", no_wrap=True, style="dim", min_width=10)
    for name in ("Invoice", "Net £", "VAT £", "Gross £", "Seconds"):
        table.add_column(name, justify="right", no_wrap=True)
    for finding in findings:
        deal = finding.played.deal
        table.add_row(
            "[red]✗[/]" if finding.faults else "[green]✓[/]",
            deal.name,
            deal.what,
            _invoice(finding),
            _money(finding.net),
            _money(finding.vat),
            _money(finding.gross),
            "" if finding.seconds is None else f"{finding.seconds:.1f}",
        )
    return table


def sequel_of(scenes: Sequence[SceneShown]) -> Table:
    """A row for each thing that was compared: what each side shows, and the seconds until both did."""
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, padding=(0, 1))
    table.add_column("", width=1)
    table.add_column("And then", no_wrap=True, min_width=10)
    for name in ("Compared", "Salesforce", "KashFlow"):
        table.add_column(name, no_wrap=True, min_width=10)
    table.add_column("Seconds", justify="right", no_wrap=True, min_width=7)
    for scene in scenes:
        for place, one in enumerate(scene.shown):
            table.add_row(
                "[green]✓[/]" if one.right else "[red]✗[/]",
                scene.name if place == 0 else "",
                one.what,
                one.salesforce,
                one.kashflow,
                f"{scene.seconds:.1f}" if place == 0 else "",
            )
    return table


def as_json_text(told: Told, seconds: float) -> str:
    """The same for machines."""
    return json.dumps(
        {
            "right": told.right,
            "seconds": round(seconds, 1),
            "stray_invoices": list(told.strays),
            "sequel": [
                {
                    "scene": scene.name,
                    "seconds": round(scene.seconds, 1),
                    "right": scene.right,
                    "compared": [asdict(one) for one in scene.shown],
                }
                for scene in told.scenes
            ],
            "opportunities": [
                {
                    "opportunity": finding.played.opportunity_id,
                    "name": finding.played.deal.name,
                    "what": finding.played.deal.what,
                    "invoice": finding.invoice_number,
                    "net": _money(finding.net) or None,
                    "vat": _money(finding.vat) or None,
                    "gross": _money(finding.gross) or None,
                    "seconds_to_write_back": finding.seconds,
                    "faults": list(finding.faults),
                }
                for finding in told.findings
            ],
        },
        indent=2,
    )


def _invoice(finding: Finding) -> str:
    if finding.invoice_number is not None:
        return str(finding.invoice_number)
    return "dead letter" if finding.played.deal.outcome is Outcome.DEAD_LETTER else "none"


def _money(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:.2f}"
