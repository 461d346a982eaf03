"""Compares what people enter in Salesforce for KashFlow, payments and purchases: is each of them there?"""

from __future__ import annotations

from console.operations.requeue import One
from console.tieout.deals import LOOKED_FOR
from console.tieout.findings import Point, Unread
from console.tieout.sides import BEFORE_US, Sides
from mappings.flows import Flow
from workers.rehearsal import Would


def compare_entered(sides: Sides, flow: Flow) -> None:
    """What meets the flow's condition in the period and is not in KashFlow."""
    if not sides.desk.fields(flow.source_entity):
        return
    dated = sides.date_field(flow.reads, "read")
    # What was entered without a date is of any period.
    when = f"({sides.dated_in_period(dated)} OR {dated} = null)" if dated else "Id != null"
    rows = sides.rows(flow.source_entity, [], when)
    # What KashFlow has, and what lost only its id, must not be entered again.
    ids = [id_ for row in rows if (id_ := str(row["Id"])) not in sides.keyless]
    for one in sides.rehearse(flow, ids, dict.fromkeys(ids, LOOKED_FOR)):
        text = one.reason.text if one.reason else ""
        match one.would:
            case Would.UNCHANGED | Would.CHANGE | Would.GONE:
                continue
            case Would.LATER:
                if one.reason is not None and one.reason.code != "no_invoice":
                    sides.findings.unread.append(Unread(flow.target_entity, one.record_id, text))
                    continue
            case Would.CREATE | Would.NEED:
                text = f"missing in KashFlow: the {flow.source_entity} was entered in Salesforce and is not there"
            case Would.LINK:
                text = f"no link: it is in KashFlow ({one.ended.link.kashflow_key if one.ended and one.ended.link else ''})"
            case Would.REVIEW | Would.DEAD:
                pass
        known = BEFORE_US if sides.is_older_than_we(flow, one) else ""
        sides.findings.add(
            flow.target_entity,
            one.record_id,
            Point(text, mend=One(flow.name, one.record_id, hint=LOOKED_FOR), known=known),
            salesforce_id=one.record_id,
        )
