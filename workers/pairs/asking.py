"""Puts into words what only a person can decide about a pair, both sides side by side. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from canonical.change import Source
from ledger.deliveries import LAST, Delivery
from ledger.questions import Question
from mappings.golden.merge import Dispute
from mappings.golden.record import Value
from workers.pairs.things import thing_of
from workers.work import Work

#: Answers to "which of these is it?" beside the candidates themselves.
NEW = "new"
NONE = "none"

_LABELS: Mapping[Source, str] = {"salesforce": "Salesforce", "kashflow": "KashFlow"}


def pair_about(entity: str, salesforce_id: str) -> str:
    """What questions about a linked pair are about."""
    return f"{entity} {salesforce_id}"


def near_about(work: Work) -> str:
    """What questions about a record without a counterpart are about."""
    delivery = work.delivery
    thing = thing_of(work.flow)
    if (delivery.source, delivery.entity) == ("salesforce", thing.salesforce):
        return pair_about(thing.entity, delivery.record_id)
    return f"{delivery.source} {delivery.entity} {delivery.record_id}"


def subject_of(about: str, what: str) -> str:
    """The identity of one question."""
    return f"{about}: {what}"


def again(delivery: Delivery) -> dict[str, Any]:
    """The delivery to register when a person has decided."""
    return {
        "flow": delivery.flow,
        "queue": delivery.queue,
        "source": delivery.source,
        "entity": delivery.entity,
        "record_id": delivery.record_id,
        "lock_key": delivery.lock_key,
        # What a person has decided does not wait for the rest of a load.
        "priority": min(delivery.priority, LAST - 1),
        "hint": dict(delivery.hint),
    }


def field_question(work: Work, about: str, kind: str, dispute: Dispute) -> Question:
    """Whose value is to stand in this field?"""
    shown: dict[str, Value] = {side: dispute.shown.get(side) for side in _LABELS}
    answers: dict[str, str] = {
        side: f"{_said(dispute.shown.get(side))}, as {label} has it" for side, label in _LABELS.items()
    }
    detail = {
        "field": dispute.field,
        "shown": shown,
        "sides": ["agreed", *shown],
        "rows": [{"field": dispute.field, "agreed": dispute.agreed, **shown}],
        "answers": {**answers, "neither": "each side keeps its own"},
    }
    text = f"{dispute.field} is {_said(shown['salesforce'])} in Salesforce and {_said(shown['kashflow'])} in KashFlow: {dispute.why}"
    return Question(kind, about, subject_of(about, dispute.field), text, detail, again(work.delivery))


def match_question(
    work: Work, about: str, why: str, ours: Mapping[str, Value], candidates: Sequence[Mapping[str, Value]]
) -> Question:
    """Which of the `candidates` on the far side is it, or is it none of them?

    Each candidate has its `key`, the fields to compare, and `linked` where it belongs to another record already.
    """
    keys = [str(one["key"]) for one in candidates]
    fields = [name for name in ours if name != "key"]
    near, far = _LABELS[work.flow.source], _LABELS[work.flow.target]
    detail = {
        "sides": [near, *keys],
        "rows": [
            {"field": name, near: ours.get(name), **{str(one["key"]): one.get(name) for one in candidates}}
            for name in (*fields, "linked")
        ],
        "answers": {
            **{str(one["key"]): f"it is {one['key']}" for one in candidates if not one.get("linked")},
            NEW: f"it is none of them; make a new one in {far}",
            NONE: "leave it alone, here and there",
        },
    }
    text = f"{ours.get('name')!r} of {near} may be {', '.join(keys)} of {far}: {why}"
    return Question("match", about, subject_of(about, "match"), text, detail, again(work.delivery))


def merge_question(work: Work, about: str, answers: Mapping[str, str], text: str) -> Question:
    """Two records of one side became one, and each had its counterpart: which of those stays?"""
    detail = {"sides": list(answers), "rows": [], "answers": dict(answers)}
    return Question("merge", about, subject_of(about, "merge"), text, detail, again(work.delivery))


def _said(value: Value) -> str:
    return "blank" if value is None else repr(value)
