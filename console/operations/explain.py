"""Tells the story of one record in plain words, oldest first. Reads the ledger only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from connectors.salesforce.ids import to_18
from console.operations.plain import in_words
from ledger.deliveries import Delivery
from ledger.endings import State
from ledger.ledger import Ledger
from ledger.overview import Attempt
from ledger.story import KnownIntent, KnownLink, Story, find_story

_NAMES = {"salesforce": "Salesforce", "kashflow": "KashFlow"}
_KINDS = {
    "created": "was created",
    "updated": "was changed",
    "deleted": "was deleted",
    "undeleted": "was restored",
    "unknown": "was to be looked at",
}
#: How an attempt is told, before its note.
_ENDINGS = {
    "delivered": "done",
    "unchanged": "nothing to do",
    "superseded": "overtaken",
    "not_now": "put off",
    "failed": "failed, to be tried again",
    "dead": "given up",
    "lease_expired": "cut short",
    "replayed": "put back",
    "dropped": "dropped",
}


@dataclass(frozen=True)
class Line:
    """One thing that happened; `delivery_id` is None for what is about no single delivery."""

    at: datetime
    text: str
    delivery_id: int | None


@dataclass(frozen=True)
class Explained:
    """The story, oldest first; `now` says where things stand."""

    subject: str
    lines: tuple[Line, ...]
    now: tuple[str, ...]


class Unknown(LookupError):
    """The ledger has never heard of it; the text says what would be understood."""


def explain(ledger: Ledger, subject: str, now: datetime) -> Explained:
    """The story of an invoice (its number), a customer (its code) or a Salesforce record (its id, 15 or 18 letters).

    Raises Unknown.
    """
    with ledger.reading() as connection:
        story = find_story(connection, _names(subject.strip()))
    if not story.links and not story.deliveries:
        raise Unknown(
            f"the ledger knows nothing of {subject!r}; give an invoice's number, a customer's code, or the id of a "
            "Salesforce record. A record that no flow was ever told of has no story"
        )
    lines = sorted(_lines(story), key=lambda line: line.at)
    return Explained(subject, tuple(lines), tuple(_standing(story, now)))


def _names(subject: str) -> list[str]:
    try:
        return [to_18(subject)]
    except ValueError:
        return [subject]


def _lines(story: Story) -> Iterator[Line]:
    attempts: dict[int, list[Attempt]] = {}
    for attempt in story.attempts:
        attempts.setdefault(attempt.delivery_id, []).append(attempt)
    for delivery in story.deliveries:
        yield _registered(delivery)
        for attempt in attempts.get(delivery.id, []):
            yield Line(attempt.ended_at, _attempted(attempt), delivery.id)
        yield from _ended_without_attempt(delivery, attempts.get(delivery.id, []))
    for intent in story.intents:
        yield _sent(intent)
    for link in story.links:
        yield _linked(link)


def _registered(delivery: Delivery) -> Line:
    happened = f"{delivery.entity} {delivery.record_id} {_KINDS.get(delivery.kind, delivery.kind)}"
    late = (delivery.registered_at - delivery.occurred_at).total_seconds()
    heard = f"in {_NAMES.get(delivery.source, delivery.source)}, heard {in_words(late)} later"
    why = heard if not delivery.operation_id or delivery.kind != "unknown" else delivery.version
    return Line(
        delivery.registered_at,
        f"{happened} {why}: delivery {delivery.id} waits on {delivery.queue}",
        delivery.id,
    )


def _attempted(attempt: Attempt) -> str:
    said = _ENDINGS.get(attempt.ending, attempt.ending)
    took = (attempt.ended_at - attempt.started_at).total_seconds()
    # What a person did, and what was only found out later, took no time of its own.
    span = f" in {took:.1f} s" if attempt.ending in ("delivered", "unchanged", "failed", "dead") else ""
    where = f" at {attempt.stage}" if attempt.stage and attempt.ending in ("failed", "dead") else ""
    return f"delivery {attempt.delivery_id} {said}{where}{span}: {attempt.note}"


def _ended_without_attempt(delivery: Delivery, attempts: list[Attempt]) -> Iterator[Line]:
    if delivery.ended_at is None or any(attempt.ended_at == delivery.ended_at for attempt in attempts):
        return
    note = f": {delivery.reason_text}" if delivery.reason_text else ""
    cleared = " (what was tried has been cleared away since)" if delivery.compacted_at else ""
    yield Line(delivery.ended_at, f"delivery {delivery.id} {delivery.state}{note}{cleared}", delivery.id)


def _sent(intent: KnownIntent) -> Line:
    outcome = "nobody knows yet what became of it"
    if intent.closed_at is not None:
        outcome = (
            f"its outcome was certain after {in_words((intent.closed_at - intent.sent_at).total_seconds())}"
        )
    text = f"delivery {intent.delivery_id} was about to create a record stamped {intent.stamp}; {outcome}"
    return Line(intent.sent_at, text, intent.delivery_id)


def _linked(link: KnownLink) -> Line:
    text = (
        f"{link.salesforce_entity} {link.salesforce_id} and the KashFlow {link.entity} {link.kashflow_key} "
        f"(id {link.kashflow_id}) are known to be the same"
    )
    return Line(link.linked_at, text, None)


def _standing(story: Story, now: datetime) -> Iterator[str]:
    for delivery in story.deliveries:
        about = f"delivery {delivery.id} on {delivery.queue}"
        why = f": {delivery.reason_text}" if delivery.reason_text else ""
        match delivery.state:
            case State.WAITING if delivery.due_at > now:
                yield f"{about} waits until {delivery.due_at:%Y-%m-%d %H:%M:%S} UTC{why}"
            case State.WAITING:
                yield f"{about} waits for a worker{why}"
            case State.RUNNING:
                yield f"{about} is being worked on"
            case State.DEAD:
                yield f"{about} is a dead letter{why}"
            case _:
                pass
