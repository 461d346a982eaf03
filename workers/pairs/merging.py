"""Merges the two sides of a pair, with what people decided about it, and turns what is left over into questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from canonical.change import Source
from ledger.questions import Question
from ledger.reviews import Review
from mappings.flows import Flow
from mappings.golden.agree import quarrels, without
from mappings.golden.merge import Dispute, Merged, merge
from mappings.golden.record import Golden, Ruling, Value
from mappings.golden.spread import gathered
from mappings.pairing import Pairing
from workers.desk import Desk
from workers.pairs.asking import field_question, subject_of
from workers.pairs.meeting import Meeting, Shown
from workers.pairs.things import thing_of
from workers.work import Work, known

#: An answer of a person: both sides keep what they show.
NEITHER = "neither"
_TAKEN: Mapping[str, Source | None] = {"salesforce": "salesforce", "kashflow": "kashflow", NEITHER: None}


def met(desk: Desk, work: Work, near: Shown, far: Shown, golden: Golden, about: str) -> Work:
    """The work with what is to stand on the far side. Raises MappingProblem for what cannot be such a thing."""
    flow = work.flow
    archived, when_archived = thing_of(flow).archived
    back = {archived: not when_archived}
    revived = golden.parted is not None and golden.parted.archived
    golden = replace(golden, parted=None)
    merged = _merged(flow, near, far, golden)
    spinning = quarrels(golden, merged, desk.clock(), desk.rules.patience)
    asked = {one.field for one in merged.disputes} | spinning
    decided = desk.ledger.decisions(subject_of(about, field) for field in asked) if asked else {}
    rulings, used = _rulings(decided, near, far, flow)
    if rulings:
        golden = golden.ruled(rulings)
        merged = _merged(flow, near, far, golden)
        spinning = quarrels(golden, merged, desk.clock(), desk.rules.patience)
    questions = _questions(work, about, merged, spinning)
    merged = without(merged, spinning | (back.keys() if revived else frozenset()))
    wanted = merged.wanted(flow.target) | (back if revived else {})
    meeting = Meeting(near, far, golden, merged, questions, (*work.decided, *used))
    return replace(work, meeting=meeting, model=gathered(far.model, wanted))


def newcomer(work: Work, near: Shown) -> Work:
    """The work of a record that the far side does not have: it is to be made as the near side shows it."""
    return replace(work, meeting=Meeting(near, None, Golden(), used=work.decided), model=near.model)


def pairing_of(flow: Flow) -> Pairing:
    """How the flow keeps its pairs: only flows that go both ways come here."""
    return known(flow.pairing, "the other way of the flow")


def _merged(flow: Flow, near: Shown, far: Shown, golden: Golden) -> Merged:
    sides = {flow.source: near.side, flow.target: far.side}
    return merge(golden, sides["salesforce"], sides["kashflow"], pairing_of(flow).owners, source=flow.source)


def _rulings(
    decided: Mapping[str, Review], near: Shown, far: Shown, flow: Flow
) -> tuple[dict[str, Ruling], tuple[int, ...]]:
    """What people decided, as far as both sides still show what they decided about."""
    rulings: dict[str, Ruling] = {}
    used = []
    for review in decided.values():
        field = str(review.detail["field"])
        shown: dict[Source, Value] = {
            flow.source: near.side.values.get(field),
            flow.target: far.side.values.get(field),
        }
        if review.detail["shown"] == shown and review.decision:
            rulings[field] = Ruling(_TAKEN[review.decision], shown)
            used.append(review.id)
    return rulings, tuple(used)


def _questions(work: Work, about: str, merged: Merged, spinning: frozenset[str]) -> tuple[Question, ...]:
    conflicts = [field_question(work, about, "conflict", one) for one in merged.disputes]
    quarrelled = []
    for field in sorted(spinning):
        verdict = merged.verdicts[field]
        why = "it has been written again and again, and each time somebody or something changed it back"
        shown = merged.shown[field]
        quarrelled.append(field_question(work, about, "breaker", Dispute(field, verdict.value, shown, why)))
    return (*conflicts, *quarrelled)
