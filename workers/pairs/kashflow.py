"""A KashFlow customer as a side of a pair: how it is read, and when it was edited last. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from canonical.customer import Customer
from connectors.errors import Busy, NotFound
from connectors.kashflow.reading import Row
from mappings.context import Context
from mappings.golden.merge import Side, Span
from mappings.golden.record import Golden
from mappings.golden.spread import fields_shown, shown_values
from mappings.recordmapping import RecordMapping
from mappings.values import date_of
from workers.account import UK
from workers.desk import Desk
from workers.pairs.meeting import Shown

if TYPE_CHECKING:
    from workers.work import Work


def customer_row(desk: Desk, work: Work, code: str, kashflow_id: str) -> Row | None:
    """The customer with this Id: where `code` says, or where the list shows it now. None when there is none.

    May raise any ConnectorError.
    """
    meter, priority = desk.kashflow_meter, work.flow.priority
    if code:
        try:
            row = meter.call(lambda: desk.kashflow.customers.get(code), priority=priority)
        except NotFound:
            row = {}
        if str(row.get("Id")) == kashflow_id:
            return row
    listed = meter.call(desk.kashflow.customers.list, priority=priority)
    codes = [str(one["Code"]) for one in listed.rows if str(one.get("Id")) == kashflow_id]
    if not codes and not listed.complete:
        raise Busy("KashFlow left rows out while we looked for a customer", system="kashflow")
    if not codes:
        return None
    return meter.call(lambda: desk.kashflow.customers.get(codes[0]), priority=priority)


def kashflow_shown(
    mapping: RecordMapping, row: Mapping[str, Any], context: Context, now: datetime, golden: Golden
) -> Shown:
    """The customer in `row` as a side. Raises MappingProblem."""
    model = mapping.read(row, context)
    assert isinstance(model, Customer), "flows.yaml was checked at start"  # noqa: S101
    narrowed = model.model_copy(update={"contacts": tuple(one for one in model.contacts if one.is_primary)})
    assert mapping.reading is not None, "it was just read"  # noqa: S101
    fields = fields_shown(mapping.reading.labels, frozenset())
    values = shown_values(narrowed, fields, had_contact=golden.had_contact("kashflow"))
    return Shown(row, narrowed, Side(values, _edited(row, now)))


def _edited(row: Mapping[str, Any], now: datetime) -> Span | None:
    """KashFlow tells the day (reference kashflow.md section 3.1)."""
    try:
        day = date_of(row.get("LastUpdatedDate"))
    except ValueError:
        day = None
    if day is None:
        return None
    start = datetime.combine(day, time(), UK)
    return Span(start, min(now, start + timedelta(days=1)))
