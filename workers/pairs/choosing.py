"""Which record of the far side is meant: those that can be read, judged by their thing; a doubt is a person's to settle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from canonical.shape import Noun
from ledger.deliveries import Settlement
from ledger.endings import Dead, Reason, Unchanged
from ledger.links import Link
from ledger.questions import Asked
from ledger.reviews import Review
from mappings.golden.record import Value
from mappings.problems import MappingProblem
from workers.desk import Desk
from workers.pairs.asking import match_question, near_about, subject_of
from workers.pairs.likeness import Candidates
from workers.pairs.sides import reading
from workers.pairs.things import thing_of
from workers.work import Work, known


def decided_on(desk: Desk, work: Work) -> Review | None:
    """What a person said about which record is meant."""
    subject = subject_of(near_about(work), "match")
    return desk.ledger.decisions([subject]).get(subject)


def linked_meanwhile(work: Work, review: Review, link: Link) -> Settlement:
    """The end of a work whose decision came too late: nothing of it is written into what is another record's by now."""
    text = (
        f"review {review.id} says that it is {review.decision}, which has been linked with {link.salesforce_entity} "
        f"{link.salesforce_id} since; decide once more, or merge the two"
    )
    return work.ends(Dead(Reason("resolve", "linked_meanwhile", text)))


def models_of(desk: Desk, work: Work, rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Noun]:
    """The far side's records in our words; one that cannot be read is judged by its name and code."""
    mapping = desk.book.mapping(reading(desk, work.flow, work.flow.target).reads)
    context, found = desk.context(), dict[str, Noun]()
    for key, row in rows.items():
        try:
            found[key] = mapping.read(row, context)
        except MappingProblem:
            name = str(row.get("Name") or "").strip() or key
            told = {"name": name, "code": str(row.get("Code") or "")}
            found[key] = mapping.kind.noun.model_validate(told)
    return found


def in_doubt(work: Work, judged: Candidates, shown: Iterable[Mapping[str, Value]]) -> Settlement:
    """The end of a work of which a person has to say what it is over there."""
    if judged.same:
        why = "several have its name and more, or the one that has belongs to another record"
    else:
        why = "the name is alike, and nothing else agrees"
    ours = thing_of(work.flow).summary(known(work.model, "the model"))
    question = match_question(work, near_about(work), why, ours, list(shown))
    reason = Reason("resolve", "in_review", f"{question.question}; a person decides: kashforce review list")
    return work.ends(Unchanged(reason), asked=Asked((question,)))
