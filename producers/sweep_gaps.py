"""Which flows an incident of the stream concerns, and the note that closes it; decides nothing about reading."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ledger.incidents import NotedIncident
from mappings.flows import Flow
from producers.sweep_round import Round

#: Incidents after which changes may be missing. Others are for a person.
KINDS = frozenset(
    {
        "position_lost",
        "long_outage",
        "gap",
        "overflow",
        "quota",
        "channel_refused",
        "unreadable",
        "watchdog",
    }
)
#: Of these the subject is an object; of the others it is a channel, or several.
_ABOUT_AN_OBJECT = frozenset({"gap", "overflow", "watchdog"})
_CHANNEL_END = "ChangeEvent"


def concerns(incident: NotedIncident, flow: Flow) -> bool:
    """May changes for this flow be missing?"""
    if incident.kind not in KINDS or incident.source != "salesforce":
        return False
    if incident.kind in _ABOUT_AN_OBJECT:
        return incident.subject == flow.source_entity
    entities = [_entity_of(channel) for channel in incident.subject.split(",")]
    return any(entity in ("", flow.source_entity) for entity in entities)


def note_of(rounds: Sequence[tuple[Flow, Round]]) -> dict[str, Any]:
    """What was read again, for people and for `kashforce gaps`."""
    if not rounds:
        return {"text": "no flow reads what it concerns"}
    return {"rounds": [_told(flow, round_) for flow, round_ in rounds]}


def concerned(incident: NotedIncident, flows: Iterable[Flow]) -> list[Flow]:
    """Those of the flows for which changes may be missing."""
    return [flow for flow in flows if concerns(incident, flow)]


def _told(flow: Flow, round_: Round) -> dict[str, Any]:
    return {
        "flow": flow.name,
        "object": flow.source_entity,
        "since": round_.since.isoformat(),
        "until": round_.until.isoformat(),
        "records": round_.records,
        "changes": round_.changes,
        "calls": round_.calls,
    }


def _entity_of(channel: str) -> str:
    """The one object that a channel tells about (reference salesforce.md section 1.6), or "" when it may be any."""
    name = channel.rpartition("/")[2]
    if not name.endswith(_CHANNEL_END):
        return ""
    stem = name.removesuffix(_CHANNEL_END)
    return f"{stem}c" if stem.endswith("__") else stem
