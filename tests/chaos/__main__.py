"""`python -m tests.chaos`: one storm, a table, and an exit code that says whether all was right in the end."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from tests.chaos.run import Outcome, Size, run
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
    size = _size(options)
    try:
        with console.status("starting PostgreSQL, Valkey, both worlds and the processes …") as status:
            outcome = run(size, folder, status.update)
    except (NeverReady, WorldFailed) as error:
        console.print(f"[bold red]✗[/] not played: {error}\n  the logs are in {folder}")
        return NOT_PLAYED
    except KeyboardInterrupt:
        console.print(f"ended before its time; the logs are in {folder}")
        return NOT_PLAYED
    _show(outcome, options.json)
    if options.keep:
        console.print(f"the logs are in {folder}")
    if not outcome.is_good:
        console.print(f"[bold red]✗[/] the logs are in {folder}; the same again: --seed {size.seed}")
        return WRONG
    console.print("[bold green]✓[/] nothing lost, nothing twice, nothing wrong, every dead letter explained")
    if not options.keep:
        shutil.rmtree(folder, ignore_errors=True)
    return RIGHT


def _show(outcome: Outcome, json_file: Path | None) -> None:
    """Tables on standard output and JSON in a file; with "-" the JSON has standard output for itself."""
    is_piped = json_file == Path("-")
    print_tables(
        outcome,
        Console(stderr=is_piped, width=None if (sys.stderr if is_piped else sys.stdout).isatty() else 120),
    )
    if is_piped:
        sys.stdout.write(as_json(outcome) + "\n")
    elif json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(as_json(outcome) + "\n")


def _size(options: argparse.Namespace) -> Size:
    """What is not said is as much as the seconds are a part of the usual ones."""
    usual = Size()
    part = min(1.0, options.seconds / usual.seconds)
    said = {name: getattr(options, name) for name in ("changes", "kills", "faults")}
    figures = {
        name: int(getattr(usual, name) * part) if figure is None else figure for name, figure in said.items()
    }
    return Size(options.seconds, options.seed, **figures)


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
    parser.add_argument("--changes", type=int, help=f"records changed ({usual.changes}, or its part)")
    parser.add_argument("--kills", type=int, help=f"processes killed ({usual.kills}, or its part)")
    parser.add_argument(
        "--faults", type=int, help=f"kinds of fault that strike ({usual.faults}, or its part)"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write the figures there, too; - for standard output"
    )
    parser.add_argument("--keep", action="store_true", help="keep the logs of a good storm, too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
