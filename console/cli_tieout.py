"""The month end's part of the command line; what it does stands elsewhere."""

from __future__ import annotations

from typing import Annotated

import typer

from console.cli_operator import AsJson, Canary, DryRun, PerMinute, Reason, Who, Yes


def tieout(
    period: Annotated[
        str,
        typer.Option(
            help="2026-10, 2026-Q3, 2026 or 2026-10-01..2026-10-31; default: this month and the last."
        ),
    ] = "",
    entity: Annotated[str, typer.Option(help="Only this one, such as invoice or customer.")] = "",
    repair: Annotated[
        bool, typer.Option("--repair", help="Register what differs, and only that, to be put right.")
    ] = False,
    reason: Reason = "",
    who: Who = "",
    canary: Canary = 0,
    per_minute: PerMinute = 0,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Compare both sides, with totals and every record that differs.

    Exits 0 when they agree but for what is known (in review, dead letters, on its way), 1 when they do not.
    """
    from console.commands.ledgering import Decision
    from console.commands.tieout import Asked, run_tieout
    from console.operations.carrying import Pace

    decision = Decision((), True, reason, who, Pace(canary, per_minute), dry_run, yes, as_json)
    raise SystemExit(run_tieout(Asked(period, entity, repair), decision))
