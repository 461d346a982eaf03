"""The delivery as a value: what producers hand in and what workers get out. No SQL here but the list of columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from canonical.change import Change
from ledger.columns import columns_of
from ledger.endings import Ending, LinkFound, State, Worth
from ledger.questions import Asked
from ledger.tables import DeliveryRow

#: Ids of waiting deliveries by queue: what a message says.
Waiting = Mapping[str, list[int]]

#: The priority of an initial load, and of all that it causes: behind whatever is live, which flows.yaml ranks from 0.
LAST = 9


@dataclass(frozen=True)
class NewDelivery:
    """A change on its way to one target, before the ledger knows it.

    The same (queue, source, entity, record_id, version) is registered once, however often it is handed in.
    """

    flow: str
    queue: str
    source: str
    entity: str
    record_id: str
    version: str
    kind: str
    occurred_at: datetime
    lock_key: str
    priority: int = 0
    hint: Mapping[str, str] = field(default_factory=dict)
    #: The whole record as its system answered a moment ago, as JSON in ASCII: spares the read while it is fresh.
    snapshot: str | None = None
    #: The operation that registers it anew; None for a change that a source told.
    operation_id: int | None = None
    #: A delivery that has to end first; until that, or `due_at`, it is not taken.
    waits_for: int | None = None
    #: None: at once.
    due_at: datetime | None = None


class Route(Protocol):
    """Where a change goes: what a flow of the mappings is to the ledger."""

    @property
    def name(self) -> str: ...
    @property
    def queue(self) -> str: ...
    @property
    def priority(self) -> int: ...
    def lock_for(self, record_id: str) -> str: ...


def deliveries_of(
    changes: Iterable[Change], routes: Callable[[Change], Iterable[Route]]
) -> list[NewDelivery]:
    """One delivery for every route of every change; a change that has none causes none."""
    return [delivery_of(change, route) for change in changes for route in routes(change)]


def delivery_of(change: Change, route: Route, snapshot: str | None = None) -> NewDelivery:
    """The change on that route, with the record as its system has just told it, where it did."""
    return NewDelivery(
        flow=route.name,
        queue=route.queue,
        source=change.source,
        entity=change.entity,
        record_id=change.record_id,
        version=change.version,
        kind=change.kind,
        occurred_at=change.occurred_at,
        lock_key=route.lock_for(change.record_id),
        priority=route.priority,
        hint=change.hint,
        snapshot=snapshot,
    )


@dataclass(frozen=True)
class Delivery:
    """A registered delivery as a worker or an operator sees it. Times are UTC."""

    id: int
    flow: str
    queue: str
    source: str
    entity: str
    record_id: str
    version: str
    kind: str
    occurred_at: datetime
    registered_at: datetime
    lock_key: str
    priority: int
    state: State
    due_at: datetime
    attempts: int
    in_doubt: bool
    waits_for: int | None
    hint: Mapping[str, Any]
    snapshot: str | None
    reason_stage: str | None
    reason_code: str | None
    reason_text: str | None
    reason_class: str | None
    fingerprint: str | None
    worth_hundredths: int | None
    worth_currency: str | None
    ended_at: datetime | None
    operation_id: int | None
    compacted_at: datetime | None

    def ranks(self, usual: int) -> int:
        """The priority of what this delivery does and causes, where the flow of that says `usual`."""
        return max(usual, self.priority) if self.priority >= LAST else usual

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Delivery:
        """The delivery in a row of DELIVERY_COLUMNS."""
        # By their places and all at once: a claim makes hundreds of them, and by their names that takes eight times as long.
        delivery = object.__new__(cls)
        delivery.__dict__.update(zip(DELIVERY_FIELDS, row, strict=True), state=State(row[_STATE]))
        return delivery


DELIVERY_FIELDS = tuple(Delivery.__dataclass_fields__)
#: What to select for `Delivery.from_row`.
DELIVERY_COLUMNS = columns_of(DeliveryRow, DELIVERY_FIELDS)
_STATE = DELIVERY_FIELDS.index("state")


@dataclass(frozen=True)
class Claim:
    """What one claim took; every answer is settled under its token."""

    token: str
    claimed_at: datetime
    deliveries: tuple[Delivery, ...]
    #: There was no room for all that is due: the message that led here has to be passed on.
    left_some: bool = False


@dataclass(frozen=True)
class Settlement:
    """The ending of one delivery of a claim, and what became known or due with it."""

    delivery: Delivery
    ending: Ending
    link: LinkFound | None = None
    #: Further pairs that the same ending found.
    more_links: tuple[LinkFound, ...] = ()
    #: The lock key under which it has to wait from now on, where only the record tells; blank: the same as before.
    lock_key: str = ""
    follow_ups: tuple[NewDelivery, ...] = ()
    #: What has to be delivered first: registered unless one of the same record is under way; its end wakes this.
    needs: NewDelivery | None = None
    #: Stamps of intents whose outcome is certain now.
    closes: tuple[str, ...] = ()
    #: Digest of the source's record as this attempt read it; None when it read none.
    read_digest: str | None = None
    #: What the record is worth, where its flow names an amount and this attempt read it.
    worth: Worth | None = None
    #: Questions for a person that came up, were answered, or answered themselves.
    asked: Asked | None = None


@dataclass(frozen=True)
class Settled:
    """What a settle did: deliveries to announce, and those whose lease had been lost to another worker."""

    waiting: Waiting
    too_late: tuple[int, ...]
    #: Queues that this settle paused, with the reason: too many dead letters.
    paused: Mapping[str, str] = field(default_factory=dict)


def by_queue(pairs: Iterable[tuple[int, str]]) -> dict[str, list[int]]:
    """(id, queue) pairs as ids by queue, in order of id, each once."""
    queues: dict[str, list[int]] = {}
    for delivery_id, queue in sorted(set(pairs)):
        queues.setdefault(queue, []).append(delivery_id)
    return queues
