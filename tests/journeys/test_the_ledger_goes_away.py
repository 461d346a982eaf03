"""The ledger's PostgreSQL is killed in the middle of a batch: nothing is made twice, and nobody dies of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy.exc import OperationalError

from ledger.deliveries import Claim, Settled, Settlement
from ledger.endings import ENDED, State
from ledger.intents import Intent
from ledger.ledger import Ledger
from ledger.links import Link
from sandbox.server import Sandbox
from tests.support.postgres import PostgresServer
from tests.support.road import Road, road
from workers.desk import Desk

INVOICES = "/v2/invoices"


@pytest.fixture(scope="module")
def mortal_server() -> Iterator[PostgresServer]:
    """A server that may be killed; the one that other tests share may not."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def on_postgres(served_sandbox: Sandbox, mortal_server: PostgresServer) -> Iterator[Road]:
    url = mortal_server.fresh_database()
    with road(served_sandbox, url) as opened:
        yield opened
    mortal_server.drop_database(url)


class _Cut(Ledger):
    """Its server is killed at the first call of one move, and runs again when that call has failed."""

    server: PostgresServer
    move = ""
    #: Whether the move is committed before the server is killed, so that only its answer is lost.
    committed = False

    @contextmanager
    def _struck(self, move: str) -> Iterator[None]:
        if move != self.move:
            yield
            return
        self.move = ""
        if self.committed:
            yield
        self.server.kill()
        try:
            if self.committed:
                raise OperationalError("COMMIT", {}, Exception("the server closed the connection"))
            yield
        finally:
            self.server.start()

    def open_intents(self, stamps: Iterable[str]) -> dict[str, Intent]:
        with self._struck("open_intents"):
            return super().open_intents(stamps)

    def links_by_kashflow_id(self, entity: str, ids: Iterable[str]) -> dict[str, Link]:
        with self._struck("links_by_kashflow_id"):
            return super().links_by_kashflow_id(entity, ids)

    def intend(self, intent: Intent, token: str) -> bool:
        with self._struck("intend"):
            return super().intend(intent, token)

    def settle(self, claim: Claim, settlements: Sequence[Settlement], *, now: datetime) -> Settled:
        with self._struck("settle"):
            return super().settle(claim, settlements, now=now)


@contextmanager
def _desk_with(road: Road, server: PostgresServer, move: str, *, committed: bool = False) -> Iterator[Desk]:
    """The desk of a worker that loses its ledger once, at `move`."""
    ledger = _Cut.open(road.ledger_url)
    assert isinstance(ledger, _Cut)
    ledger.server, ledger.move, ledger.committed = server, move, committed
    try:
        yield replace(road.desk, ledger=ledger)
        assert ledger.move == "", f"nobody came to {move}"
    finally:
        ledger.close()


def _won_deals(road: Road, names: Sequence[str] = ("Larkfield Ceramics Ltd",)) -> list[str]:
    deals = [road.deal(road.account(name)) for name in names]
    road.win(*deals)
    road.hear()
    road.work_on("kashflow.invoice")
    road.work_on("kashflow.customer")
    return deals


def _one_of_each(road: Road, deal: str) -> None:
    (invoice,) = road.invoices(deal)
    assert road.record(deal)["KashFlow_Invoice_Number__c"] == str(invoice["Number"])
    assert {delivery.state for delivery in road.deliveries(deal)} <= ENDED


@pytest.mark.parametrize(
    ("queue", "move"),
    [
        ("kashflow.invoice", "open_intents"),
        ("kashflow.invoice", "intend"),
        ("salesforce.opportunity", "links_by_kashflow_id"),
    ],
)
def test_an_outage_in_mid_batch_puts_the_records_off_and_costs_no_attempt(
    on_postgres: Road, mortal_server: PostgresServer, queue: str, move: str
) -> None:
    road = on_postgres
    (deal,) = _won_deals(road)
    if queue == "salesforce.opportunity":
        road.work_on("kashflow.invoice")

    with _desk_with(road, mortal_server, move) as desk:
        assert road.work_on(queue, desk).endings == {"notnow": 1}
    road.rest()

    _one_of_each(road, deal)
    assert road.calls("POST", INVOICES) == 1
    struck = deal if queue == "kashflow.invoice" else str(road.invoices(deal)[0]["Id"])
    assert road.last(struck, queue).attempts == 1
    assert any("the ledger could not be reached" in note for _, note in road.story(struck, queue))


def test_an_intent_whose_commit_nobody_confirmed_sends_nothing_and_is_looked_into(
    on_postgres: Road, mortal_server: PostgresServer
) -> None:
    road = on_postgres
    (deal,) = _won_deals(road)

    with _desk_with(road, mortal_server, "intend", committed=True) as desk:
        assert road.work_on("kashflow.invoice", desk).endings == {"notnow": 1}
    assert road.calls("POST", INVOICES) == 0
    road.rest()

    _one_of_each(road, deal)
    assert road.calls("POST", INVOICES) == 1


def test_one_intent_that_could_not_be_written_leaves_the_neighbours_their_answers(
    on_postgres: Road, mortal_server: PostgresServer
) -> None:
    road = on_postgres
    deals = _won_deals(road, ("Larkfield Ceramics Ltd", "Minster Books", "Kiln Lane Pottery"))

    with _desk_with(road, mortal_server, "intend") as desk:
        one_by_one = replace(desk, rules=replace(desk.rules, kashflow_side_by_side=1))
        assert road.work_on("kashflow.invoice", one_by_one).endings == {"notnow": 1, "delivered": 2}
    road.rest()

    for deal in deals:
        _one_of_each(road, deal)
    assert road.calls("POST", INVOICES) == 3


@pytest.mark.parametrize("committed", [False, True])
def test_an_outage_after_the_request_leaves_the_batch_to_its_lease(
    on_postgres: Road, mortal_server: PostgresServer, committed: bool
) -> None:
    road = on_postgres
    (deal,) = _won_deals(road)

    with (
        _desk_with(road, mortal_server, "settle", committed=committed) as desk,
        pytest.raises(OperationalError),
    ):
        road.work_on("kashflow.invoice", desk)
    assert road.last(deal).state is (State.DELIVERED if committed else State.RUNNING)
    road.rest()

    _one_of_each(road, deal)
    assert road.calls("POST", INVOICES) == 1
