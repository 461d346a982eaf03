"""Asks a source which records there are, or which changed in a window: what a requeue "from the source" is about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

from connectors.kashflow.reading import Row
from connectors.kashflow.values import read_date
from connectors.meter import Meter
from connectors.salesforce.rest import SalesforceClient
from mappings.flows import Flow
from producers.kashflow_reading import PRIORITY, KashFlowReader
from producers.kashflow_resources import resource_for

#: Before any book that KashFlow keeps.
FIRST_DAY = date(2000, 1, 1)


class NoWindow(ValueError):
    """KashFlow's records of this kind carry no date to choose them by."""


def in_salesforce(
    client: SalesforceClient, meter: Meter, flow: Flow, since: datetime | None, until: datetime | None
) -> Iterator[str]:
    """Ids of the records whose SystemModstamp is from `since` on and before `until`; all without either. Up to
    2,000 a call, out of the budget that workers share. May raise any ConnectorError."""
    bounds = [
        f"SystemModstamp {operator} {moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        for operator, moment in ((">=", since), ("<", until))
        if moment
    ]
    where = f" WHERE {' AND '.join(bounds)}" if bounds else ""
    # The name was checked when flows.yaml was loaded.
    soql = f"SELECT Id FROM {flow.source_entity}{where} ORDER BY Id"  # noqa: S608  # see above
    pages = client.query_pages(soql)
    while page := meter.call(lambda: next(pages, None), priority=PRIORITY):
        yield from (str(row["Id"]) for row in page)


def in_kashflow(
    reader: KashFlowReader, flow: Flow, since: datetime | None, until: datetime | None
) -> list[str]:
    """Ids of the records that KashFlow's list shows, with a window only those issued in it; see `listed_in_kashflow`."""
    return list(listed_in_kashflow(reader, flow, since, until))


def listed_in_kashflow(
    reader: KashFlowReader, flow: Flow, since: datetime | None, until: datetime | None
) -> dict[str, Row]:
    """The rows of KashFlow's list by id, with a window only those issued in it: KashFlow does not tell when a record was
    edited (reference kashflow.md section 2.5). Raises NoWindow, and any ConnectorError."""
    resource = resource_for(flow.source_entity)
    # Where a list is read by window, bank transactions, it begins with `since`.
    rows = reader.listed(resource, since.date() if since else FIRST_DAY).rows
    if until is None and (since is None or resource.records.windowed):
        return dict(rows)
    issued = {key: read_date(row.get("IssuedDate")) for key, row in rows.items() if "IssuedDate" in row}
    if rows and not issued:
        raise NoWindow(f"KashFlow's {flow.source_entity} has no date of issue; leave out since: and until:")
    first = since.date() if since else date.min
    last = until.date() if until else date.max
    return {key: rows[key] for key, day in issued.items() if day is not None and first <= day <= last}
