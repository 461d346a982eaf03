"""What a settlement says about questions for a person: those it has to ask, those it used, those that are no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Question:
    """What a delivery has to ask; the shape of `detail` is explained in ledger.reviews."""

    #: match, merge, conflict, breaker or credit.
    kind: str
    #: What it is about, such as "customer 001…".
    about: str
    #: The question's identity: while it is open or decided, it is not asked twice.
    subject: str
    #: A sentence.
    question: str
    detail: Mapping[str, Any]
    #: The delivery that makes use of the answer: all of NewDelivery but version, kind and time.
    again: Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """All that one settlement says about questions."""

    questions: tuple[Question, ...] = ()
    #: Ids of decisions that were carried out.
    used: tuple[int, ...] = ()
    #: Open questions about these that are not among `questions` have answered themselves.
    looked_at: tuple[str, ...] = ()
