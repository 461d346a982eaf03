"""Review items: questions that no rule can decide. Asked with a settlement, decided by a person, used by a delivery.

    open ──decide──> decided ──the delivery runs again──> used
     │  <──undo───────┘
     └──the question answered itself──> withdrawn; so does a decided one about a field

`detail` holds what the person sees: `title`, `answers` (what may be decided, each with what it means) and `rows`, each
with `field` and one value for every name in `sides`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, select, update

from ledger.deliveries import NewDelivery
from ledger.questions import Asked, Question
from ledger.register import register
from ledger.tables import DeliveryRow, ReviewRow


class ReviewState(StrEnum):
    """How a question stands."""

    OPEN = "open"
    #: A person has decided, and no delivery has used it yet: it may still be undone.
    DECIDED = "decided"
    USED = "used"
    #: What was asked no longer is the case.
    WITHDRAWN = "withdrawn"


LIVE = (ReviewState.OPEN, ReviewState.DECIDED)
#: Kinds of questions that ask which side is right; both are looked at anew each time.
_ABOUT_A_FIELD = ("conflict", "breaker")
#: The version of the delivery that a decision lets run.
_RUN_AGAIN = re.compile(r"review (\d+) decided ")


@dataclass(frozen=True)
class Review:
    """As the ledger keeps it; the columns are explained in ledger.tables.reviews."""

    id: int
    kind: str
    state: ReviewState
    about: str
    subject: str
    question: str
    detail: Mapping[str, Any]
    again: Mapping[str, Any]
    opened_at: datetime
    asked_at: datetime
    decision: str | None
    who: str | None
    reason: str | None
    decided_at: datetime | None
    used_at: datetime | None
    used_by: int | None


class CannotDecide(Exception):
    """The decision cannot be taken, or not be taken back; the text says why and what can be."""


@dataclass(frozen=True)
class Decision:
    """What a person decided, and why."""

    answer: str
    who: str
    reason: str
    at: datetime = field(compare=False)


def ask(
    connection: Connection, asked: Asked, delivery_id: int, now: datetime, *, read_at: datetime | None = None
) -> None:
    """Write down what a settlement said about questions. What was decided after `read_at` it cannot have known: that
    decision has a delivery of its own, which uses it or asks again."""
    if asked.used:
        connection.execute(
            update(ReviewRow)
            .where(ReviewRow.id.in_(asked.used), ReviewRow.state == ReviewState.DECIDED)
            .values(state=ReviewState.USED, used_at=now, used_by=delivery_id)
        )
    if asked.looked_at:
        is_idle = ReviewRow.id.in_(_own_decision(connection, delivery_id))
        connection.execute(
            update(ReviewRow)
            .where(
                ReviewRow.about.in_(asked.looked_at),
                (ReviewRow.state == ReviewState.OPEN) | is_idle,
                ReviewRow.subject.not_in([one.subject for one in asked.questions]),
            )
            .values(state=ReviewState.WITHDRAWN)
        )
    for question in asked.questions:
        _ask_one(connection, question, now, read_at or now)


def _own_decision(connection: Connection, delivery_id: int) -> list[int]:
    """The decision about a field that this delivery was to carry out, if it found no use for it: it must not wait for the same two
    values to meet again."""
    version = connection.scalar(select(DeliveryRow.version).where(DeliveryRow.id == delivery_id)) or ""
    named = _RUN_AGAIN.match(version)
    if named is None:
        return []
    unused = (ReviewRow.state == ReviewState.DECIDED) & ReviewRow.kind.in_(_ABOUT_A_FIELD)
    return list(connection.scalars(select(ReviewRow.id).where(ReviewRow.id == int(named[1]), unused)))


def _ask_one(connection: Connection, question: Question, now: datetime, read_at: datetime) -> None:
    """A question that is open already is asked with what is known now; a decided one about other values is open again."""
    told = {
        "question": question.question,
        "detail": dict(question.detail),
        "again": dict(question.again),
        "asked_at": now,
    }
    live = connection.execute(
        select(ReviewRow.id, ReviewRow.decided_at)
        .where(ReviewRow.subject == question.subject, ReviewRow.state.in_(LIVE))
        .with_for_update()
    ).one_or_none()
    if live is None:
        connection.execute(
            insert(ReviewRow).values(
                kind=question.kind,
                state=ReviewState.OPEN,
                about=question.about,
                subject=question.subject,
                opened_at=now,
                **told,
            )
        )
        return
    if live.decided_at is not None and live.decided_at > read_at:
        return
    blank = {"decision": None, "who": None, "reason": None, "decided_at": None}
    connection.execute(
        update(ReviewRow).where(ReviewRow.id == live.id).values(state=ReviewState.OPEN, **blank, **told)
    )


def decide(connection: Connection, review_id: int, decision: Decision) -> Review:
    """Write the decision down and let its delivery run again. Raises CannotDecide."""
    review = _still_live(connection, review_id)
    answers = review.detail["answers"]
    if decision.answer not in answers:
        raise CannotDecide(f"{decision.answer!r} is no answer to review {review_id}; expected {_or(answers)}")
    _not_given_to_two(connection, review, decision.answer)
    connection.execute(
        update(ReviewRow)
        .where(ReviewRow.id == review_id)
        .values(
            state=ReviewState.DECIDED,
            decision=decision.answer,
            who=decision.who,
            reason=decision.reason,
            decided_at=decision.at,
        )
    )
    return _run_again(connection, review, f"decided {decision.at.isoformat()}", decision.at)


def _not_given_to_two(connection: Connection, review: Review, answer: str) -> None:
    """One record over there is the counterpart of one record here. Raises CannotDecide."""
    if review.kind != "match" or answer not in review.detail["sides"][1:]:
        return
    rows = connection.execute(
        select(ReviewRow.__table__).where(
            ReviewRow.kind == review.kind,
            ReviewRow.state == ReviewState.DECIDED,
            ReviewRow.decision == answer,
            ReviewRow.id != review.id,
        )
    )
    for other in map(_review, rows):
        if other.again["queue"] == review.again["queue"]:
            raise CannotDecide(
                f"{answer} was given to {other.about} in review {other.id}, and cannot be {review.about} as well"
            )


def undo(connection: Connection, review_id: int, now: datetime) -> Review:
    """Take a decision back that no delivery has used yet; the question is open again. Raises CannotDecide."""
    review = _still_live(connection, review_id)
    if review.state is ReviewState.OPEN:
        raise CannotDecide(f"review {review_id} is open: there is no decision to take back")
    blank = {"decision": None, "who": None, "reason": None, "decided_at": None}
    connection.execute(
        update(ReviewRow).where(ReviewRow.id == review_id).values(state=ReviewState.OPEN, **blank)
    )
    return _run_again(connection, review, f"undone {now.isoformat()}", now)


def live(connection: Connection, subjects: Iterable[str]) -> dict[str, Review]:
    """The open questions, and the decisions that wait to be used, by subject."""
    rows = connection.execute(
        select(ReviewRow.__table__).where(
            ReviewRow.subject.in_(sorted(set(subjects))), ReviewRow.state.in_(LIVE)
        )
    )
    return {row.subject: _review(row) for row in rows}


def decisions(connection: Connection, subjects: Iterable[str]) -> dict[str, Review]:
    """The decisions that wait to be used, by subject."""
    found = live(connection, subjects)
    return {subject: one for subject, one in found.items() if one.state is ReviewState.DECIDED}


def find(connection: Connection, review_id: int) -> Review | None:
    """The review item, or None when there is none with this id."""
    row = connection.execute(select(ReviewRow.__table__).where(ReviewRow.id == review_id)).one_or_none()
    return _review(row) if row else None


def listed(connection: Connection, states: Collection[ReviewState], limit: int) -> list[Review]:
    """Those that were opened last come last: whoever begins at the top begins with what has waited longest."""
    rows = connection.execute(
        select(ReviewRow.__table__)
        .where(ReviewRow.state.in_(sorted(states)))
        .order_by(ReviewRow.id)
        .limit(limit)
    )
    return [_review(row) for row in rows]


def _still_live(connection: Connection, review_id: int) -> Review:
    review = find(connection, review_id)
    if review is None:
        raise CannotDecide(f"there is no review {review_id}; 'kashforce review list' shows those there are")
    if review.state is ReviewState.USED:
        raise CannotDecide(
            f"review {review_id} was decided by {review.who} and carried out by delivery {review.used_by}; "
            "mend the record itself"
        )
    if review.state is ReviewState.WITHDRAWN:
        raise CannotDecide(f"review {review_id} was withdrawn: what it asks no longer is the case")
    return review


def _run_again(connection: Connection, review: Review, version: str, now: datetime) -> Review:
    """The review as it stands now. The sweeper announces its delivery: whoever decides may have no Redis at hand."""
    again = NewDelivery(
        **review.again, version=f"review {review.id} {version}", kind="unknown", occurred_at=now
    )
    register(connection, [again], now, announced=False)
    found = find(connection, review.id)
    assert found is not None, "it was just changed"  # noqa: S101
    return found


def _or(words: Sequence[str] | Mapping[str, str]) -> str:
    return " or ".join(words)


def _review(row: Any) -> Review:
    values = {name: getattr(row, name) for name in Review.__dataclass_fields__}
    return Review(**{**values, "state": ReviewState(row.state)})
