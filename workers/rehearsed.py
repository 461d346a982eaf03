"""What a work would change, field by field, whatever its target is: the one place that reads all of their findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from canonical.change import Source
from mappings.golden.merge import Verdict
from workers.targets.recordset import Changes, Write
from workers.work import Work

#: Instead of a value, of a whole record below another one.
THERE, MISSING = "there", "missing"


@dataclass(frozen=True)
class FieldChange:
    """One field that would be written."""

    field: str
    #: What `side` shows, and what it would show: what the other side says.
    before: object
    after: object
    #: Where it would be written.
    side: Source
    #: The record below the work's own, such as `Payment__c 880-41`; blank for the record itself.
    below: str = ""


def makes_new(work: Work) -> bool:
    """Would the record itself be made on the other side?"""
    if work.meeting is not None:
        return work.meeting.far is None
    if isinstance(work.changes, Changes):
        return work.changes.main is not None and not work.changes.main.id
    return work.flow.target == "kashflow"


def changed_fields(work: Work) -> tuple[FieldChange, ...]:
    """The fields that differ, of a work that has been compared; none for a record that would be made."""
    if work.meeting is not None:
        merged = work.meeting.merged
        verdicts = merged.verdicts.values() if merged else ()
        return tuple(_of_pair(one, merged.shown[one.field]) for one in verdicts if merged and one.behind)
    side = work.flow.target
    if isinstance(work.changes, Changes):
        return tuple(_of_set(work.changes, side))
    if isinstance(work.changes, Mapping):
        pairs = work.changes.items()
        return tuple(FieldChange(str(name), before, after, side) for name, (before, after) in pairs)
    return ()


def _of_pair(verdict: Verdict, shown: Mapping[Source, object]) -> FieldChange:
    (side, *_) = sorted(verdict.behind)
    return FieldChange(verdict.field, shown.get(side), verdict.value, side)


def _of_set(changes: Changes, side: Source) -> Iterator[FieldChange]:
    if changes.main is not None and changes.main.id:
        yield from _of_write(changes.main, side, "")
    for write in changes.below:
        below = f"{write.one.object} {write.one.key}"
        if write.id:
            yield from _of_write(write, side, below)
        else:
            yield FieldChange("", MISSING, THERE, side, below)
    for name, record_id in changes.surplus:
        yield FieldChange("", THERE, MISSING, side, f"{name} {record_id}")


def _of_write(write: Write, side: Source, below: str) -> Iterator[FieldChange]:
    for name, after in write.fields.items():
        yield FieldChange(name, write.before.get(name), after, side, below)
    if not write.fields:
        yield FieldChange(write.one.parent_field, None, THERE, side, below)
