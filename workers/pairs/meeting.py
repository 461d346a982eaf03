"""Both sides of a pair as a worker read them, and what their merge decided. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from canonical.customer import Customer
from ledger.questions import Question
from mappings.golden.merge import Merged, Side
from mappings.golden.record import Golden


@dataclass(frozen=True)
class Shown:
    """One side: the record as its system has it, and the customer it stands for, with no contact but the primary one."""

    record: Mapping[str, Any]
    model: Customer
    side: Side


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
