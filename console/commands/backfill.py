"""`kashforce backfill ENTITY`: the initial load. What that means: `console.operations.loading`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from console.bootstrap import House
from console.commands.ledgering import (
    Decision,
    agreed,
    complain,
    hands,
    interruptible,
    operator,
    print_json,
    progress_bar,
    told,
    with_house,
)
from console.exits import Exit
from console.operations.carrying import Hands, UnderWay
from console.operations.loading import backfill
from console.operations.loading.backfill import NobodyListens
from console.operations.loading.estimate import Estimate, estimate
from console.operations.loading.foreseeing import Foreseen, Summary, summary
from console.operations.loading.meaning import Load, NothingToLoad, check_since, meant
from console.operations.loading.rehearsal import rehearse
from console.operations.source_records import NoWindow
from ledger import operations
from ledger.deliveries import LAST
from ledger.endings import State
from ledger.operations import Operation
from workers.desk import Desk

#: How often the outcomes are counted while somebody waits for them.
LOOK_SECONDS = 1.0


@dataclass(frozen=True)
class Asked:
    """The load as the command line took it."""

    entity: str
    source: str
    since: datetime | None
    verbose: bool
    wait: bool


def run_backfill(decision: Decision, asked: Asked) -> int:
    """FINDINGS when the load did not come to its end; USAGE when it was not begun."""

    def work(house: House) -> int:
        with interruptible() as wait:
            try:
                load = meant(house.book, asked.entity, asked.source, asked.since)
                return _load(house, house.desk(wait, LAST), decision, asked, load)
            except (NothingToLoad, NobodyListens, NoWindow, UnderWay) as error:
                complain(str(error))
                return Exit.USAGE

    return with_house("backfill", work)


def _load(house: House, desk: Desk, decision: Decision, asked: Asked, load: Load) -> int:
    earlier = None if decision.dry_run else backfill.unfinished(house.ledger, load)
    if earlier is not None:
        done = f"{earlier.done:,} of {earlier.planned:,} done"
        print(f"goes on with operation {earlier.id}, {done}", file=sys.stderr)
        return _carried(
            house, desk, earlier.planned, asked, decision, lambda ours: backfill.go_on(ours, desk, earlier)
        )
    planned = estimate(desk, load, house.salesforce_budget.state().allowed)
    print(planned.in_words, file=sys.stderr)
    if decision.dry_run:
        return _rehearsed(desk, load, planned, asked, decision)
    if not planned.count:
        if decision.as_json:
            print_json(planned)
        return Exit.OK
    check_since(load)
    backfill.check_listening(house.ledger, load)
    if not agreed("load them?", yes=decision.yes):
        return Exit.USAGE

    def start(ours: Hands) -> Operation:
        who = decision.who or operator()
        return backfill.start(
            ours, desk, load, who=who, reason=decision.reason, planned=planned.count, pace=decision.pace
        )

    return _carried(house, desk, planned.count, asked, decision, start)


def _carried(
    house: House,
    desk: Desk,
    planned: int,
    asked: Asked,
    decision: Decision,
    carry: Callable[[Hands], Operation],
) -> int:
    with hands(house, planned, desk.wait) as ours:
        operation = carry(ours)
    code = told(operation, as_json=decision.as_json)
    if asked.wait and code == Exit.OK:
        _watch(house, desk, operation, as_json=decision.as_json)
    return code


def _watch(house: House, desk: Desk, operation: Operation, *, as_json: bool) -> None:
    """Until nothing of the load waits or runs any more, or Ctrl-C."""
    under_way = (State.WAITING, State.RUNNING)
    with progress_bar(operation.done - operation.skipped) as say:
        while True:
            with house.ledger.reading() as connection:
                found = operations.outcomes(connection, operation.id)
            left = sum(found.get(state, 0) for state in under_way)
            say(sum(found.values()) - left, "settled")
            if not left or desk.wait(LOOK_SECONDS):
                break
    counts = {str(state): count for state, count in found.items()}
    if as_json:
        print_json({"outcomes": counts})
    else:
        print(", ".join(f"{count:,} {state}" for state, count in sorted(counts.items())) or "nothing to do")


def _rehearsed(desk: Desk, load: Load, planned: Estimate, asked: Asked, decision: Decision) -> int:
    """FINDINGS when a person ended it before all was judged."""
    found: list[Foreseen] = []
    ended = True
    with progress_bar(planned.count) as say:
        for one in rehearse(desk, load):
            found.append(one)
            say(len(found), "judged")
            if desk.wait(0):
                ended = False
                break
    _tell(summary(found), found if asked.verbose else [], planned, as_json=decision.as_json)
    return Exit.OK if ended else Exit.FINDINGS


def _tell(counted: Summary, shown: list[Foreseen], planned: Estimate, *, as_json: bool) -> None:
    if as_json:
        print_json({"estimate": planned, "would_be": counted, "records": shown})
        return
    for one in shown:
        needed = " (needed first)" if one.is_needed else ""
        print(f"{one.record_id} along {one.flow}{needed}: {one.became}; {one.text}")
    print(f"would be: {_counts(counted.records) or 'nothing'}")
    if counted.needed:
        print(f"of what they need first: {_counts(counted.needed)}")
    if counted.questions:
        print(f"questions for a person: {counted.questions:,}")


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {became}" for became, count in counts.items())
