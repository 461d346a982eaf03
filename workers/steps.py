"""The steps of the spine between claim and settle, each for a whole batch; what a target does itself is in targets/."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from ledger.endings import Dead, Reason, Unchanged
from mappings.problems import MappingProblem
from workers import sources
from workers.desk import Desk
from workers.targets import target_of
from workers.work import Progress, Work, known


def hydrate(desk: Desk, works: list[Work]) -> Iterator[Progress]:
    """Read the records' present state, one request per flow where the source allows it."""
    for _, group in groupby(sorted(works, key=lambda work: work.flow.name), key=lambda work: work.flow.name):
        same_flow = list(group)
        yield from sources.read(desk, same_flow[0].flow, same_flow)


def understand(desk: Desk, works: list[Work]) -> Iterator[Progress]:
    """Source → canonical, for the records that meet their flow's condition."""
    context = desk.context()
    for work in works:
        record = known(work.record, "the record")
        unmet = work.flow.condition.unmet(record) if work.flow.condition else ""
        if unmet:
            yield work.ends(Unchanged(Reason("understand", "condition_not_met", unmet)))
            continue
        try:
            yield replace(work, model=desk.book.mapping(work.flow.reads).read(record, context))
        except MappingProblem as problem:
            yield work.ends(Dead(Reason("understand", "mapping", str(problem))))


def resolve(desk: Desk, works: list[Work]) -> Iterator[Progress]:
    """Find the thing on the other side, or what has to come first."""
    return target_of(works[0].flow).resolve(desk, works)


def express(desk: Desk, works: list[Work]) -> Iterator[Progress]:
    """Canonical → the target's payload."""
    context = desk.context()
    for work in works:
        model = known(work.model, "the model")
        try:
            yield replace(work, payload=desk.book.mapping(work.flow.writes).write(model, context))
        except MappingProblem as problem:
            yield work.ends(Dead(Reason("express", "mapping", str(problem))))


def compare(desk: Desk, works: list[Work]) -> Iterator[Progress]:
    """End what is there already; this also ends the echoes of our own writes."""
    return target_of(works[0].flow).compare(desk, works)


def send(desk: Desk, works: list[Work]) -> Iterator[Progress]:
    """Write what is left, and turn every answer into one ending."""
    return target_of(works[0].flow).send(desk, works)
