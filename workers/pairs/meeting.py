"""Both sides of a pair as a worker read them, and what their merge decided. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from canonical.change import Source
from canonical.shape import Noun
from ledger.questions import Question
from mappings.context import Context
from mappings.golden.merge import Merged, Side, Span
from mappings.golden.record import Golden
from mappings.golden.spread import fields_shown, shown_values
from mappings.recordmapping import RecordMapping


@dataclass(frozen=True)
class Seen:
    """A record of one side, and what it takes to understand it."""

    record: Mapping[str, Any]
    mapping: RecordMapping
    context: Context
    golden: Golden
    now: datetime
    #: The optional fields that this organisation lacks.
    missing: frozenset[str] = frozenset()
    #: What the other side shows, where that is known.
    like: Noun | None = None


@dataclass(frozen=True)
class Shown:
    """One side: the record as its system has it, and the noun it stands for, with no part but the one that is meant."""

    record: Mapping[str, Any]
    model: Noun
    side: Side
    #: Id of the record that is its part in Salesforce, such as the primary Contact; blank without one, and in KashFlow.
    part: str = ""


@dataclass(frozen=True)
class Meeting:
    """The side where the change was seen is near, the one that may be written is far."""

    near: Shown
    #: None while the other side has no such record.
    far: Shown | None
    golden: Golden
    #: None before there are two sides to merge.
    merged: Merged | None = None
    questions: tuple[Question, ...] = ()
    #: Ids of people's decisions that take effect with this.
    used: tuple[int, ...] = ()


def shown_by(
    seen: Seen,
    system: Source,
    model: Noun,
    edited: Span | None,
    parts_edited: Mapping[str, Span | None] | None = None,
    part: str = "",
) -> Shown:
    """The side of `system` that shows `model`, in the fields that its mapping reads."""
    assert seen.mapping.reading is not None, "it was just read"  # noqa: S101
    fields = fields_shown(type(model), seen.mapping.reading.labels, seen.missing)
    values = shown_values(model, fields, had_contact=seen.golden.had_contact(system))
    return Shown(seen.record, model, Side(values, edited, parts_edited or {}), part)
