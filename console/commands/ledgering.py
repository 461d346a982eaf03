"""What the commands that ask or change the ledger share: settings, the house, and one line when it does not answer."""

from __future__ import annotations

import getpass
import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import SQLAlchemyError

from console import logs, settings
from console.bootstrap import House, utc_now
from console.exits import Exit
from console.operations.carrying import Hands, Pace
from console.operations.cost import Calls
from console.operations.plain import as_plain
from console.operations.replay import Plan
from ledger.operations import Operation
from ledger.operations import Progress as Stands
from ledger.selection import BadSelection, Selection


@dataclass(frozen=True)
class Decision:
    """What a person decided about many deliveries, as the command line took it."""

    words: Sequence[str]
    everything: bool
    reason: str
    who: str
    pace: Pace
    dry_run: bool
    yes: bool
    as_json: bool

    def chosen(self, *, otherwise: bool = False) -> Selection | None:
        """The filter; None, after saying what is missing, when the decision is not complete. `otherwise` says that
        what is meant is chosen by something else."""
        selection = selection_of(self.words)
        if selection is None:
            return None
        if selection == Selection() and not self.everything and not otherwise:
            complain("say which ones by a FILTER, or --all")
            return None
        if not self.dry_run and not self.reason.strip():
            complain("say why with --reason; it is kept for the record")
            return None
        return selection


def selection_of(words: Sequence[str]) -> Selection | None:
    """The filter; None, after saying what is wrong with it."""
    try:
        return Selection.parse(words)
    except BadSelection as error:
        complain(str(error))
        return None


def with_house(command: str, work: Callable[[House], int]) -> int:
    """What `work` returns; UNREACHABLE, with one line, when the ledger's database does not answer."""
    loaded = settings.load()
    logs.configure(loaded, command)
    try:
        with House(loaded) as house:
            return work(house)
    except SQLAlchemyError as error:
        # Its text may quote the address, and with it a password.
        complain(f"the ledger's database does not answer ({type(error).__name__}); run 'kashforce doctor'")
        return Exit.UNREACHABLE


def complain(text: str) -> None:
    """One line on standard error."""
    print(f"kashforce: {text}", file=sys.stderr)


def print_json(value: object) -> None:
    """One line of JSON on standard output."""
    print(json.dumps(as_plain(value)))


def operator() -> str:
    """Who is at the terminal, for the record."""
    return getpass.getuser()


@contextmanager
def interruptible() -> Iterator[Callable[[float], bool]]:
    """A way to rest that answers true once Ctrl-C or SIGTERM came: what is under way is finished first."""
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stopped.wait
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def progress_bar(planned: int) -> Iterator[Callable[[int, str], None]]:
    """A bar on a terminal's standard error: how many, how fast, how long still. Say how many are done, and of what."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=planned, rate="")

        def say(done: int, what: str) -> None:
            bar.update(task, completed=done, description=what)
            speed = bar.tasks[0].speed
            bar.update(task, rate=f"{speed:,.0f}/s" if speed else "")

        yield say


@contextmanager
def hands(house: House, planned: int, wait: Callable[[float], bool] | None = None) -> Iterator[Hands]:
    """What carries an operation out, with a progress bar. `wait` is the way to rest of somebody who is interruptible
    already."""
    with ExitStack() as open_:
        wait = wait or open_.enter_context(interruptible())
        bar = open_.enter_context(progress_bar(planned))

        def say(operation: Operation) -> None:
            bar(operation.done, f"{operation.verb} {operation.id}")

        yield Hands(house.ledger, utc_now, wait, say, house.settings.lease_seconds)


def told(operation: Operation, *, as_json: bool) -> int:
    """Print how an operation ended; FINDINGS unless it was carried to its end."""
    if as_json:
        print_json(operation)
    else:
        skipped = f", {operation.skipped:,} of them needed nothing any more" if operation.skipped else ""
        print(
            f"operation {operation.id} ({operation.verb}) {operation.state}: {operation.done:,} dealt with{skipped}"
        )
        if operation.note:
            print(operation.note)
        if operation.state is Stands.INTERRUPTED:
            print(f"go on with: kashforce operations continue {operation.id}")
    return Exit.OK if operation.state is Stands.FINISHED else Exit.FINDINGS


def agreed(question: str, *, yes: bool) -> bool:
    """Whether to go on: `yes` was said on the command line, or at the terminal now. Without a terminal it is no."""
    if yes:
        return True
    if not sys.stdin.isatty():
        complain("nobody is there to ask; say --yes to go on, or --dry-run to see only what would happen")
        return False
    return input(f"{question} [y/N] ").strip().casefold() in ("y", "yes")


def decided(house: House, decision: Decision, plan: Plan, start: Callable[[Hands], Operation]) -> int:
    """Say what would happen; unless that was all, and if the person agrees, let it happen and tell how it ended."""
    costs = "" if plan.calls == Calls() else f"; costs {plan.calls.in_words}"
    print(f"{plan.verb} {plan.count:,}: {plan.of}{costs}", file=sys.stderr)
    if decision.dry_run or not plan.count:
        if decision.as_json:
            print_json(plan)
        return Exit.OK
    if not agreed(f"{plan.verb} them?", yes=decision.yes):
        return Exit.USAGE
    with hands(house, plan.count) as ours:
        return told(start(ours), as_json=decision.as_json)
