"""The ledger as the other rooms see it: each move is one transaction. What a move does stands in its own module."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from ledger import claim as claiming
from ledger import incidents as noted
from ledger import intents, links, newest, overview, producing, sweeping
from ledger import reviews as reviewing
from ledger.ceiling import USUAL_CEILING, Ceiling
from ledger.compaction import compact
from ledger.database import for_reading, met_another, open_engine, tidy_up_on_the_way
from ledger.deliveries import Claim, Delivery, NewDelivery, Settled, Settlement, Waiting, by_queue
from ledger.endings import Dead, Reason
from ledger.register import register
from ledger.settle import settle

#: A transaction that met another one begins again; more meetings in a row than this are a bug.
TRIES = 10

T = TypeVar("T")


class Ledger:
    """The memory of the system, over one engine. Safe to share between threads."""

    def __init__(self, engine: Engine, ceiling: Ceiling = USUAL_CEILING) -> None:
        self.engine = engine
        self._ceiling = ceiling

    @classmethod
    def open(cls, url: str, *, pool_size: int = 5) -> Ledger:
        """Raises BadLedgerUrl. Nothing is connected yet."""
        return cls(open_engine(url, pool_size=pool_size))

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that writes: committed at the end, undone by any exception."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Statements that only read; none keeps a writer waiting."""
        with self.engine.connect() as connection:
            yield for_reading(connection)

    @contextmanager
    def _working(self) -> Iterator[Connection]:
        """A transaction of those that follow each other all day."""
        with self.writing() as connection:
            tidy_up_on_the_way(connection)
            yield connection

    def _again(self, work: Callable[[Connection], T], *collisions: type[DBAPIError]) -> T:
        """The result of `work` in one transaction, begun again when it met another one: at a deadlock, or with one
        of `collisions`."""
        for left in reversed(range(TRIES)):
            try:
                with self._working() as connection:
                    return work(connection)
            except DBAPIError as error:
                if not left or not (isinstance(error, collisions) or met_another(error)):
                    raise
        raise AssertionError("unreachable: the last try returns or raises")

    # -- producers ---------------------------------------------------------------------------------

    def register(
        self,
        deliveries: Sequence[NewDelivery],
        *,
        now: datetime,
        cursors: Sequence[producing.Cursor] = (),
        incidents: Sequence[producing.Incident] = (),
        sightings: Sequence[producing.Sighting] = (),
        lease: producing.Lease | None = None,
    ) -> Waiting:
        """Register changes and move the cursors past them, together or not at all.

        Returns the ids of the deliveries that were new, by queue, for the caller to announce after this
        returned. Raises LeaseLost, and keeps nothing, when `lease` was given to another process.
        """
        with self.writing() as connection:
            if lease:
                producing.check_lease(connection, lease)
            new = register(connection, deliveries, now)
            producing.note_incidents(connection, incidents, now)
            producing.write_sightings(connection, sightings, now)
            producing.move_cursors(connection, cursors, now)
        return by_queue(new)

    def cursors(self, names: Iterable[str]) -> dict[str, producing.Cursor]:
        with self.reading() as connection:
            return producing.read_cursors(connection, names)

    def cursors_beginning_with(self, prefix: str) -> list[producing.Cursor]:
        """All cursors of one producer."""
        with self.reading() as connection:
            return producing.cursors_beginning_with(connection, prefix)

    def sightings(self, source: str, entity: str) -> dict[str, producing.Sighting]:
        with self.reading() as connection:
            return producing.read_sightings(connection, source, entity)

    def newest_deliveries(self, flow: str, record_ids: Iterable[str]) -> dict[str, newest.Newest]:
        """What was registered last for each of these records on its way along `flow`."""
        with self.reading() as connection:
            return newest.newest_deliveries(connection, flow, record_ids)

    def incidents(
        self, *, source: str = "", only_open: bool = False, limit: int = 1000
    ) -> list[noted.NotedIncident]:
        """Newest first."""
        with self.reading() as connection:
            return noted.list_incidents(connection, source, only_open, limit)

    def was_noted(self, kind: str, source: str, *, since: datetime) -> bool:
        """Has an incident of this kind been noted after `since`?"""
        with self.reading() as connection:
            return noted.was_noted(connection, kind, source, since)

    def close_incidents(
        self, closings: Sequence[noted.Closing], *, now: datetime, lease: producing.Lease | None = None
    ) -> None:
        """Close incidents with a note of what was done. Raises LeaseLost, and closes none, as `register` does."""
        with self.writing() as connection:
            if lease:
                producing.check_lease(connection, lease)
            noted.close_incidents(connection, closings, now)

    def take_lease(self, name: str, holder: str, *, now: datetime, seconds: float) -> producing.Lease | None:
        with self.writing() as connection:
            return producing.take_lease(connection, name, holder, now, seconds)

    def release_lease(self, lease: producing.Lease, *, now: datetime) -> None:
        with self.writing() as connection:
            producing.release_lease(connection, lease, now)

    # -- workers -----------------------------------------------------------------------------------

    def claim(
        self, queue: str, hinted: Sequence[int], *, limit: int, now: datetime, lease_seconds: float
    ) -> Claim:
        """Take up to `limit` deliveries of `queue`; see ledger.claim."""
        return self._again(
            lambda c: claiming.claim(c, queue, hinted, limit, now, lease_seconds), IntegrityError
        )

    def count_due(self, queue: str, *, most: int, now: datetime) -> int:
        """How many deliveries of `queue` could be taken; counts no further than `most`."""
        with self.reading() as connection:
            return overview.count_due(connection, queue, most, now)

    def renew(self, tokens: Sequence[str], *, now: datetime, lease_seconds: float) -> None:
        """The claims with these tokens are still worked on."""
        with self.writing() as connection:
            claiming.renew(connection, tokens, now, lease_seconds)

    def settle(self, claim: Claim, settlements: Sequence[Settlement], *, now: datetime) -> Settled:
        """Write the endings of a claim, all in one transaction; see ledger.settle.

        A link that contradicts one we have, or cannot be stored, spoils only its own delivery, which ends dead.
        """
        try:
            return self._again(lambda connection: settle(connection, claim, settlements, now, self._ceiling))
        except (IntegrityError, DataError, UnicodeEncodeError) as error:
            if len(settlements) == 1:
                spoilt = _contradiction if isinstance(error, IntegrityError) else _unstorable
                return self._again(lambda c: settle(c, claim, [spoilt(settlements[0])], now, self._ceiling))
        parts = [self.settle(claim, [entry], now=now) for entry in settlements]
        waiting = [(id_, queue) for part in parts for queue, ids in part.waiting.items() for id_ in ids]
        paused = {queue: why for part in parts for queue, why in part.paused.items()}
        return Settled(by_queue(waiting), tuple(id_ for part in parts for id_ in part.too_late), paused)

    def links_by_salesforce_id(
        self, entity: str, salesforce_entity: str, ids: Iterable[str]
    ) -> dict[str, links.Link]:
        with self.reading() as connection:
            return links.links_by_salesforce_id(connection, entity, salesforce_entity, ids)

    def links_by_kashflow_id(self, entity: str, ids: Iterable[str]) -> dict[str, links.Link]:
        with self.reading() as connection:
            return links.links_by_kashflow_id(connection, entity, ids)

    def links_by_kashflow_key(self, entity: str, keys: Iterable[str]) -> dict[str, links.Link]:
        with self.reading() as connection:
            return links.links_by_kashflow_key(connection, entity, keys)

    def links_of(self, entity: str) -> list[links.Link]:
        with self.reading() as connection:
            return links.links_of(connection, entity)

    def open_intents(self, stamps: Iterable[str]) -> dict[str, intents.Intent]:
        with self.reading() as connection:
            return intents.open_intents(connection, stamps)

    def open_intents_under(self, lock_keys: Iterable[str]) -> dict[str, list[intents.Intent]]:
        with self.reading() as connection:
            return intents.open_intents_under(connection, lock_keys)

    def delivery(self, delivery_id: int) -> Delivery | None:
        with self.reading() as connection:
            return overview.delivery_by_id(connection, delivery_id)

    def intend(self, intent: intents.Intent, token: str) -> bool:
        """Write an intent; committed when this returns. Only when it returns True may the request be sent."""
        with self.writing() as connection:
            return intents.write_intent(connection, intent, token)

    def lock(self, delivery_id: int, token: str, lock_key: str) -> bool:
        """Let a running delivery hold another lock key; False when that is held already, or the claim is lost."""
        try:
            with self.writing() as connection:
                return claiming.lock(connection, delivery_id, token, lock_key)
        except IntegrityError:
            return False

    def decisions(self, subjects: Iterable[str]) -> dict[str, reviewing.Review]:
        """What people decided about these questions and nobody carried out yet; see ledger.reviews."""
        with self.reading() as connection:
            return reviewing.decisions(connection, subjects)

    def live_review(self, subject: str) -> reviewing.Review | None:
        """The question with this identity, if it is open, or decided and not carried out yet."""
        with self.reading() as connection:
            return reviewing.live(connection, [subject]).get(subject)

    def newest_delivery(self, queue: str, source: str, entity: str, record_id: str) -> Delivery | None:
        with self.reading() as connection:
            return overview.find_delivery(connection, queue, source, entity, record_id)

    # -- people --------------------------------------------------------------------------------------

    def reviews(self, states: Collection[reviewing.ReviewState], *, limit: int) -> list[reviewing.Review]:
        """Questions in these states, oldest first."""
        with self.reading() as connection:
            return reviewing.listed(connection, states, limit)

    def review(self, review_id: int) -> reviewing.Review | None:
        """The question with this id, or None."""
        with self.reading() as connection:
            return reviewing.find(connection, review_id)

    def decide(self, review_id: int, decision: reviewing.Decision) -> reviewing.Review:
        """Write a decision down; the sweeper announces the delivery that uses it. Raises CannotDecide."""
        with self.writing() as connection:
            return reviewing.decide(connection, review_id, decision)

    def undo_decision(self, review_id: int, *, now: datetime) -> reviewing.Review:
        """Take a decision back. Raises CannotDecide."""
        with self.writing() as connection:
            return reviewing.undo(connection, review_id, now)

    # -- sweeper -----------------------------------------------------------------------------------

    def expire_leases(self, *, now: datetime) -> list[int]:
        with self._working() as connection:
            return sweeping.expire_leases(connection, now)

    def find_unannounced(
        self, queues: Sequence[str], *, limit: int, now: datetime, resend_seconds: float
    ) -> Waiting:
        with self.writing() as connection:
            return sweeping.find_unannounced(connection, queues, limit, now, resend_seconds)

    def compact(self, *, before: datetime, limit: int, now: datetime) -> int:
        """Clear away what was kept of deliveries that were done before `before`; see ledger.compaction."""
        with self.writing() as connection:
            return compact(connection, before, limit, now)


def _contradiction(entry: Settlement) -> Settlement:
    link = entry.link
    text = (
        f"the KashFlow {link.entity} {link.kashflow_key} is already linked to another Salesforce record than "
        f"{link.salesforce_entity} {link.salesforce_id}; a person has to decide which of the two is right"
        if link
        else "the ledger refused what this delivery brought, because it contradicts what it holds"
    )
    return Settlement(entry.delivery, Dead(Reason("settle", "link_contradiction", text)), closes=entry.closes)


def _unstorable(entry: Settlement) -> Settlement:
    text = "what the other system told of this record does not fit into the ledger; look at the record over there"
    return Settlement(entry.delivery, Dead(Reason("settle", "unstorable", text)), closes=entry.closes)
