"""`kashforce requeue`: registers records afresh. What that means: `console.operations.requeue`."""

from __future__ import annotations

import sys
from pathlib import Path

from connectors.kashflow.patience import PATIENT
from connectors.meter import Meter
from console.bootstrap import House
from console.commands.ledgering import Decision, complain, decided, interruptible, operator, with_house
from console.exits import Exit
from console.operations import requeue
from console.operations.carrying import Hands
from console.operations.requeue import Named, NothingStarts
from console.operations.source_records import NoWindow, in_kashflow, in_salesforce
from ledger.operations import Operation
from ledger.selection import Selection
from producers.kashflow_reading import KashFlowReader


def run_requeue(decision: Decision, *, file: Path | None, from_source: bool) -> int:
    """FINDINGS when the operation did not come to its end; USAGE when it was not begun."""
    selection = decision.chosen(otherwise=file is not None)
    if selection is None:
        return Exit.USAGE

    def work(house: House) -> int:
        try:
            wanted = _wanted(house, selection, file, from_source)
        except (NothingStarts, NoWindow, OSError, UnicodeDecodeError) as error:
            complain(str(error))
            return Exit.USAGE

        def start(ours: Hands) -> Operation:
            who, reason = decision.who or operator(), decision.reason
            return requeue.start(ours, house.book, wanted, who=who, reason=reason, pace=decision.pace)

        return decided(house, decision, requeue.plan(house.ledger, house.book, wanted), start)

    return with_house("requeue", work)


def _wanted(house: House, selection: Selection, file: Path | None, from_source: bool) -> Selection | Named:
    """The records of the ledger that fit; or those of the file or of the command line, known to it or not; or what
    the source has."""
    if file is not None:
        return _named(house, selection, _lines(file))
    if from_source:
        return _from_source(house, selection)
    return _named(house, selection, selection.records) if selection.records else selection


def _named(house: House, selection: Selection, records: tuple[str, ...]) -> Named:
    flows = requeue.flows_meant(house.book, selection)
    return Named(tuple(flow.name for flow in flows), tuple(dict.fromkeys(records)))


def _lines(file: Path) -> tuple[str, ...]:
    """One record id a line; blank lines and what follows a # are left out. `-` is standard input."""
    text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    return tuple(found for line in text.splitlines() if (found := line.partition("#")[0].strip()))


def _from_source(house: House, selection: Selection) -> Named:
    flows = requeue.flows_meant(house.book, selection)
    if len({(flow.source, flow.source_entity) for flow in flows}) > 1:
        raise NothingStarts(
            "name one object to read from its source with entity: "
            + ", ".join(sorted({f.source_entity for f in flows}))
        )
    flow, since, until = flows[0], selection.since, selection.until
    if flow.source == "salesforce":
        meter = Meter("salesforce", house.salesforce_budget)
        records = list(in_salesforce(house.salesforce, meter, flow, since, until))
    else:
        with interruptible() as wait:
            reader = KashFlowReader(
                house.kashflow_client(PATIENT), Meter("kashflow", house.kashflow_budget), wait
            )
            records = in_kashflow(reader, flow, since, until)
    return Named(tuple(one.name for one in flows), tuple(records))
