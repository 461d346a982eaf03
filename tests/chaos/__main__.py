"""`python -m tests.chaos`: one storm, a table, and an exit code that says whether all was right in the end."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from tests.chaos.run import Size, run
from tests.chaos.settling import NeverReady
from tests.chaos.show import as_json, print_tables
from tests.chaos.world import WorldFailed

RIGHT, WRONG, NOT_PLAYED = 0, 1, 2


def main() -> int:
    """0 when nothing was lost, doubled, wrong or dead without a cause; 1 when something was; 2 when it was not played."""
    options = _options()
    # SIGTERM ends it as Ctrl-C does: with every process that it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(stderr=True)
    folder = Path(tempfile.mkdtemp(prefix="kashforce-chaos-"))
    size = Size(options.seconds, options.seed, options.changes, options.kills)
    try:
        with console.status("starting PostgreSQL, Valkey, both worlds and the processes …") as status:
            outcome = run(size, folder, status.update)
    except (NeverReady, WorldFailed) as error:
        console.print(f"[bold red]✗[/] not played: {error}\n  the logs are in {folder}")
        return NOT_PLAYED
    except KeyboardInterrupt:
        console.print(f"ended before its time; the logs are in {folder}")
        return NOT_PLAYED
    print_tables(outcome, Console(width=None if sys.stdout.isatty() else 120))
    if options.json:
        options.json.write_text(as_json(outcome) + "\n")
    if options.keep:
        console.print(f"the logs are in {folder}")
    if not outcome.is_good:
        console.print(f"[bold red]✗[/] the logs are in {folder}; the same again: --seed {size.seed}")
        return WRONG
    console.print("[bold green]✓[/] nothing lost, nothing twice, nothing wrong, every dead letter explained")
    if not options.keep:
        shutil.rmtree(folder, ignore_errors=True)
    return RIGHT


def _options() -> argparse.Namespace:
    usual = Size()
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos",
        description="Play a storm on loopback and compare both worlds with a model.",
    )
    parser.add_argument(
        "--seconds", type=float, default=usual.seconds, help="storm and settling (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=usual.seed, help="same seed, same storm (%(default)s)")
    parser.add_argument("--changes", type=int, default=usual.changes, help="records changed (%(default)s)")
    parser.add_argument("--kills", type=int, default=usual.kills, help="processes killed (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--keep", action="store_true", help="keep the logs of a good storm, too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
