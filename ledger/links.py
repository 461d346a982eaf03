"""Links: the pair of ids of one thing on both sides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import starmap
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, select, update

from ledger.columns import columns_of
from ledger.database import insert_or_update
from ledger.endings import LinkFound
from ledger.many import among
from ledger.tables import LinkRow


@dataclass(frozen=True)
class Link:
    """One thing, known on both sides. `golden` is what both agreed on when it was last written."""

    entity: str
    salesforce_entity: str
    salesforce_id: str
    kashflow_id: str
    kashflow_key: str
    golden: dict[str, Any]


_LINK = columns_of(LinkRow, Link.__dataclass_fields__)


@cache
def _by_salesforce_id(dialect: str) -> Select[Any]:
    return select(*_LINK).where(
        LinkRow.entity == bindparam("noun"),
        LinkRow.salesforce_entity == bindparam("object"),
        among(dialect, LinkRow.salesforce_id, "ids"),
    )


@cache
def _by_kashflow_id(dialect: str) -> Select[Any]:
    return select(*_LINK).where(
        LinkRow.entity == bindparam("noun"), among(dialect, LinkRow.kashflow_id, "ids")
    )


@cache
def _by_kashflow_key(dialect: str) -> Select[Any]:
    return select(*_LINK).where(
        LinkRow.entity == bindparam("noun"), among(dialect, LinkRow.kashflow_key, "ids")
    )


def links_by_salesforce_id(
    connection: Connection, entity: str, salesforce_entity: str, ids: Iterable[str]
) -> dict[str, Link]:
    """The links of these Salesforce records, by their id; records without one are left out."""
    rows = connection.execute(
        _by_salesforce_id(connection.dialect.name),
        {"noun": entity, "object": salesforce_entity, "ids": list(set(ids))},
    )
    return {link.salesforce_id: link for link in starmap(Link, rows)}


def links_by_kashflow_id(connection: Connection, entity: str, ids: Iterable[str]) -> dict[str, Link]:
    """The links of these KashFlow records, by their id; records without one are left out."""
    rows = connection.execute(
        _by_kashflow_id(connection.dialect.name), {"noun": entity, "ids": list(set(ids))}
    )
    return {link.kashflow_id: link for link in starmap(Link, rows)}


def links_by_kashflow_key(connection: Connection, entity: str, keys: Iterable[str]) -> dict[str, Link]:
    """The links of the KashFlow records that are found under these codes or numbers now, by that key."""
    rows = connection.execute(
        _by_kashflow_key(connection.dialect.name), {"noun": entity, "ids": list(set(keys))}
    )
    return {link.kashflow_key: link for link in starmap(Link, rows)}


def links_of(connection: Connection, entity: str) -> list[Link]:
    """All links of one noun of ours, by KashFlow's id."""
    rows = connection.execute(select(*_LINK).where(LinkRow.entity == entity).order_by(LinkRow.kashflow_id))
    return list(starmap(Link, rows))


def forget_links(connection: Connection, links: Iterable[tuple[str, str, str]]) -> None:
    """Forget that these are linked with anything: our noun, and Salesforce's object and id."""
    for entity, salesforce_entity, salesforce_id in links:
        connection.execute(
            delete(LinkRow).where(
                LinkRow.entity == entity,
                LinkRow.salesforce_entity == salesforce_entity,
                LinkRow.salesforce_id == salesforce_id,
            )
        )


def remember_links(connection: Connection, links: Sequence[LinkFound], now: datetime) -> None:
    """Write what was found; a link of the same Salesforce record is brought up to date.

    Raises IntegrityError when the KashFlow record is already linked to another Salesforce record.
    """
    for link in links:
        _move(connection, link, now)
    _write(connection, [link for link in links if link.golden is None], now)
    _write(connection, [link for link in links if link.golden is not None], now, "golden")


def _move(connection: Connection, link: LinkFound, now: datetime) -> None:
    """A merge in Salesforce leaves another record standing for the same thing."""
    if link.instead_of and link.instead_of != link.salesforce_id:
        connection.execute(
            update(LinkRow)
            .where(
                LinkRow.entity == link.entity,
                LinkRow.salesforce_entity == link.salesforce_entity,
                LinkRow.salesforce_id == link.instead_of,
            )
            .values(salesforce_id=link.salesforce_id, changed_at=now)
        )


def _write(connection: Connection, links: Sequence[LinkFound], now: datetime, *also: str) -> None:
    if not links:
        return
    connection.execute(
        insert_or_update(
            connection.dialect.name,
            LinkRow,
            key=("entity", "salesforce_entity", "salesforce_id"),
            update=("kashflow_id", "kashflow_key", "changed_at", *also),
        ),
        [
            {
                "entity": link.entity,
                "salesforce_entity": link.salesforce_entity,
                "salesforce_id": link.salesforce_id,
                "kashflow_id": link.kashflow_id,
                "kashflow_key": link.kashflow_key,
                "golden": link.golden or {},
                "linked_at": now,
                "changed_at": now,
            }
            for link in links
        ],
    )
