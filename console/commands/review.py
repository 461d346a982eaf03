"""`kashforce review list|show|decide`: prints questions side by side and writes decisions down. What is asked: ledger.reviews."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.table import Table

from console.bootstrap import House, utc_now
from console.commands.ledgering import complain, operator, print_json, with_house
from console.commands.screen import screen, table
from console.exits import Exit
from ledger.reviews import LIVE, CannotDecide, Decision, Review, ReviewState


def run_list(*, everything: bool, limit: int, as_json: bool) -> int:
    """Exit code 0 whatever there is to decide."""

    def work(house: House) -> int:
        found = house.ledger.reviews(tuple(ReviewState) if everything else LIVE, limit=limit)
        if as_json:
            print_json(found)
        elif found:
            screen().print(_listed(found))
        else:
            print("Nothing waits for a decision.")
        return Exit.OK

    return with_house("review", work)


def run_show(review_id: int, *, as_json: bool) -> int:
    """USAGE where there is no such question."""

    def work(house: House) -> int:
        review = house.ledger.review(review_id)
        if review is None:
            complain(f"there is no review {review_id}; 'kashforce review list' shows those there are")
            return Exit.USAGE
        if as_json:
            print_json(review)
        else:
            _show(review)
        return Exit.OK

    return with_house("review", work)


def run_decide(review_id: int, answer: str, *, reason: str, who: str, as_json: bool) -> int:
    """USAGE, and nothing written, for an answer that is not offered or a question that is closed."""
    if not reason.strip():
        complain("say why with --reason; it is kept for the record")
        return Exit.USAGE
    decision = Decision(answer, who or operator(), reason, utc_now())
    return _written(review_id, lambda house: house.ledger.decide(review_id, decision), as_json=as_json)


def run_undo(review_id: int, *, as_json: bool) -> int:
    """USAGE where there is no decision, or it was carried out."""
    return _written(
        review_id, lambda house: house.ledger.undo_decision(review_id, now=utc_now()), as_json=as_json
    )


def _written(review_id: int, write: Callable[[House], Review], *, as_json: bool) -> int:
    def work(house: House) -> int:
        try:
            review = write(house)
        except CannotDecide as error:
            complain(str(error))
            return Exit.USAGE
        if as_json:
            print_json(review)
        else:
            print(f"review {review_id} is {review.state}{_by(review)}")
        return Exit.OK

    return with_house("review", work)


def _listed(found: list[Review]) -> Table:
    rows = [
        (
            str(one.id),
            one.kind,
            one.state.value,
            f"{one.opened_at:%Y-%m-%d %H:%M}",
            one.question,
            ", ".join(one.detail["answers"]) if one.state is ReviewState.OPEN else one.decision or "",
        )
        for one in found
    ]
    return table("Reviews", ("id", "kind", "state", "since (UTC)", "question", "answers"), rows)


def _show(review: Review) -> None:
    print(f"review {review.id}, {review.kind}, {review.state}{_by(review)}")
    print(review.question)
    if review.detail["rows"]:
        screen().print(_side_by_side(review))
    print("Answers:")
    for answer, meaning in review.detail["answers"].items():
        print(f"  {answer}: {meaning}")


def _side_by_side(review: Review) -> Table:
    sides = list(review.detail["sides"])
    rows = [(str(row["field"]), *(_said(row.get(side)) for side in sides)) for row in review.detail["rows"]]
    return table("Side by side", ("field", *sides), rows)


def _by(review: Review) -> str:
    if review.decision is None:
        return ""
    used = f", carried out by delivery {review.used_by}" if review.used_by else ""
    return f": {review.decision}, by {review.who} ({review.reason}){used}"


def _said(value: Any) -> str:
    return "" if value is None else str(value)
