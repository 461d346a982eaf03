"""What a batch looks up costs what the batch is worth, also while PostgreSQL still believes that next to nothing waits."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from ledger.endings import Delivered, LinkFound
from ledger.ledger import Ledger
from ledger.links import remember_links
from tests.support.ledger import START, TestClock, end, opportunity, take

#: Wait besides those that are looked up.
OTHERS = 20_000
#: Rows and entries of indexes that may be read for each of those.
ENOUGH = 40


@pytest.fixture
def ledger_url(postgres_url: str) -> str:
    """SQLite counts no rows that it reads."""
    return postgres_url


def test_a_claim_of_hinted_deliveries_does_not_read_the_backlog(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(number) for number in range(500)], now=clock())
    end(ledger, take(ledger, clock, limit=500), Delivered("done"), clock)
    _analyse(ledger, "deliveries")
    ledger.register([opportunity(number, version="2") for number in range(OTHERS)], now=clock())
    hinted = ledger.register([opportunity(OTHERS + number) for number in range(100)], now=clock())

    before = _read(ledger)
    claim = ledger.claim(
        "kashflow.invoice", hinted["kashflow.invoice"], limit=100, now=clock(), lease_seconds=30
    )
    end(ledger, claim, Delivered("done"), clock)

    assert len(claim.deliveries) == 100
    assert _read(ledger) - before < 100 * ENOUGH


def test_links_are_found_without_reading_those_of_others(ledger: Ledger) -> None:
    _analyse(ledger, "links")
    links = [
        LinkFound("invoice", "Opportunity", f"006{number:012d}AAA", str(number), f"INV-{number}")
        for number in range(OTHERS)
    ]
    with ledger.writing() as connection:
        remember_links(connection, links, START)

    before = _read(ledger)
    some = range(0, OTHERS, OTHERS // 100)
    assert len(ledger.links_by_kashflow_id("invoice", [str(number) for number in some])) == 100
    assert len(ledger.links_by_kashflow_key("invoice", [f"INV-{number}" for number in some])) == 100
    ids = [links[number].salesforce_id for number in some]
    assert len(ledger.links_by_salesforce_id("invoice", "Opportunity", ids)) == 100
    assert _read(ledger) - before < 300 * ENOUGH


def _analyse(ledger: Ledger, table: str) -> None:
    """Statistics of a quiet time; until the next ones the planner goes by them."""
    with ledger.writing() as connection:
        connection.execute(text(f"ANALYZE {table}"))


def _read(ledger: Ledger) -> int:
    """Rows and entries of indexes that this ledger's one connection has read up to now."""
    with ledger.writing() as connection:
        connection.execute(text("SELECT pg_stat_force_next_flush()"))
    with ledger.writing() as connection:
        read = connection.scalar(
            text(
                "SELECT (SELECT sum(seq_tup_read) FROM pg_stat_user_tables)"
                " + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes)"
            )
        )
    return int(read)
