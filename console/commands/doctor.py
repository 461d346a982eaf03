"""`kashforce doctor`: prints what is well, what is not and what to do. What is looked at stands in `console.operations`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.text import Text

from console import logs, settings
from console.bootstrap import House
from console.commands.screen import screen, table
from console.exits import Exit
from console.operations.doctor import examine
from console.operations.findings import Finding, Level
from console.operations.plain import as_plain

SIGNS: Mapping[Level, Text] = {
    Level.OK: Text("✓", style="green"),
    Level.WARNING: Text("!", style="yellow"),
    Level.FAILED: Text("✗", style="bold red"),
}


def run_doctor(*, as_json: bool) -> int:
    """Exit code FINDINGS when something has to be mended before Kashforce can work."""
    loaded = settings.load()
    logs.configure(loaded, "doctor")
    with House(loaded) as house:
        findings = examine(house)
    if as_json:
        print(json.dumps({"findings": as_plain(findings)}))
    else:
        show(findings, screen())
    return Exit.FINDINGS if any(one.level is Level.FAILED for one in findings) else Exit.OK


def show(findings: Sequence[Finding], console: Console) -> None:
    """One row each: the sign, what was looked at, what was found and below it what to do."""
    rows = [(SIGNS[one.level], one.name, _text(one)) for one in findings]
    console.print(table("Findings", ("", "what", "found, and what to do"), rows))
    counts = Counter(one.level for one in findings)
    console.print(
        f"{counts[Level.OK]} ok, {counts[Level.WARNING]} to know about, {counts[Level.FAILED]} to mend"
    )


def _text(finding: Finding) -> str:
    return f"{finding.found}\n→ {finding.remedy}" if finding.remedy else finding.found
