"""Shows the findings of the demonstration: a table for people, JSON for scripts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal

from rich import box
from rich.table import Table

from console.demo.story import Outcome
from console.demo.verdict import Finding


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


def as_json_text(findings: Sequence[Finding], strays: Sequence[str], seconds: float) -> str:
    """The same for machines."""
    return json.dumps(
        {
            "right": not strays and not any(finding.faults for finding in findings),
            "seconds": round(seconds, 1),
            "stray_invoices": list(strays),
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
                for finding in findings
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
