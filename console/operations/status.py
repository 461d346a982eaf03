"""How an installation is doing, at one moment: one answer for the command line, the web page and the metrics.

Reads the ledger and Redis only; neither Salesforce nor KashFlow is asked anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from redis.exceptions import RedisError

from connectors.budget import Budget
from console.bootstrap import House, utc_now
from console.operations.queues import told
from console.settings import BadSettings
from ledger import overview
from ledger.deliveries import Delivery
from ledger.endings import State
from ledger.holds import list_holds
from ledger.producing import Incident, open_incidents
from mappings.problems import BookRefused
from workers.targets import NoSuchTarget

TROUBLES_SHOWN = 10


@dataclass(frozen=True)
class QueueStatus:
    """Deliveries of one queue by state, and for how long the oldest waiting one has been registered."""

    name: str
    waiting: int
    running: int
    dead: int
    delivered: int
    unchanged: int
    superseded: int
    dropped: int
    oldest_waiting_seconds: float | None
    #: Who holds it, since when and why, in words; blank while it goes on.
    held: str = ""


@dataclass(frozen=True)
class CursorStatus:
    """How far a producer has read. `position_*` is when the last thing read happened, where the source says."""

    name: str
    value: str
    moved_at: datetime
    moved_age_seconds: float
    position_at: datetime | None
    position_age_seconds: float | None


@dataclass(frozen=True)
class SingletonStatus:
    """Who acts as a producer of which there is one; `is_held` is false once the time has run out."""

    name: str
    holder: str
    until: datetime
    is_held: bool


@dataclass(frozen=True)
class IncidentStatus:
    """Something the source could not show as ordinary changes, and nobody has dealt with."""

    kind: str
    source: str
    subject: str
    occurred_at: datetime
    text: str


@dataclass(frozen=True)
class BudgetStatus:
    """What an API still lets us spend today; `allowed` is None where it counts no calls."""

    name: str
    used: int
    allowed: int | None
    #: When the API last told its own figures; until then `used` is our own counting.
    told_at: datetime | None
    concurrency: int
    concurrency_limit: int
    paused_until: datetime | None
    paused_why: str


@dataclass(frozen=True)
class TroubleStatus:
    """A delivery that is dead, or was put off for a reason."""

    delivery_id: int
    queue: str
    entity: str
    record_id: str
    state: str
    stage: str
    code: str
    text: str
    attempts: int
    due_at: datetime


@dataclass(frozen=True)
class Status:
    """Everything that the command line, the web page and the metrics show."""

    at: datetime
    queues: tuple[QueueStatus, ...]
    cursors: tuple[CursorStatus, ...]
    singletons: tuple[SingletonStatus, ...]
    incidents: tuple[IncidentStatus, ...]
    #: Empty while Redis is away: `notes` say so.
    budgets: tuple[BudgetStatus, ...]
    troubles: tuple[TroubleStatus, ...]
    #: What could not be told, a sentence each.
    notes: tuple[str, ...]


def status(house: House, clock: Callable[[], datetime] = utc_now) -> Status:
    """Needs the ledger, and does without Redis and without good mappings.

    Raises BadLedgerUrl, SchemaOutOfDate or SQLAlchemyError when the ledger cannot be read.
    """
    now = clock()
    notes: list[str] = []
    expected = _expected_queues(house, notes)
    with house.ledger.reading() as connection:
        counts = overview.count_deliveries(connection)
        cursors = overview.list_cursors(connection)
        leases = overview.list_leases(connection)
        incidents = open_incidents(connection)
        troubles = overview.recent_troubles(connection, TROUBLES_SHOWN)
        held = {hold.queue: told(hold, now) for hold in list_holds(connection)}
    return Status(
        at=now,
        queues=_queues(expected, counts, held, now),
        cursors=tuple(_cursor(cursor, now) for cursor in cursors),
        singletons=tuple(SingletonStatus(name, holder, until, until > now) for name, holder, until in leases),
        incidents=tuple(_incident(incident) for incident in incidents),
        budgets=_budgets(house, notes),
        troubles=tuple(_trouble(delivery) for delivery in troubles),
        notes=tuple(notes),
    )


def _expected_queues(house: House, notes: list[str]) -> tuple[str, ...]:
    try:
        return house.queues
    except (BookRefused, NoSuchTarget) as error:
        notes.append(f"the mappings cannot be used; run 'kashforce doctor': {error}")
        return ()


def _queues(
    expected: Iterable[str],
    counts: Iterable[overview.QueueCount],
    held: Mapping[str, str],
    now: datetime,
) -> tuple[QueueStatus, ...]:
    """The queues of the flows first, then those that only the ledger still knows."""
    found: dict[str, dict[State, overview.QueueCount]] = defaultdict(dict)
    for count in counts:
        found[count.queue][count.state] = count
    names = dict.fromkeys((*expected, *sorted({*found, *held})))
    return tuple(_queue(name, found.get(name, {}), held.get(name, ""), now) for name in names)


def _queue(name: str, by_state: dict[State, overview.QueueCount], held: str, now: datetime) -> QueueStatus:
    numbers = {state.value: by_state[state].count if state in by_state else 0 for state in State}
    waiting = by_state.get(State.WAITING)
    return QueueStatus(
        name=name,
        **numbers,
        oldest_waiting_seconds=_age(waiting.oldest, now) if waiting else None,
        held=held,
    )


def _cursor(cursor: overview.CursorAge, now: datetime) -> CursorStatus:
    position_age = None if cursor.position_at is None else _age(cursor.position_at, now)
    return CursorStatus(
        cursor.name,
        cursor.value,
        cursor.moved_at,
        _age(cursor.moved_at, now),
        cursor.position_at,
        position_age,
    )


def _incident(incident: Incident) -> IncidentStatus:
    """Without what came over the wire: that may be a customer's record."""
    text = incident.detail.get("reason") or incident.detail.get("why") or ""
    return IncidentStatus(incident.kind, incident.source, incident.subject, incident.occurred_at, str(text))


def _trouble(delivery: Delivery) -> TroubleStatus:
    return TroubleStatus(
        delivery_id=delivery.id,
        queue=delivery.queue,
        entity=delivery.entity,
        record_id=delivery.record_id,
        state=delivery.state.value,
        stage=delivery.reason_stage or "",
        code=delivery.reason_code or "",
        text=delivery.reason_text or "",
        attempts=delivery.attempts,
        due_at=delivery.due_at,
    )


def _budgets(house: House, notes: list[str]) -> tuple[BudgetStatus, ...]:
    """What Redis says. Without it each process has a budget of its own, and ours says nothing about the others'."""
    try:
        house.redis.ping()
        return (_budget("salesforce", house.salesforce_budget), _budget("kashflow", house.kashflow_budget))
    except BadSettings as error:
        notes.append(f"the budgets are not known: {error}")
    except (RedisError, ValueError) as error:  # ValueError: an address that redis-py cannot read
        notes.append(
            f"the budgets are not known, because Redis does not answer ({type(error).__name__}); workers go on with "
            "a small budget each, and what waits is sent again once Redis is back"
        )
    return ()


def _budget(name: str, budget: Budget) -> BudgetStatus:
    state = budget.state()
    return BudgetStatus(
        name=name,
        used=state.used,
        allowed=state.allowed,
        told_at=_moment(state.told_at),
        concurrency=state.concurrency,
        concurrency_limit=state.concurrency_limit,
        paused_until=_moment(state.paused_until),
        paused_why=state.paused_why,
    )


def _moment(epoch_seconds: float | None) -> datetime | None:
    return None if epoch_seconds is None else datetime.fromtimestamp(epoch_seconds, UTC)


def _age(since: datetime, now: datetime) -> float:
    """Never negative: the clock of another machine may be ahead of ours."""
    return max(0.0, (now - since).total_seconds())
