"""The two sides of a pair from the records that were read; which mapping reads which stands here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from canonical.change import Source
from mappings.context import Context
from mappings.flows import Flow
from mappings.golden.record import Golden
from workers.desk import Desk
from workers.pairs.meeting import Seen, Shown
from workers.pairs.merging import pairing_of
from workers.pairs.salesforce import missing_in
from workers.pairs.things import thing_of
from workers.work import Work

Records = Mapping[Source, Mapping[str, Any] | None]


def both_sides(
    desk: Desk, work: Work, context: Context, golden: Golden, *, far: Mapping[str, Any] | None
) -> tuple[Shown | None, Shown | None]:
    """Near and far; None for a side whose record there is not. Raises MappingProblem, and ConnectorError for a describe."""
    flow = work.flow
    records: Records = {flow.source: work.record, flow.target: far}
    kashflow = records["kashflow"]
    theirs = kashflow_of(desk, flow, kashflow, context, golden) if kashflow is not None else None
    record = records["salesforce"]
    ours = salesforce_of(desk, flow, record, context, golden, like=theirs) if record is not None else None
    return (ours, theirs) if flow.source == "salesforce" else (theirs, ours)


def kashflow_of(desk: Desk, flow: Flow, row: Mapping[str, Any], context: Context, golden: Golden) -> Shown:
    """The KashFlow side. Raises MappingProblem."""
    mapping = desk.book.mapping(reading(desk, flow, "kashflow").reads)
    return thing_of(flow).in_kashflow(Seen(row, mapping, context, golden, desk.clock()))


def salesforce_of(
    desk: Desk,
    flow: Flow,
    record: Mapping[str, Any],
    context: Context,
    golden: Golden,
    *,
    like: Shown | None,
) -> Shown:
    """The Salesforce side, with that part of it which is meant by `like`. Raises MappingProblem and ConnectorError."""
    read_by = reading(desk, flow, "salesforce")
    mapping, missing = desk.book.mapping(read_by.reads), missing_in(desk, read_by)
    meant = like.model if like else None
    return thing_of(flow).in_salesforce(Seen(record, mapping, context, golden, desk.clock(), missing, meant))


def reading(desk: Desk, flow: Flow, system: Source) -> Flow:
    """Of the two flows of a pair the one that reads this system."""
    return flow if flow.source == system else desk.book.flow(pairing_of(flow).other_way)
