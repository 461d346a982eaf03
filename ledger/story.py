"""Everything the ledger knows of one record, for the story that `explain` tells. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, or_, select

from ledger.deliveries import DELIVERY_COLUMNS, Delivery
from ledger.overview import Attempt, attempts_of
from ledger.tables import DeliveryRow, IntentRow, LinkRow


@dataclass(frozen=True)
class KnownLink:
    """A link with its times."""

    entity: str
    salesforce_entity: str
    salesforce_id: str
    kashflow_id: str
    kashflow_key: str
    linked_at: datetime
    changed_at: datetime


@dataclass(frozen=True)
class KnownIntent:
    """A create that was sent, or about to be; `closed_at` is None while nobody knows what became of it."""

    stamp: str
    delivery_id: int
    key: str
    sent_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True)
class Story:
    """What the ledger has of some records, each list oldest first."""

    links: Sequence[KnownLink]
    deliveries: Sequence[Delivery]
    attempts: Sequence[Attempt]
    intents: Sequence[KnownIntent]


def find_story(connection: Connection, names: Iterable[str]) -> Story:
    """The story of what has one of `names` as a Salesforce id, as the key or the id that KashFlow gives it, or as the
    record of a delivery; with both sides of its links. Empty lists when nothing has."""
    wanted = sorted(set(names))
    links = _links(connection, wanted)
    deliveries = _deliveries(connection, wanted, links)
    ids = [delivery.id for delivery in deliveries]
    return Story(links, deliveries, attempts_of(connection, ids), _intents(connection, ids))


def _links(connection: Connection, names: Sequence[str]) -> list[KnownLink]:
    rows = connection.execute(
        select(LinkRow.__table__)
        .where(
            or_(
                LinkRow.salesforce_id.in_(names),
                LinkRow.kashflow_id.in_(names),
                LinkRow.kashflow_key.in_(names),
            )
        )
        .order_by(LinkRow.id)
    )
    return [KnownLink(**{n: getattr(row, n) for n in KnownLink.__dataclass_fields__}) for row in rows]


def _deliveries(connection: Connection, names: Sequence[str], links: Sequence[KnownLink]) -> list[Delivery]:
    """A KashFlow id is a small number that records of another kind may have too, so its object has to fit."""
    accounts = {link.salesforce_id for link in links if link.entity == "customer"}
    about: list[ColumnElement[bool]] = [
        DeliveryRow.record_id.in_([*names, *(link.salesforce_id for link in links)]),
        *(
            (DeliveryRow.record_id == link.kashflow_id) & (DeliveryRow.entity == link.entity.capitalize())
            for link in links
        ),
        # A customer is brought over for the sake of deals, under its Account's lock.
        DeliveryRow.lock_key.in_([f"customer:{name}" for name in {*names, *accounts}]),
    ]
    rows = connection.execute(select(*DELIVERY_COLUMNS).where(or_(*about)).order_by(DeliveryRow.id))
    return [Delivery.from_row(row) for row in rows]


def _intents(connection: Connection, delivery_ids: Sequence[int]) -> list[KnownIntent]:
    rows = connection.execute(
        select(IntentRow.__table__).where(IntentRow.delivery_id.in_(delivery_ids)).order_by(IntentRow.sent_at)
    )
    return [KnownIntent(**{n: getattr(row, n) for n in KnownIntent.__dataclass_fields__}) for row in rows]
