"""A delivery may learn only from its record whose turn it is: it waits on under another key, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from ledger.deliveries import Settlement
from ledger.endings import Delivered, LinkFound, NotNow, Reason
from ledger.intents import Intent
from ledger.ledger import Ledger
from tests.support.ledger import TestClock, opportunity, take

TURN = Reason("resolve", "takes_the_deals_lock", "it waits its turn")


def test_what_takes_another_lock_key_waits_under_it_and_is_said_at_once(
    ledger: Ledger, clock: TestClock
) -> None:
    ledger.register([opportunity(1), opportunity(2)], now=clock())
    claim = take(ledger, clock)
    first, second = claim.deliveries

    settled = ledger.settle(
        claim,
        [
            Settlement(first, NotNow(clock(), TURN), lock_key="invoice:deal"),
            Settlement(second, NotNow(clock(), TURN), lock_key="invoice:deal"),
        ],
        now=clock(),
    )

    assert settled.waiting == {"kashflow.invoice": [first.id, second.id]}
    (one,) = take(ledger, clock).deliveries
    assert (one.lock_key, one.attempts) == ("invoice:deal", 0)
    assert take(ledger, clock).deliveries == (), "the other one waits until the lock is free"


def test_who_waits_for_the_key_that_a_pair_gave_up_is_said_again(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(1, "1")], now=clock())
    claim = take(ledger, clock)
    (first,) = claim.deliveries
    ledger.register([opportunity(1, "2")], now=clock())
    assert take(ledger, clock).deliveries == (), "its message comes while the key is held"
    assert ledger.lock(first.id, claim.token, "customer:001")

    now_under = replace(first, lock_key="customer:001")
    settled = ledger.settle(claim, [Settlement(now_under, Delivered("done"))], now=clock())

    (second,) = take(ledger, clock).deliveries
    assert settled.waiting == {"kashflow.invoice": [second.id]}


def test_what_keeps_its_lock_key_is_not_said_again(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(1)], now=clock())
    claim = take(ledger, clock)
    (only,) = claim.deliveries

    settled = ledger.settle(claim, [Settlement(only, NotNow(clock(), TURN))], now=clock())

    assert settled.waiting == {}
    assert take(ledger, clock).deliveries[0].lock_key == only.lock_key


def test_an_intent_in_doubt_is_found_by_the_lock_of_its_delivery(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(1), opportunity(2)], now=clock())
    claim = take(ledger, clock)
    first, second = claim.deliveries
    for delivery in (first, second):
        intent = Intent(f"SF-{delivery.record_id}", delivery.queue, delivery.id, "key", clock())
        assert ledger.intend(intent, claim.token)
    later = NotNow(clock() + timedelta(seconds=90), TURN)
    closed = Settlement(second, later, lock_key="invoice:deal", closes=(f"SF-{second.record_id}",))
    ledger.settle(claim, [Settlement(first, later, lock_key="invoice:deal"), closed], now=clock())

    found = ledger.open_intents_under(["invoice:deal", first.lock_key])

    assert [intent.stamp for intent in found.pop("invoice:deal")] == [f"SF-{first.record_id}"]
    assert found == {}


def test_one_ending_may_leave_several_links_and_a_link_is_found_by_the_key_in_use(
    ledger: Ledger, clock: TestClock
) -> None:
    ledger.register([opportunity(1)], now=clock())
    claim = take(ledger, clock)
    (only,) = claim.deliveries
    invoice = LinkFound("invoice", "Order", only.record_id, "900", "1042")
    deal = LinkFound("deal", "Opportunity", "006000000000009AAA", "900", "1042")

    ledger.settle(claim, [Settlement(only, Delivered("done"), link=invoice, more_links=(deal,))], now=clock())

    assert ledger.links_by_salesforce_id("deal", "Opportunity", [deal.salesforce_id])
    by_key = ledger.links_by_kashflow_key("invoice", ["1042", "1043"])
    assert {key: link.salesforce_id for key, link in by_key.items()} == {"1042": only.record_id}
