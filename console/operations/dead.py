"""Looks at dead letters: a list, their causes, one in full. Reads the ledger only; what is done about them: `replay`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ledger import dead_letters
from ledger.deliveries import Delivery
from ledger.endings import State
from ledger.ledger import Ledger
from ledger.overview import Attempt, attempts_of, delivery_by_id
from ledger.selection import Selection


@dataclass(frozen=True)
class DeadLetter:
    """One delivery that will not pass by itself."""

    id: int
    queue: str
    flow: str
    entity: str
    record_id: str
    stage: str
    code: str
    error_class: str
    fingerprint: str
    #: What to mend, as a sentence.
    text: str
    #: What the record is worth, such as `1200.00`, and in which currency (blank: the only one); None if unknown.
    at_risk: str | None
    currency: str
    attempts: int
    died_at: datetime | None


@dataclass(frozen=True)
class Found:
    """The newest ones that were asked for, and how many there are."""

    total: int
    letters: tuple[DeadLetter, ...]


@dataclass(frozen=True)
class Cause:
    """Dead letters that have one cause; the words are those of the newest."""

    fingerprint: str
    queue: str
    count: int
    stage: str
    code: str
    error_class: str
    text: str
    at_risk: str | None
    currency: str
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class FullStory:
    """A dead letter with all its attempts, oldest first; requests and answers hold no secrets, but records."""

    letter: DeadLetter
    attempts: tuple[Attempt, ...]


class NotDead(LookupError):
    """There is no dead letter with this id; the text says what there is."""


def dead_letters_of(ledger: Ledger, selection: Selection, *, limit: int = 50, before_id: int = 0) -> Found:
    """Newest first."""
    with ledger.reading() as connection:
        total, letters = dead_letters.newest(connection, selection, limit, before_id)
    return Found(total, tuple(_letter(one) for one in letters))


def causes(ledger: Ledger, selection: Selection, *, limit: int = 50) -> tuple[Cause, ...]:
    """Most numerous first."""
    with ledger.reading() as connection:
        groups = dead_letters.groups(connection, selection, limit)
        ids = Selection(ids=tuple(group.newest_id for group in groups))
        _, letters = dead_letters.newest(connection, ids, len(groups)) if groups else (0, [])
    examples = {one.id: one for one in letters}
    return tuple(
        Cause(
            fingerprint=group.fingerprint,
            queue=example.queue,
            count=group.count,
            stage=example.reason_stage or "",
            code=example.reason_code or "",
            error_class=example.reason_class or "",
            text=example.reason_text or "",
            at_risk=money(group.worth_hundredths),
            currency=group.currency,
            first_at=group.first_at,
            last_at=group.last_at,
        )
        for group in groups
        if (example := examples.get(group.newest_id)) is not None
    )


def dead_letter(ledger: Ledger, delivery_id: int) -> FullStory:
    """Raises NotDead."""
    with ledger.reading() as connection:
        delivery = delivery_by_id(connection, delivery_id)
        if delivery is None:
            raise NotDead(f"there is no delivery {delivery_id}")
        if delivery.state is not State.DEAD:
            raise NotDead(
                f"delivery {delivery_id} is {delivery.state}, not dead; "
                f"'kashforce explain {delivery.record_id}' tells its story"
            )
        return FullStory(_letter(delivery), tuple(attempts_of(connection, [delivery_id])))


def money(hundredths: int | None) -> str | None:
    """Two decimals, no grouping: for people and scripts."""
    return None if hundredths is None else f"{Decimal(hundredths) / 100:.2f}"


def _letter(delivery: Delivery) -> DeadLetter:
    return DeadLetter(
        id=delivery.id,
        queue=delivery.queue,
        flow=delivery.flow,
        entity=delivery.entity,
        record_id=delivery.record_id,
        stage=delivery.reason_stage or "",
        code=delivery.reason_code or "",
        error_class=delivery.reason_class or "",
        fingerprint=delivery.fingerprint or "",
        text=delivery.reason_text or "",
        at_risk=money(delivery.worth_hundredths),
        currency=delivery.worth_currency or "",
        attempts=delivery.attempts,
        died_at=delivery.ended_at,
    )
