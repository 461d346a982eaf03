"""A ledger for tests, with a clock that only moves when a test says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ledger.deliveries import Claim, NewDelivery, Settlement
from ledger.endings import Delivered, Ending, State
from ledger.ledger import Ledger
from ledger.overview import delivery_by_id

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class TestClock:
    """Stands still; `tick` moves it."""

    __test__ = False

    def __init__(self, start: datetime = START) -> None:
        self.now = start

    def __call__(self) -> datetime:
        return self.now

    def tick(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now


def opportunity(number: int, version: str = "1", **changed: object) -> NewDelivery:
    """A change of the Opportunity `number`, on its way to a KashFlow invoice."""
    values: dict[str, object] = {
        "flow": "opportunity_to_invoice",
        "queue": "kashflow.invoice",
        "source": "salesforce",
        "entity": "Opportunity",
        "record_id": f"006{number:012d}AAA",
        "version": version,
        "kind": "updated",
        "occurred_at": START,
        "lock_key": f"invoice:{number}",
    }
    return NewDelivery(**{**values, **changed})  # type: ignore[arg-type]  # the values above have the right types


def account(number: int, version: str = "1") -> NewDelivery:
    return opportunity(
        number,
        version,
        flow="account_to_customer",
        queue="kashflow.customer",
        entity="Account",
        record_id=f"001{number:012d}AAA",
        lock_key=f"customer:{number}",
    )


def take(ledger: Ledger, clock: TestClock, queue: str = "kashflow.invoice", limit: int = 200) -> Claim:
    return ledger.claim(queue, [], limit=limit, now=clock(), lease_seconds=30)


def end(ledger: Ledger, claim: Claim, ending: Ending, clock: TestClock) -> None:
    ledger.settle(claim, [Settlement(delivery, ending) for delivery in claim.deliveries], now=clock())


def deliver_all(ledger: Ledger, clock: TestClock, queue: str = "kashflow.invoice") -> None:
    end(ledger, take(ledger, clock, queue), Delivered("done"), clock)


def state_of(ledger: Ledger, delivery_id: int) -> State:
    with ledger.reading() as connection:
        delivery = delivery_by_id(connection, delivery_id)
    assert delivery is not None, f"there is no delivery {delivery_id}"
    return delivery.state
