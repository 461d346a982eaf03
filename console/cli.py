"""The command line: what the commands are called and what they take; what they do stands elsewhere.

Commands import what they need when they run, so that `kashforce --help` answers at once.
"""

from __future__ import annotations

from typing import Annotated

import typer

from console.cli_operator import add_to
from console.cli_review import review_app
from console.cli_tieout import tieout

app = typer.Typer(
    name="kashforce",
    help="Keeps KashFlow and Salesforce in step. Settings come from KASHFORCE_* variables and .env (see .env.example).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Plain help: with boxes and colours it takes three times as long to come.
    rich_markup_mode=None,
    context_settings={"max_content_width": 100},
)
ledger_app = typer.Typer(help="The ledger's database.", no_args_is_help=True)
app.add_typer(ledger_app, name="ledger")
add_to(app)
app.add_typer(review_app, name="review")
app.command(epilog="Example: kashforce tieout --period 2026-10")(tieout)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def main() -> None:
    """The entry point. Expected errors are one line on standard error; exit codes are in docs/runbook.md."""
    try:
        app(prog_name="kashforce")
    except Exception as error:
        # Imported only now, because it knows every room's errors and --help should not wait for every room.
        from console.exits import leave_with

        leave_with(error)
        raise


@app.command(epilog="Example: kashforce demo --seed 7")
def demo(
    seed: Annotated[int, typer.Option(help="Seed of the sandbox: same seed, same world.")] = 1,
    keep: Annotated[
        bool, typer.Option(help="Keep the processes running afterwards, to look around.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Play the main story, with nothing set up. Won opportunities become invoices.

    Exits 0 only if what both systems then hold is right, compared record by record.
    """
    from console.demo.play import play

    raise SystemExit(play(seed=seed, keep=keep, as_json=as_json))


@app.command(epilog="Example: kashforce up --workers 2")
def up(
    workers: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 1,
) -> None:
    """Run all processes against your systems until Ctrl-C or SIGTERM.

    Brings its own Valkey and SQLite where KASHFORCE_REDIS_URL or KASHFORCE_LEDGER_URL are not set.
    """
    from console.commands.up import run_up

    run_up(workers=workers)


@app.command(epilog="Example: kashforce sandbox --salesforce-port 8100 --kashflow-port 8200")
def sandbox(
    salesforce_port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free port.")] = 0,
    kashflow_port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free port.")] = 0,
    control_port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free port.")] = 0,
    seed: Annotated[int, typer.Option(help="Same seed, same world.")] = 1,
) -> None:
    """Run a small Salesforce and a small KashFlow on loopback.

    Prints one line of JSON when both are ready: where they are, and how to get in.
    """
    from console.commands.sandbox import run_sandbox

    run_sandbox(
        salesforce_port=salesforce_port, kashflow_port=kashflow_port, control_port=control_port, seed=seed
    )


@app.command(epilog="Example: kashforce listen --channel /data/ChangeEvents --replay -2 --max 10")
def listen(
    channel: Annotated[str, typer.Option(help="Such as /data/AccountChangeEvent or /event/Order_Paid__e.")],
    replay: Annotated[
        str, typer.Option(help="-1: new events only, -2: all retained, or a replay id.")
    ] = "-1",
    max_events: Annotated[int, typer.Option("--max", min=0, help="Stop after so many events; 0: never.")] = 0,
    timeout: Annotated[float, typer.Option(min=0, help="Stop after so many seconds; 0: never.")] = 0,
    url: Annotated[str, typer.Option(help="A CometD endpoint to use instead of the org's.")] = "",
) -> None:
    """Print each event of a channel as one line of JSON. Reads only: no cursor is moved, nothing is delivered."""
    from console.commands.listen import run_listen

    raise SystemExit(run_listen(channel, replay, max_events=max_events, timeout=timeout, url=url))


@app.command(epilog="Example: kashforce doctor --json")
def doctor(as_json: AsJson = False) -> None:
    """Check all that Kashforce needs; say what to do.

    Settings, mappings, ledger, Redis, both logins, permissions, fields and change events.
    Exits 1 when something has to be mended before Kashforce can work.
    """
    from console.commands.doctor import run_doctor

    raise SystemExit(run_doctor(as_json=as_json))


@app.command(epilog="Example: kashforce fields Account")
def fields(
    entity: Annotated[str, typer.Argument(metavar="OBJECT", help="A Salesforce object's API name.")],
    write: Annotated[
        bool, typer.Option("--write", help="Put the lines into the files of KASHFORCE_MAPPINGS_DIR.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show an object's custom fields, and the YAML that maps them.

    Reads Salesforce's description of the object; changes nothing there.
    """
    from console.commands.fields import run_fields

    raise SystemExit(run_fields(entity, write=write, as_json=as_json))


@app.command(epilog="Example: kashforce status --json")
def status(as_json: AsJson = False) -> None:
    """Show queues, deliveries, cursors, budgets and the last errors."""
    from console.commands.status import run_status

    raise SystemExit(run_status(as_json=as_json))


@app.command(epilog="Example: kashforce gaps --open --json")
def gaps(
    only_open: Annotated[
        bool, typer.Option("--open", help="Only those that nothing was done about yet.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what no event told, and what was read again because of it."""
    from console.commands.gaps import run_gaps

    raise SystemExit(run_gaps(only_open=only_open, as_json=as_json))


@app.command(epilog="Example: kashforce stream")
def stream() -> None:
    """Process: hear Salesforce's change events. A second one stands by."""
    from console.commands.process import run_process

    run_process("stream")


@app.command(epilog="Example: kashforce poll")
def poll() -> None:
    """Process: look for changes in KashFlow, and sweep Salesforce. A second one stands by.

    What no event told is found by the sweep.
    """
    from console.commands.process import run_process

    run_process("poll")


@app.command(epilog="Example: kashforce worker -Q kashflow.invoice,kashflow.customer")
def worker(
    queues: Annotated[
        str, typer.Option("--queues", "-Q", help="Queues separated by commas; default: all.")
    ] = "",
) -> None:
    """Process: deliver what waits. Run as many as you like, anywhere."""
    from console.commands.process import run_worker_process

    run_worker_process([name.strip() for name in queues.split(",") if name.strip()])


@app.command(epilog="Example: kashforce beat")
def beat() -> None:
    """Process: wake the sweeper, which brings back what got lost."""
    from console.commands.process import run_process

    run_process("beat")


@app.command(epilog="Example: kashforce flower")
def flower() -> None:
    """Process: Flower, the window on the queues, behind a password."""
    from console.commands.process import run_process

    run_process("flower")


@app.command(epilog="Example: kashforce web")
def web() -> None:
    """Process: the status page, behind a password."""
    from console.commands.process import run_process

    run_process("web")


@ledger_app.command("upgrade", epilog="Example: kashforce ledger upgrade")
def ledger_upgrade() -> None:
    """Create the ledger or bring it to this version's schema. Safe to repeat; back up a database that matters first."""
    from console.commands.process import upgrade_ledger

    upgrade_ledger()
