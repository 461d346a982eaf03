"""How the Salesforce side of pairs is read: records by id or by a condition, and when each was edited. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from mappings.flows import Flow
from mappings.golden.alike import alike
from mappings.golden.merge import Span
from mappings.paths import rows
from mappings.plan import STAMP
from mappings.soql import soql
from workers.desk import Desk
from workers.pairs.thing import Part

#: One query reads so many by their ids.
MOST_FOUND = 200


def read_records(desk: Desk, flow: Flow, ids: Iterable[str], priority: int) -> dict[str, dict[str, Any]]:
    """The records that there are, as `flow` reads them, by id. May raise any ConnectorError."""
    wanted = list(ids)
    if not wanted:
        return {}
    statement = soql(flow.plan, wanted, missing_in(desk, flow))
    found = desk.salesforce_meter.call(lambda: desk.salesforce.query(statement), priority=priority)
    return {str(row.get("Id")): row for row in found}


def find_records(
    desk: Desk, flow: Flow, where: str, priority: int, named: Callable[[str], bool] = lambda _: True
) -> list[dict[str, Any]]:
    """Of the records that meet a condition in SOQL those that are `named` so, MOST_FOUND of them. May raise any ConnectorError."""
    # The condition's values went through `quoted`. All that meet it are looked through: a common word has thousands.
    statement = f"SELECT Id, Name FROM {flow.source_entity} WHERE {where} ORDER BY Id"  # noqa: S608
    found = desk.salesforce_meter.call(lambda: desk.salesforce.query(statement), priority=priority)
    ids = [str(row["Id"]) for row in found if row.get("Id") and named(str(row.get("Name") or ""))]
    return list(read_records(desk, flow, ids[:MOST_FOUND], priority).values())


def missing_in(desk: Desk, flow: Flow) -> frozenset[str]:
    """The optional fields of the flow's plan that this organisation lacks. May call Salesforce."""
    return flow.plan.missing({name: desk.fields(name) for name in flow.plan.objects()})


def listed(record: Mapping[str, Any], relation: str) -> list[Mapping[str, Any]]:
    """The records that the query brought along with this one under that relation."""
    return [row for row in rows(record.get(relation), relation) if isinstance(row, Mapping)]


def one_of(found: Iterable[Mapping[str, Any]], record_id: str) -> Mapping[str, Any]:
    """The one with this id; empty when there is none."""
    return next((row for row in found if row.get("Id") == record_id), {})


def edited(record: Mapping[str, Any]) -> Span | None:
    """When it was edited last, as a whole: Salesforce does not tell that of a field."""
    said = record.get(STAMP)
    if not isinstance(said, str):
        return None
    at = datetime.fromisoformat(said)
    return Span(at, at)


def part_lacks_key(part: Part, record: Mapping[str, Any], part_id: str, key: str) -> bool:
    """Does the part that is meant show another key than its record's, in an organisation that has the field?"""
    row = one_of(listed(record, part.relation), part_id)
    return bool(key) and part.key_field in row and not alike("code", row[part.key_field], key)
