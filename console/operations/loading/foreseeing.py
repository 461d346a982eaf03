"""Reads off what the spine made of a record, short of sending it, what would become of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ledger.deliveries import Settlement
from ledger.endings import Dead, Delivered, Failed, LinkFound, NotNow, Reason, Superseded, Unchanged
from workers.desk import Desk
from workers.targets.recordset import Changes
from workers.work import Progress, Work


class Became(StrEnum):
    """What would become of a record; the order is that of a report."""

    #: The other side gets a new record.
    CREATED = "created"
    #: The other side has it already, and the two would be known as one from then on.
    LINKED = "linked"
    #: The other side's record is written, or by what that says the record itself.
    CHANGED = "changed"
    #: A person is asked, and nothing is written.
    REVIEW = "left to review"
    UNCHANGED = "unchanged"
    #: It would become a dead letter.
    REFUSED = "cannot be done"
    #: It could not be read just now, or depends on what comes before it.
    UNKNOWN = "not known yet"


#: Of a pair whose near side is behind.
_BACK = "what would be written here, in the record itself"


@dataclass(frozen=True)
class Foreseen:
    """One record, and what would become of it."""

    flow: str
    record_id: str
    became: Became
    #: A sentence for people.
    text: str
    #: The record of the other side that it would be linked with.
    to: str = ""
    #: What would be written of it, by the other side's field names.
    fields: tuple[str, ...] = ()
    #: Questions for people that it would raise.
    questions: int = 0
    #: Not one of those that were asked for: one of them needs it first.
    is_needed: bool = False


@dataclass(frozen=True)
class Summary:
    """How many records would become what, and of what they need first; and how many questions would be asked."""

    records: Mapping[str, int]
    needed: Mapping[str, int]
    questions: int


def summary(all_foreseen: Iterable[Foreseen]) -> Summary:
    """In the order of `Became`, without what does not occur."""
    counts: dict[bool, Counter[Became]] = {False: Counter(), True: Counter()}
    questions = 0
    for one in all_foreseen:
        counts[one.is_needed][one.became] += 1
        questions += one.questions
    ours, needed = (
        {str(became): counts[which][became] for became in Became if counts[which][became]}
        for which in (False, True)
    )
    return Summary(ours, needed, questions)


def foreseen(desk: Desk, entry: Progress) -> Foreseen:
    """What would become of it: a work that is still open would be sent."""
    return _ended(desk, entry) if isinstance(entry, Settlement) else _sent(entry)


def _sent(work: Work) -> Foreseen:
    if work.meeting is not None:
        return _pair(work, work.meeting.far.record if work.meeting.far else None)
    if isinstance(work.changes, Changes):
        changes = work.changes
        fields = tuple(sorted(changes.main.fields)) if changes.main else ()
        if not changes.main_id:
            return _of(work, Became.CREATED, "it would be made")
        return _of(work, Became.CHANGED, f"it would be written: {_named(fields)}", fields=fields)
    if work.flow.target == "salesforce":
        fields = tuple(sorted(work.payload or {}))
        return _of(work, Became.CHANGED, f"it would be written: {_named(fields)}", fields=fields)
    return _of(work, Became.CREATED, "it would be made")


def _pair(work: Work, far: Mapping[str, Any] | None) -> Foreseen:
    questions = len(work.meeting.questions) if work.meeting else 0
    if far is None:
        return _of(work, Became.CREATED, "it would be made", questions=questions)
    fields = tuple(sorted(work.payload or {}))
    to = str(far.get("Code") or far.get("Id"))
    became = Became.CHANGED if work.link is not None else Became.LINKED
    text = f"it is {to}, of which would be written: {_named(fields)}"
    return _of(work, became, text, to=to, fields=fields, questions=questions)


def _ended(desk: Desk, entry: Settlement) -> Foreseen:
    asked = len(entry.asked.questions) if entry.asked else 0
    match entry.ending:
        case (Unchanged() | Dead()) as ending if asked and entry.link is None:
            return _of(entry, Became.REVIEW, ending.reason.text, questions=asked)
        case Delivered() | Unchanged() if entry.link is not None and not _is_known(desk, entry.link):
            to = (
                entry.link.kashflow_key if entry.delivery.source == "salesforce" else entry.link.salesforce_id
            )
            says = f"which says {_BACK}" if entry.follow_ups else "which says the same"
            return _of(entry, Became.LINKED, f"it is {to}, {says}", to=to, questions=asked)
        case Unchanged(reason=Reason(code="same_values")) if entry.follow_ups:
            return _of(entry, Became.CHANGED, f"the other side says {_BACK}", questions=asked)
        case Delivered(note=note):
            return _of(entry, Became.UNCHANGED, note, questions=asked)
        case Unchanged(reason=reason) | Superseded(reason=reason):
            return _of(entry, Became.UNCHANGED, reason.text, questions=asked)
        case Dead(reason=reason):
            return _of(entry, Became.REFUSED, reason.text)
        case NotNow(reason=reason) | Failed(reason=reason):
            return _of(entry, Became.UNKNOWN, reason.text)


def _is_known(desk: Desk, link: LinkFound) -> bool:
    return bool(desk.ledger.links_by_kashflow_id(link.entity, [link.kashflow_id]))


def _of(
    entry: Progress,
    became: Became,
    text: str,
    *,
    to: str = "",
    fields: tuple[str, ...] = (),
    questions: int = 0,
) -> Foreseen:
    return Foreseen(entry.delivery.flow, entry.delivery.record_id, became, text, to, fields, questions)


def _named(fields: tuple[str, ...]) -> str:
    return ", ".join(fields) or "what belongs to it"
