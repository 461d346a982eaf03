"""Texts from outside may be longer or stranger than any column: they spoil no batch and stop no producer."""

from __future__ import annotations

from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError, DBAPIError

from ledger.deliveries import Settlement
from ledger.endings import Dead, Delivered, Ending, Failed, LinkFound, Reason, State
from ledger.ledger import Ledger
from ledger.overview import attempts_of, delivery_by_id
from ledger.producing import Cursor, Incident, open_incidents
from tests.support.ledger import START, TestClock, opportunity, state_of, take

LONG = "The code of a foreign system may as well be a sentence, " * 10


@pytest.mark.parametrize(
    "ending", [Dead(Reason("send", LONG, LONG)), Failed(START, Reason("send", LONG, LONG))]
)
def test_a_code_that_is_too_long_to_group_by_is_cut_and_its_sentence_kept(
    ledger: Ledger, clock: TestClock, ending: Ending
) -> None:
    ledger.register([opportunity(1), opportunity(2)], now=clock())
    claim = take(ledger, clock)
    bad, good = claim.deliveries

    ledger.settle(
        claim,
        [
            Settlement(bad, ending),
            Settlement(good, Delivered("done")),
        ],
        now=clock(),
    )

    with ledger.reading() as connection:
        stored = delivery_by_id(connection, bad.id)
        (attempt,) = attempts_of(connection, [bad.id])
    assert stored
    assert stored.reason_code == attempt.code == LONG[:80]
    assert stored.reason_text == attempt.note == LONG
    assert state_of(ledger, good.id) is State.DELIVERED


@pytest.mark.parametrize("odd", ["\x00", "\ud800", "K" * 500])
def test_a_link_that_cannot_be_stored_spoils_only_its_own_delivery(
    ledger: Ledger, clock: TestClock, odd: str
) -> None:
    ledger.register([opportunity(1), opportunity(2)], now=clock())
    claim = take(ledger, clock)
    bad, good = claim.deliveries
    link = LinkFound("customer", "Account", "001000000000001AAA", "77", f"CODE{odd}")

    ledger.settle(
        claim,
        [Settlement(bad, Delivered("done"), link=link), Settlement(good, Delivered("done"))],
        now=clock(),
    )

    assert state_of(ledger, good.id) is State.DELIVERED
    # SQLite keeps what PostgreSQL refuses; under neither is the delivery left running.
    assert state_of(ledger, bad.id) in {State.DELIVERED, State.DEAD}


@pytest.mark.parametrize("odd", ["a \x00 in it", "half a character \ud800"])
def test_a_sentence_that_no_database_takes_is_replaced_by_one_that_says_so(
    ledger: Ledger, clock: TestClock, odd: str
) -> None:
    ledger.register([opportunity(1)], now=clock())
    claim = take(ledger, clock)
    (delivery,) = claim.deliveries

    ledger.settle(claim, [Settlement(delivery, Dead(Reason("send", odd, odd)))], now=clock())

    assert state_of(ledger, delivery.id) is State.DEAD


def test_a_hint_is_kept_as_it_was_heard(ledger: Ledger, clock: TestClock) -> None:
    odd = {"modified_at": 'a \x00 in it, {half} a character \ud800, a \\ and a " and NULL'}

    ledger.register([opportunity(1, hint=odd), opportunity(2)], now=clock())

    assert [delivery.hint for delivery in take(ledger, clock).deliveries] == [odd, {}]


def test_a_version_that_is_too_long_is_not_cut_to_one_that_is_known(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(1, version="K" * 120)], now=clock())

    # SQLite keeps what PostgreSQL refuses; under neither is the change taken for the one before.
    with suppress(DataError):
        assert ledger.register([opportunity(1, version="K" * 121)], now=clock())


def test_an_incident_with_a_long_subject_is_noted_and_the_cursor_moves(
    ledger: Ledger, clock: TestClock
) -> None:
    incident = Incident("unreadable", "salesforce", LONG, LONG, START, {"raw": LONG})

    for _ in range(2):
        ledger.register([], incidents=[incident], cursors=[Cursor("stream", "18")], now=clock())

    with ledger.reading() as connection:
        (noted,) = open_incidents(connection)
    assert (noted.subject, noted.version, noted.detail) == (LONG[:160], LONG[:120], {"raw": LONG})
    assert ledger.cursors(["stream"])["stream"].value == "18"


def test_a_statement_that_fails_does_not_quote_its_values(ledger: Ledger) -> None:
    statement = text("SELECT id FROM nowhere WHERE customer = :customer")

    with pytest.raises(DBAPIError) as failed, ledger.reading() as connection:
        connection.execute(statement, {"customer": "Mina Okoro"})

    assert "Mina Okoro" not in str(failed.value)


def test_an_incident_about_half_a_character_is_noted(ledger: Ledger, clock: TestClock) -> None:
    incident = Incident("overflow", "salesforce", "Opportunity\ud800", "key\udfff:1", START)

    for _ in range(2):
        ledger.register([], incidents=[incident], now=clock())

    with ledger.reading() as connection:
        (noted,) = open_incidents(connection)
    assert (noted.subject, noted.version) == ("Opportunity?", "key?:1")
