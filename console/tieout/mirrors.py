"""Compares what Salesforce shows of KashFlow's records: in fields of deals, and in objects of their own."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.salesforce.org import Record
from console.operations.requeue import One
from console.tieout.findings import Point, Unread
from console.tieout.shown import shown, why
from console.tieout.sides import BY_POLICY, Sides, noun_of
from mappings.flows import Flow
from producers.kashflow_resources import resource_for
from workers.rehearsal import Rehearsed, Would
from workers.targets.recordset import Changes
from workers.targets.salesforce_objects import lacking
from workers.work import LOOK


def compare_fields(sides: Sides, flow: Flow) -> None:
    """Records of Salesforce that show in fields of their own what KashFlow's linked record says."""
    records = list(sides.in_period(flow))
    links = sides.linked(noun_of(flow.source_entity))
    ours = [record for record in records if record in links]
    ours = [record for record in ours if links[record].salesforce_entity == flow.target_object]
    is_told_by_deal = any(one.write_back == flow.name for one in sides.desk.book.flows)
    for one in sides.rehearse(flow, ours, *sides.answers(flow.source_entity, ours)):
        if not (is_told_by_deal and one.reason is not None and one.reason.code == "gone"):
            _tell(sides, flow, one, links[one.record_id].salesforce_id)


def compare_objects(sides: Sides, flow: Flow) -> None:
    """Objects of Salesforce that mirror KashFlow's, with the records below them; what is missing and what is too much."""
    text = lacking(sides.desk, flow)
    if text:
        sides.findings.notes.append(text)
        return
    records = list(sides.in_period(flow))
    for one in sides.rehearse(flow, records, *sides.answers(flow.source_entity, records)):
        _tell(sides, flow, one, "")
        changes = one.work.changes if one.work else None
        if isinstance(changes, Changes):
            writes = (*changes.below, *([changes.main] if changes.main else []))
            sides.keyless |= {write.id for write in writes if write.id and flow.key in write.fields}
    _surplus(sides, flow)


def mirrored_rows(sides: Sides, flow: Flow, columns: list[str]) -> list[Record]:
    """The records of a mirrored object that say they are KashFlow's, of the period."""
    if flow.key not in sides.desk.fields(flow.target_object):
        return []
    dated = sides.date_field(flow.writes, "write")
    known = sides.desk.fields(flow.target_object)
    wanted = [name for name in (flow.key, dated, *columns) if name in known]
    when = sides.dated_in_period(dated if dated in known else "")
    return sides.rows(flow.target_object, wanted, f"{flow.key} != null AND {when}")


def _surplus(sides: Sides, flow: Flow) -> None:
    listed = sides.listed(flow.source_entity)
    if not listed.complete:
        sides.findings.notes.append(
            f"KashFlow left rows of {flow.source_entity} out: whether {flow.target_object} has too many is not known"
        )
        return
    unknown = {
        str(row[flow.key]): row
        for row in mirrored_rows(sides, flow, ["Name"])
        if str(row[flow.key]) not in listed.rows
    }
    for record_id in _gone(sides, flow, list(unknown)):
        _too_much(sides, flow, record_id, unknown[record_id])


def _gone(sides: Sides, flow: Flow, record_ids: list[str]) -> list[str]:
    """Which of these KashFlow really does not have: the list was read a while ago, and may be one of a few days only."""
    if not record_ids:
        return []
    if resource_for(flow.source_entity).records.windowed:
        return [one.record_id for one in sides.rehearse(flow, record_ids) if one.would is Would.GONE]
    now = sides.listed_again(flow.source_entity)
    return [record_id for record_id in record_ids if now.complete and record_id not in now.rows]


def _too_much(sides: Sides, flow: Flow, record_id: str, row: Mapping[str, object]) -> None:
    sides.findings.add(
        noun_of(flow.source_entity),
        record_id,
        Point(
            f"too much in Salesforce: KashFlow has no {flow.source_entity} with the id of this {flow.target_object}",
            mend=One(flow.name, record_id, kind="deleted") if flow.deletes else None,
            known="" if flow.deletes else BY_POLICY,
        ),
        name=str(row.get("Name") or ""),
        salesforce_id=str(row["Id"]),
        kashflow_id=record_id,
    )


def _tell(sides: Sides, flow: Flow, one: Rehearsed, salesforce_id: str) -> None:
    entity, record = noun_of(flow.source_entity), sides.key(flow.source_entity, one.record_id)
    text = one.reason.text if one.reason else ""
    match one.would:
        case Would.UNCHANGED | Would.LINK:
            return
        case Would.LATER:
            sides.findings.unread.append(Unread(entity, record, text))
            return
        case Would.CREATE:
            text = f"missing in Salesforce: there is no {flow.target_object}"
        case Would.CHANGE:
            text = why(one.fields, flow.target_object)
        case Would.NEED | Would.REVIEW | Would.DEAD | Would.GONE:
            pass
    mend = (
        One(flow.name, one.record_id, hint={"key": record, LOOK: "yes"})
        if one.would is not Would.GONE
        else None
    )
    sides.findings.add(
        entity,
        record,
        Point(text, shown(one.fields), mend),
        salesforce_id=salesforce_id,
        kashflow_id=one.record_id,
    )
