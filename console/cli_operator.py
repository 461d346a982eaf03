"""The operator's part of the command line: dead letters, requeues, loads, held queues, stories. What they do stands elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

dead_app = typer.Typer(help="Dead letters: look, replay, drop.", no_args_is_help=True)
operations_app = typer.Typer(
    help="Replays, drops, requeues and loads, as they were decided.", no_args_is_help=True
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Filter = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILTER",
        help="All must hold: queue:kashflow.invoice id:12,13 record:… entity:Opportunity flow:… stage:send code:… "
        "class:Refused cause:… (see 'dead groups') since:2026-03-01 until:…; a word without a colon is looked for "
        "in the reason.",
    ),
]
Everything = Annotated[bool, typer.Option("--all", help="All of them: needed where no FILTER is given.")]
Reason = Annotated[str, typer.Option(help="Why; kept for the record.")]
Who = Annotated[str, typer.Option(help="Who decided it; default: the user at this terminal.")]
Canary = Annotated[
    int, typer.Option(min=0, help="So many go first and alone; if one of them dies, nothing else is touched.")
]
PerMinute = Annotated[int, typer.Option(min=0, help="So many a minute at the most; 0: as they can be taken.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say how many, and what it costs in calls.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many to show.")]
QueueName = Annotated[str, typer.Argument(help="Such as kashflow.invoice.")]
Why = Annotated[str, typer.Option(help="Why; shown until the queue is resumed.")]


def add_to(app: typer.Typer) -> None:
    """Make these commands part of `app`."""
    app.add_typer(dead_app, name="dead")
    app.add_typer(operations_app, name="operations")
    for function, example in (
        (requeue, "requeue entity:Opportunity since:2026-03-01 --reason 'VAT rates mended'"),
        (backfill, "backfill customer --from salesforce --dry-run"),
        (pause, "pause kashflow.invoice --reason 'year end in KashFlow'"),
        (drain, "drain kashflow.invoice --wait --reason 'new mapping'"),
        (resume, "resume kashflow.invoice"),
        (explain, "explain 1014"),
    ):
        app.command(epilog=f"Example: kashforce {example}")(function)


@dead_app.command("list", epilog="Example: kashforce dead list queue:kashflow.invoice code:mapping")
def dead_list(
    filter_: Filter = None,
    limit: Limit = 50,
    before: Annotated[int, typer.Option(min=0, help="Only lower ids than this: the next page.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Show dead letters, newest first."""
    from console.commands.dead import run_list

    raise SystemExit(run_list(filter_ or (), limit=limit, before=before, as_json=as_json))


@dead_app.command("groups", epilog="Example: kashforce dead groups --json")
def dead_groups(filter_: Filter = None, limit: Limit = 50, as_json: AsJson = False) -> None:
    """Show dead letters by cause, with what is at risk."""
    from console.commands.dead import run_groups

    raise SystemExit(run_groups(filter_ or (), limit=limit, as_json=as_json))


@dead_app.command("show", epilog="Example: kashforce dead show 4711")
def dead_show(
    delivery: Annotated[int, typer.Argument(help="Its id, as 'dead list' shows it.")], as_json: AsJson = False
) -> None:
    """Show one dead letter in full.

    Every attempt, what was sent and what was answered.
    """
    from console.commands.dead import run_show

    raise SystemExit(run_show(delivery, as_json=as_json))


@dead_app.command(
    "replay",
    epilog="Example: kashforce dead replay cause:3f2a90c1d4e5b607 --canary 5 --reason 'VAT rate set up'",
)
def dead_replay(
    filter_: Filter = None,
    everything: Everything = False,
    reason: Reason = "",
    who: Who = "",
    canary: Canary = 0,
    per_minute: PerMinute = 0,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Let dead letters wait again.

    Says first how many, and what it costs in calls; Ctrl-C ends it in good order.
    """
    from console.commands.dead import run_replay
    from console.commands.ledgering import Decision
    from console.operations.carrying import Pace

    decision = Decision(
        filter_ or (), everything, reason, who, Pace(canary, per_minute), dry_run, yes, as_json
    )
    raise SystemExit(run_replay(decision))


@dead_app.command("drop", epilog="Example: kashforce dead drop id:4711 --reason 'invoiced by hand as 1020'")
def dead_drop(
    filter_: Filter = None,
    everything: Everything = False,
    reason: Reason = "",
    who: Who = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Give dead letters up for good.

    They stay in the ledger as dropped, with the reason.
    """
    from console.commands.dead import run_drop
    from console.commands.ledgering import Decision
    from console.operations.carrying import Pace

    decision = Decision(filter_ or (), everything, reason, who, Pace(), dry_run, yes, as_json)
    raise SystemExit(run_drop(decision))


@operations_app.command("list", epilog="Example: kashforce operations list --json")
def operations_list(limit: Limit = 20, as_json: AsJson = False) -> None:
    """Show who replayed, dropped, requeued or loaded what, and why."""
    from console.commands.operating import run_list

    raise SystemExit(run_list(limit=limit, as_json=as_json))


@operations_app.command("continue", epilog="Example: kashforce operations continue 12")
def operations_continue(
    operation: Annotated[int, typer.Argument(help="Its id, as 'operations list' shows it.")],
    as_json: AsJson = False,
) -> None:
    """Carry on what was interrupted, from where it was."""
    from console.commands.operating import run_continue

    raise SystemExit(run_continue(operation, as_json=as_json))


def requeue(
    filter_: Filter = None,
    file: Annotated[Path | None, typer.Option(help="Record ids, one a line; - for standard input.")] = None,
    source: Annotated[
        bool, typer.Option("--from-source", help="Ask the source which records there are, not the ledger.")
    ] = False,
    everything: Everything = False,
    reason: Reason = "",
    who: Who = "",
    canary: Canary = 0,
    per_minute: PerMinute = 0,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Register records afresh, as if they had changed.

    Each is read again, and written if it differs. Which ones: those of the ledger that fit the FILTER; those named by record: or --file, known or not; or, with
    --from-source, those that the source changed in the window (KashFlow: issued in it).
    """
    from console.commands.ledgering import Decision
    from console.commands.requeue import run_requeue
    from console.operations.carrying import Pace

    decision = Decision(
        filter_ or (), everything, reason, who, Pace(canary, per_minute), dry_run, yes, as_json
    )
    raise SystemExit(run_requeue(decision, file=file, from_source=source))


def backfill(
    entity: Annotated[str, typer.Argument(help="Such as customer, invoice or bank_transaction.")],
    source: Annotated[
        str, typer.Option("--from", help="salesforce or kashflow, where both are possible.")
    ] = "",
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Only what Salesforce changed, or KashFlow issued, from this day on."
        ),
    ] = None,
    reason: Reason = "initial load",
    who: Who = "",
    per_minute: PerMinute = 0,
    wait: Annotated[bool, typer.Option("--wait", help="Return only when all of it is settled.")] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Read both sides, write nothing, and say how many would be created, linked, changed or asked about.",
        ),
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="With --dry-run: which ones, too.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Load what was there before Kashforce came.

    Every record of one kind, behind all that is live. Says first how many, and what it costs. Ctrl-C ends it in good
    order; the same command again goes on.
    """
    from console.commands.backfill import Asked, run_backfill
    from console.commands.ledgering import Decision
    from console.operations.carrying import Pace

    decision = Decision((), False, reason, who, Pace(0, per_minute), dry_run, yes, as_json)
    start = since.replace(tzinfo=UTC) if since else None
    raise SystemExit(run_backfill(decision, Asked(entity, source, start, verbose, wait)))


def pause(queue: QueueName, reason: Why, who: Who = "", as_json: AsJson = False) -> None:
    """Let nobody take deliveries of a queue.

    What runs is finished, and everything heard waits.
    """
    from console.commands.queues import run_pause

    raise SystemExit(run_pause(queue, reason=reason, who=who, as_json=as_json))


def drain(
    queue: QueueName,
    reason: Why,
    wait: Annotated[bool, typer.Option("--wait", help="Return only when nothing of it is left.")] = False,
    who: Who = "",
    as_json: AsJson = False,
) -> None:
    """Let a queue finish what is on it now.

    What comes later waits until it is resumed.
    """
    from console.commands.queues import run_drain

    raise SystemExit(run_drain(queue, reason=reason, who=who, wait=wait, as_json=as_json))


def resume(queue: QueueName, as_json: AsJson = False) -> None:
    """Let a paused or drained queue go on."""
    from console.commands.queues import run_resume

    raise SystemExit(run_resume(queue, as_json=as_json))


def explain(
    subject: Annotated[
        str, typer.Argument(help="An invoice's number, a customer's code, or the id of a Salesforce record.")
    ],
    as_json: AsJson = False,
) -> None:
    """Tell the story of one record in plain words."""
    from console.commands.explain import run_explain

    raise SystemExit(run_explain(subject, as_json=as_json))
