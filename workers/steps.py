"""The steps of the spine between claim and settle, each for a whole batch; what a target does itself is in targets/."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from ledger.endings import Dead, Reason, Unchanged
from mappings.flows import Flow
from mappings.problems import MappingProblem
from workers import sources
from workers.desk import Desk
from workers.targets import target_of
from workers.targets.issued import no_longer_sold
from workers.targets.salesforce_objects import lacking
from workers.work import Progress, Work, known


def hydrate(desk: Desk, works: list[Work]) -> Iterator[Progress]:
    """Read the records' present state, one request per flow where the source allows it."""
    for flow, group in _by_flow(works):
        text = lacking(desk, flow)
        if text:
            yield from (work.ends(Unchanged(Reason("hydrate", "no_object", text))) for work in group)
        else:
            yield from sources.read(desk, flow, group)


def understand(desk: Desk, works: list[Work]) -> Iterator[Progress]:
    """Source → canonical, for the records that meet their flow's condition."""
    # Asked for only when it is needed, and once: the context may call KashFlow.
    context = cache(desk.context)
    for work in works:
        if work.gone:
            yield no_longer_sold(desk, work, work.absence) if work.flow.write_back else work
            continue
        record = known(work.record, "the record")
        unmet = work.flow.condition.unmet(record) if work.flow.condition else ""
        if unmet:
            yield no_longer_sold(desk, work, Reason("understand", "condition_not_met", unmet))
            continue
        if work.flow.pairing is not None:
            # A pair is read from both sides at once, and what nobody wants over there need not be readable here.
            yield work
            continue
        try:
            yield work.knowing(model=desk.book.mapping(work.flow.reads).read(record, context()))
        except MappingProblem as problem:
            yield work.ends(Dead(Reason("understand", "mapping", str(problem))))


def resolve(desk: Desk, works: list[Work]) -> Iterator[Progress]:
    """Find the thing on the other side, or what has to come first."""
    for flow, group in _by_flow(works):
        yield from target_of(flow).resolve(desk, group)


def express(desk: Desk, works: list[Work]) -> Iterator[Progress]:
    """Canonical → the target's payload."""
    context = desk.context()
    for work in works:
        if work.gone and work.model is None:
            yield work  # there is nothing to say of it, but that it is gone
            continue
        model = known(work.model, "the model")
        try:
            yield work.knowing(payload=desk.book.mapping(work.flow.writes).write(model, context))
        except MappingProblem as problem:
            yield work.ends(Dead(Reason("express", "mapping", str(problem))))


def compare(desk: Desk, works: list[Work]) -> Iterator[Progress]:
    """End what is there already; this also ends the echoes of our own writes."""
    for flow, group in _by_flow(works):
        yield from target_of(flow).compare(desk, group)


def send(desk: Desk, works: list[Work]) -> Iterator[Progress]:
    """Write what is left, and turn every answer into one ending."""
    for flow, group in _by_flow(works):
        yield from target_of(flow).send(desk, group)


def _by_flow(works: list[Work]) -> Iterator[tuple[Flow, list[Work]]]:
    """One queue may carry several flows: deals and orders both become invoices; and one flow news and a load."""
    groups: dict[tuple[str, int], list[Work]] = {}
    for work in works:
        groups.setdefault((work.flow.name, work.flow.priority), []).append(work)
    for group in groups.values():
        yield group[0].flow, group
