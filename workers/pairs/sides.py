"""The two sides of a pair from the records that were read; which mapping reads which stands here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from canonical.change import Source
from mappings.context import Context
from mappings.flows import Flow
from mappings.golden.record import Golden
from workers.desk import Desk
from workers.pairs.kashflow import kashflow_shown
from workers.pairs.meeting import Shown
from workers.pairs.merging import pairing_of
from workers.pairs.salesforce import missing_in, salesforce_shown
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
    account = records["salesforce"]
    ours = salesforce_of(desk, flow, account, context, golden, like=theirs) if account is not None else None
    return (ours, theirs) if flow.source == "salesforce" else (theirs, ours)


def kashflow_of(desk: Desk, flow: Flow, row: Mapping[str, Any], context: Context, golden: Golden) -> Shown:
    """The KashFlow side. Raises MappingProblem."""
    mapping = desk.book.mapping(reading(desk, flow, "kashflow").reads)
    return kashflow_shown(mapping, row, context, desk.clock(), golden)


def salesforce_of(
    desk: Desk,
    flow: Flow,
    record: Mapping[str, Any],
    context: Context,
    golden: Golden,
    *,
    like: Shown | None,
) -> Shown:
    """The Salesforce side, with the Contact that is the contact of `like`. Raises MappingProblem and ConnectorError."""
    read_by = reading(desk, flow, "salesforce")
    return salesforce_shown(
        desk.book.mapping(read_by.reads),
        record,
        context,
        golden,
        missing=missing_in(desk, read_by),
        like=like.model if like else None,
    )


def reading(desk: Desk, flow: Flow, system: Source) -> Flow:
    """Of the two flows of a pair the one that reads this system."""
    return flow if flow.source == system else desk.book.flow(pairing_of(flow).other_way)
