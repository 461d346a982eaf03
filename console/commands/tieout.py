"""`kashforce tieout`: both sides compared at the end of a month, and put right. What that means: `console.tieout`."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from connectors.kashflow.patience import PATIENT
from console.bootstrap import House, utc_now
from console.commands.ledgering import (
    Decision,
    complain,
    decided,
    operator,
    print_json,
    with_house,
)
from console.commands.tieout_page import print_tie_out, told
from console.exits import Exit
from console.operations import requeue
from console.operations.carrying import Hands
from console.operations.cost import Calls
from console.operations.requeue import Exactly
from console.tieout.compare import NoSuchEntity, TieOut, tie_out
from console.tieout.period import BadPeriod, Period
from ledger.operations import Operation
from producers.kashflow_reading import KashFlowReader
from workers.rehearsal import PRIORITY


@dataclass(frozen=True)
class Asked:
    """What the command line asked for."""

    period: str
    entity: str
    repair: bool


def run_tieout(asked: Asked, decision: Decision) -> int:
    """OK when both sides agree, FINDINGS when they do not, UNREACHABLE when a record could not be compared; of a repair,
    what became of the operation that registers it. USAGE when nothing was begun."""
    try:
        period = Period.parse(asked.period) if asked.period else Period.usual(utc_now().date())
    except BadPeriod as error:
        complain(str(error))
        return Exit.USAGE
    if asked.repair and not decision.dry_run and not decision.reason.strip():
        complain("say why with --reason; it is kept for the record")
        return Exit.USAGE

    def work(house: House) -> int:
        try:
            found = _compared(house, period, asked.entity)
        except NoSuchEntity as error:
            complain(str(error))
            return Exit.USAGE
        repairs = asked.repair and bool(found.mends())
        if not decision.as_json:
            print_tie_out(found, asked.entity)
        elif not repairs:
            print_json(told(found))
        return _repaired(house, found, decision) if repairs else _exit(found)

    return with_house("tieout", work)


def _compared(house: House, period: Period, entity: str) -> TieOut:
    """What both sides show now; out of the workers' budgets, and behind them."""
    # Nothing is under way that would have to be finished: Ctrl-C ends it at once.
    rest = threading.Event().wait
    with _progress() as say:
        desk = house.desk(rest, PRIORITY)
        reader = KashFlowReader(house.kashflow_client(PATIENT), desk.kashflow_meter, rest)
        return tie_out(desk, reader, period, entity=entity, say=say, expect=_warn)


def _warn(calls: Calls) -> None:
    print(
        f"reads both sides: about {calls.salesforce:,} calls to Salesforce and {calls.kashflow:,} to KashFlow, "
        "behind all deliveries",
        file=sys.stderr,
    )


def _repaired(house: House, found: TieOut, decision: Decision) -> int:
    wanted = Exactly(found.mends())

    def start(ours: Hands) -> Operation:
        who = decision.who or operator()
        return requeue.start(ours, house.book, wanted, who=who, reason=decision.reason, pace=decision.pace)

    return decided(house, decision, requeue.plan(house.ledger, house.book, wanted), start)


def _exit(found: TieOut) -> int:
    if found.differences:
        return Exit.FINDINGS
    return Exit.UNREACHABLE if found.unread else Exit.OK


@contextmanager
def _progress() -> Iterator[Callable[[str, int], None]]:
    """Says on a terminal's standard error what is being looked at, and how many records were."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    paper = Console(stderr=True)
    with Progress(*columns, console=paper, transient=True, disable=not paper.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def say(what: str, done: int) -> None:
            bar.advance(task, done)
            bar.update(task, description=f"{what}: {bar.tasks[0].completed:,.0f} looked at")

        yield say
