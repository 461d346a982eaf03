"""What the ledger promises about deliveries, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from ledger.deliveries import LAST, Settlement
from ledger.endings import Dead, Delivered, Failed, LinkFound, NotNow, Reason, State, Unchanged
from ledger.ledger import Ledger
from ledger.overview import any_unfinished, attempts_of, count_unfinished, deliveries_of, delivery_by_id
from ledger.producing import Cursor, Incident, LeaseLost, Sighting, open_incidents
from tests.support.ledger import START, TestClock, account, deliver_all, end, opportunity, state_of, take
from workers.ways import Pace

WHY = Reason("send", "VALIDATION", "the postcode is missing")


def test_a_change_is_registered_once_however_often_it_is_seen(ledger: Ledger, clock: TestClock) -> None:
    first = ledger.register([opportunity(1), opportunity(1), opportunity(2)], now=clock())
    again = ledger.register([opportunity(1), opportunity(2)], now=clock())

    assert len(first["kashflow.invoice"]) == 2
    assert again == {}


def test_back_to_the_old_value_is_a_third_change(ledger: Ledger, clock: TestClock) -> None:
    for version in ("1", "2", "3"):
        assert ledger.register([opportunity(1, version)], now=clock()), version


def test_deliveries_and_cursor_are_kept_together_or_not_at_all(ledger: Ledger, clock: TestClock) -> None:
    naive = opportunity(2, occurred_at=START.replace(tzinfo=None))
    with pytest.raises(Exception, match="no time zone"):
        ledger.register([opportunity(1), naive], cursors=[Cursor("stream", "17")], now=clock())

    assert ledger.cursors(["stream"]) == {}
    assert take(ledger, clock).deliveries == ()


def test_a_claim_says_whether_it_had_no_room_for_all_that_is_due(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(n) for n in range(5)], now=clock())

    assert take(ledger, clock, limit=3).left_some
    assert not take(ledger, clock, limit=3).left_some
    assert not take(ledger, clock, limit=3).left_some


def test_a_claim_that_leaves_a_load_behind_says_so(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(1), opportunity(2, priority=LAST)], now=clock())

    live = take(ledger, clock, limit=3)

    assert (len(live.deliveries), live.left_some) == (1, True)
    assert not take(ledger, clock, limit=3).left_some


def test_a_claim_takes_what_the_message_names_first_and_fills_up_with_what_waited_longest(
    ledger: Ledger, clock: TestClock
) -> None:
    ids = ledger.register([opportunity(n) for n in range(5)], now=clock())["kashflow.invoice"]

    claim = ledger.claim("kashflow.invoice", [ids[4]], limit=3, now=clock(), lease_seconds=30)

    assert [delivery.id for delivery in claim.deliveries] == [ids[4], ids[0], ids[1]]


def test_only_what_waits_and_is_due_counts_as_backlog_and_no_further_than_asked(
    ledger: Ledger, clock: TestClock
) -> None:
    ledger.register([*(opportunity(n) for n in range(5)), account(1)], now=clock())
    end(ledger, take(ledger, clock, limit=1), NotNow(clock() + timedelta(seconds=60), WHY), clock)
    take(ledger, clock, limit=1)

    assert ledger.count_due("kashflow.invoice", most=100, now=clock()) == 3
    assert ledger.count_due("kashflow.invoice", most=2, now=clock()) == 2
    assert ledger.count_due("salesforce.invoice", most=2, now=clock()) == 0


def test_a_batch_as_large_as_a_bulk_job_is_claimed_and_settled_at_once(
    ledger: Ledger, clock: TestClock
) -> None:
    many = Pace().most_rows
    ledger.register([opportunity(n) for n in range(many)], now=clock())

    claim = take(ledger, clock, limit=many)
    assert len(claim.deliveries) == many
    end(ledger, claim, Delivered("done"), clock)

    with ledger.reading() as connection:
        assert count_unfinished(connection) == 0
        assert not any_unfinished(connection)


def test_what_is_not_due_yet_is_left_alone(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(1)], now=clock())
    end(ledger, take(ledger, clock), Failed(clock() + timedelta(seconds=60), WHY), clock)

    clock.tick(59)
    assert take(ledger, clock).deliveries == ()
    clock.tick(1)
    (delivery,) = take(ledger, clock).deliveries
    assert delivery.attempts == 1


def test_not_now_does_not_count_as_an_attempt(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(1)], now=clock())
    end(ledger, take(ledger, clock), NotNow(clock(), WHY), clock)

    (delivery,) = take(ledger, clock).deliveries
    assert (delivery.attempts, delivery.reason_code) == (0, "VALIDATION")


def test_of_several_changes_of_one_record_the_newest_runs_and_the_older_end_superseded(
    ledger: Ledger, clock: TestClock
) -> None:
    for version in ("1", "2", "3"):
        ledger.register([opportunity(1, version, snapshot="{}")], now=clock())

    claim = take(ledger, clock)

    assert [delivery.version for delivery in claim.deliveries] == ["3"]
    with ledger.reading() as connection:
        found = deliveries_of(connection, [claim.deliveries[0].record_id])
    assert [one.state for one in found] == [State.SUPERSEDED, State.SUPERSEDED, State.RUNNING]
    assert [one.snapshot for one in found] == [None, None, "{}"]


def test_a_newer_change_waits_while_an_older_one_of_its_record_runs(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(1, "1")], now=clock())
    running = take(ledger, clock)
    ledger.register([opportunity(1, "2")], now=clock())

    assert take(ledger, clock).deliveries == ()

    settled = ledger.settle(running, [Settlement(running.deliveries[0], Delivered("done"))], now=clock())
    (next_one,) = take(ledger, clock).deliveries
    assert next_one.version == "2"
    assert settled.waiting == {"kashflow.invoice": [next_one.id]}


def test_a_change_that_was_registered_while_its_record_was_being_settled_is_said_again(
    ledger: Ledger, clock: TestClock
) -> None:
    ledger.register([opportunity(1, "1")], now=clock())
    running = take(ledger, clock)
    began_to_settle = clock()
    clock.tick(1)
    ledger.register([opportunity(1, "2")], now=clock())
    assert take(ledger, clock).deliveries == (), "its message comes while the record's key is held"

    settled = ledger.settle(
        running, [Settlement(running.deliveries[0], Delivered("done"))], now=began_to_settle
    )

    (next_one,) = take(ledger, clock).deliveries
    assert settled.waiting == {"kashflow.invoice": [next_one.id]}


def test_what_waits_until_later_behind_a_lock_is_not_said_before_its_time(
    ledger: Ledger, clock: TestClock
) -> None:
    ledger.register([opportunity(1, lock_key="invoice:7")], now=clock())
    later = take(ledger, clock)
    end(ledger, later, NotNow(clock() + timedelta(minutes=5), WHY), clock)
    ledger.register([opportunity(2, lock_key="invoice:7")], now=clock())
    running = take(ledger, clock)

    settled = ledger.settle(running, [Settlement(running.deliveries[0], Delivered("done"))], now=clock())

    assert settled.waiting == {}


def test_two_records_behind_one_lock_run_one_after_the_other(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(n, lock_key="invoice:1042") for n in (1, 2)], now=clock())

    first = take(ledger, clock)
    assert len(first.deliveries) == 1
    assert take(ledger, clock).deliveries == ()
    end(ledger, first, Delivered("done"), clock)
    assert len(take(ledger, clock).deliveries) == 1


def test_a_lock_holds_across_queues(ledger: Ledger, clock: TestClock) -> None:
    ledger.register(
        [
            opportunity(1, lock_key="invoice:7"),
            opportunity(2, queue="kashflow.payment", lock_key="invoice:7"),
        ],
        now=clock(),
    )

    assert len(take(ledger, clock).deliveries) == 1
    assert take(ledger, clock, "kashflow.payment").deliveries == ()


def test_many_claimers_never_share_a_delivery_nor_a_lock(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(n, lock_key=f"invoice:{n % 30}") for n in range(120)], now=clock())
    taken: list[tuple[int, str]] = []
    overlaps: list[str] = []
    running: set[str] = set()
    guard, broken = threading.Lock(), threading.Event()

    def work_until_one_breaks() -> None:
        try:
            work()
        except BaseException:
            broken.set()
            raise

    def work() -> None:
        while not broken.is_set():
            claim = take(ledger, clock, limit=7)
            if not claim.deliveries:
                with ledger.reading() as connection:
                    if count_unfinished(connection) == 0:
                        return
                continue
            keys = [delivery.lock_key for delivery in claim.deliveries]
            with guard:
                overlaps.extend(key for key in keys if key in running)
                running.update(keys)
                taken.extend((delivery.id, delivery.lock_key) for delivery in claim.deliveries)
            with guard:
                running.difference_update(keys)
            end(ledger, claim, Delivered("done"), clock)

    with ThreadPoolExecutor(6) as pool:
        for future in [pool.submit(work_until_one_breaks) for _ in range(6)]:
            future.result()

    assert overlaps == []
    assert len(taken) == len({delivery_id for delivery_id, _ in taken}) == 120


def test_a_lost_worker_gives_its_delivery_back_in_doubt(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(1)], now=clock())
    lost = take(ledger, clock)
    clock.tick(31)

    assert ledger.expire_leases(now=clock()) == [lost.deliveries[0].id]

    (again,) = take(ledger, clock).deliveries
    assert again.in_doubt
    with ledger.reading() as connection:
        assert [a.ending for a in attempts_of(connection, [again.id])] == ["lease_expired"]


def test_a_renewed_lease_does_not_expire(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(1)], now=clock())
    claim = take(ledger, clock)
    clock.tick(20)
    ledger.renew([claim.token], now=clock(), lease_seconds=30)
    clock.tick(20)

    assert ledger.expire_leases(now=clock()) == []


def test_an_answer_that_comes_after_the_lease_changes_no_state_but_keeps_what_was_learned(
    ledger: Ledger, clock: TestClock
) -> None:
    ledger.register([opportunity(1)], now=clock())
    slow = take(ledger, clock)
    clock.tick(31)
    ledger.expire_leases(now=clock())
    fresh = take(ledger, clock)
    delivery = slow.deliveries[0]
    link = LinkFound("invoice", "Opportunity", delivery.record_id, "901", "1042")

    settled = ledger.settle(slow, [Settlement(delivery, Delivered("late"), link=link)], now=clock())

    assert settled.too_late == (delivery.id,)
    assert state_of(ledger, fresh.deliveries[0].id) is State.RUNNING
    found = ledger.links_by_salesforce_id("invoice", "Opportunity", [delivery.record_id])
    assert found[delivery.record_id].kashflow_key == "1042"


def test_what_was_written_after_the_lease_is_looked_at_once_more_because_a_newer_write_may_be_undone(
    ledger: Ledger, clock: TestClock
) -> None:
    ledger.register([opportunity(1), opportunity(2)], now=clock())
    slow = take(ledger, clock)
    clock.tick(31)
    ledger.expire_leases(now=clock())
    deliver_all(ledger, clock)
    wrote, wrote_nothing = slow.deliveries

    settled = ledger.settle(
        slow, [Settlement(wrote, Delivered("late")), Settlement(wrote_nothing, Dead(WHY))], now=clock()
    )

    (again,) = take(ledger, clock).deliveries
    assert settled.waiting == {wrote.queue: [again.id]}
    assert (again.record_id, again.lock_key, again.flow) == (wrote.record_id, wrote.lock_key, wrote.flow)


def test_one_bad_record_ends_dead_and_its_neighbours_are_delivered(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(n) for n in range(200)], now=clock())
    claim = take(ledger, clock)
    endings = [Dead(WHY) if n in (3, 77, 150) else Delivered("done") for n in range(200)]

    ledger.settle(
        claim, [Settlement(d, e) for d, e in zip(claim.deliveries, endings, strict=True)], now=clock()
    )

    states = [state_of(ledger, delivery.id) for delivery in claim.deliveries]
    assert states.count(State.DELIVERED) == 197
    assert [n for n, state in enumerate(states) if state is State.DEAD] == [3, 77, 150]


def test_a_contradicting_link_spoils_only_its_own_delivery(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(n) for n in (1, 2, 3)], now=clock())
    claim = take(ledger, clock)
    same = [LinkFound("invoice", "Opportunity", d.record_id, "900", "1042") for d in claim.deliveries[:2]]
    other = LinkFound("invoice", "Opportunity", claim.deliveries[2].record_id, "901", "1043")

    ledger.settle(
        claim,
        [
            Settlement(delivery, Delivered("done"), link=link)
            for delivery, link in zip(claim.deliveries, [*same, other], strict=True)
        ],
        now=clock(),
    )

    states = [state_of(ledger, delivery.id) for delivery in claim.deliveries]
    assert states == [State.DELIVERED, State.DEAD, State.DELIVERED]


def test_a_later_success_ends_the_older_dead_letter_of_its_record(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(1, "1"), opportunity(2, "1")], now=clock())
    claim = take(ledger, clock)
    end(ledger, claim, Dead(WHY), clock)
    ledger.register([opportunity(1, "2")], now=clock())

    deliver_all(ledger, clock)

    states = {d.record_id: state_of(ledger, d.id) for d in claim.deliveries}
    assert list(states.values()) == [State.SUPERSEDED, State.DEAD]


def test_a_delivery_waits_for_the_one_it_needs_and_is_woken_by_its_end(
    ledger: Ledger, clock: TestClock
) -> None:
    ledger.register([opportunity(1), opportunity(2)], now=clock())
    claim = take(ledger, clock)
    later = NotNow(
        clock() + timedelta(hours=1), Reason("resolve", "needs_customer", "the customer comes first")
    )
    settled = ledger.settle(
        claim, [Settlement(d, later, needs=account(9, f"for {d.id}")) for d in claim.deliveries], now=clock()
    )
    assert len(settled.waiting["kashflow.customer"]) == 1, "one customer serves both"

    customer = take(ledger, clock, "kashflow.customer")
    woken = ledger.settle(customer, [Settlement(customer.deliveries[0], Delivered("made"))], now=clock())

    assert woken.waiting == {"kashflow.invoice": [d.id for d in claim.deliveries]}
    assert len(take(ledger, clock).deliveries) == 2


def test_whoever_waits_for_a_superseded_delivery_waits_for_the_newer_one(
    ledger: Ledger, clock: TestClock
) -> None:
    ledger.register([opportunity(1)], now=clock())
    claim = take(ledger, clock)
    later = NotNow(clock() + timedelta(hours=1), WHY)
    ledger.settle(claim, [Settlement(claim.deliveries[0], later, needs=account(9, "1"))], now=clock())
    ledger.register([account(9, "2")], now=clock())

    deliver_all(ledger, clock, "kashflow.customer")

    assert [d.id for d in take(ledger, clock).deliveries] == [claim.deliveries[0].id]


def test_what_died_of_a_dead_prerequisite_lives_again_when_that_is_delivered(
    ledger: Ledger, clock: TestClock
) -> None:
    ledger.register([account(9)], now=clock())
    customer = take(ledger, clock, "kashflow.customer")
    end(ledger, customer, Dead(WHY), clock)
    ledger.register([opportunity(1)], now=clock())
    invoice = take(ledger, clock)
    end(ledger, invoice, Dead(WHY, waits_for=customer.deliveries[0].id), clock)
    ledger.register([account(9, "2")], now=clock())

    deliver_all(ledger, clock, "kashflow.customer")

    # The dead customer was superseded by the later success, which is what the invoice waited for.
    assert state_of(ledger, invoice.deliveries[0].id) is State.WAITING


def test_a_dead_letter_that_is_superseded_waits_for_nobody_any_more(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([opportunity(1)], now=clock())
    claim = take(ledger, clock)
    end(ledger, claim, Dead(WHY, waits_for=99), clock)
    ledger.register([opportunity(1, "2")], now=clock())

    deliver_all(ledger, clock)

    with ledger.reading() as connection:
        old = delivery_by_id(connection, claim.deliveries[0].id)
    assert old
    assert (old.state, old.waits_for) == (State.SUPERSEDED, None)


def test_the_sweeper_says_again_what_no_message_speaks_of(ledger: Ledger, clock: TestClock) -> None:
    ids = ledger.register([opportunity(1), opportunity(2)], now=clock())["kashflow.invoice"]
    find = {"limit": 100, "resend_seconds": 60}

    assert ledger.find_unannounced(["kashflow.invoice"], now=clock(), **find) == {}
    clock.tick(61)
    assert ledger.find_unannounced(["kashflow.invoice"], now=clock(), **find) == {"kashflow.invoice": ids}
    assert ledger.find_unannounced(["kashflow.invoice"], now=clock(), **find) == {}


def test_a_retry_is_announced_as_soon_as_it_is_due(ledger: Ledger, clock: TestClock) -> None:
    ids = ledger.register([opportunity(1)], now=clock())["kashflow.invoice"]
    end(ledger, take(ledger, clock), Failed(clock() + timedelta(seconds=5), WHY), clock)

    clock.tick(4)
    assert ledger.find_unannounced(["kashflow.invoice"], limit=9, now=clock(), resend_seconds=60) == {}
    clock.tick(1)
    found = ledger.find_unannounced(["kashflow.invoice"], limit=9, now=clock(), resend_seconds=60)
    assert found == {"kashflow.invoice": ids}


def test_unchanged_ends_a_delivery_with_its_reason(ledger: Ledger, clock: TestClock) -> None:
    (delivery_id,) = ledger.register([opportunity(1)], now=clock())["kashflow.invoice"]
    end(ledger, take(ledger, clock), Unchanged(WHY), clock)

    assert state_of(ledger, delivery_id) is State.UNCHANGED
    with ledger.reading() as connection:
        (attempt,) = attempts_of(connection, [delivery_id])
    assert (attempt.ending, attempt.note) == ("unchanged", WHY.text)


def test_only_one_process_holds_a_singleton_and_a_standby_takes_over(
    ledger: Ledger, clock: TestClock
) -> None:
    first = ledger.take_lease("stream", "a", now=clock(), seconds=10)
    assert first is not None
    assert ledger.take_lease("stream", "b", now=clock(), seconds=10) is None
    clock.tick(11)
    second = ledger.take_lease("stream", "b", now=clock(), seconds=10)
    assert second is not None
    assert second.fence > first.fence

    with pytest.raises(LeaseLost):
        ledger.register([opportunity(1)], now=clock(), lease=first)
    assert take(ledger, clock).deliveries == ()
    ledger.register([opportunity(1)], now=clock(), lease=second)
    assert len(take(ledger, clock).deliveries) == 1


def test_a_released_singleton_is_free_at_once(ledger: Ledger, clock: TestClock) -> None:
    first = ledger.take_lease("stream", "a", now=clock(), seconds=10)
    assert first is not None
    ledger.release_lease(first, now=clock())

    assert ledger.take_lease("stream", "b", now=clock(), seconds=10) is not None


def test_an_incident_is_noted_once(ledger: Ledger, clock: TestClock) -> None:
    gap = Incident("gap", "salesforce", "/data/ChangeEvents", "17", START, {"records": ["001"]})
    for _ in range(2):
        ledger.register([], incidents=[gap], now=clock())

    with ledger.reading() as connection:
        assert open_incidents(connection) == [gap]


def test_sightings_remember_what_a_poll_saw_last(ledger: Ledger, clock: TestClock) -> None:
    ledger.register([], sightings=[Sighting("kashflow", "Invoice", "9", "aa", 1)], now=clock())
    ledger.register([], sightings=[Sighting("kashflow", "Invoice", "9", "bb", 2)], now=clock())

    assert ledger.sightings("kashflow", "Invoice")["9"].digest == "bb"


def test_a_load_is_claimed_only_while_nothing_live_is_due_whatever_the_message_names(
    ledger: Ledger, clock: TestClock
) -> None:
    load = ledger.register([opportunity(n, priority=LAST) for n in range(1, 4)], now=clock())
    hinted = load["kashflow.invoice"]
    clock.tick(1)
    ledger.register([opportunity(9), opportunity(8, priority=3)], now=clock())

    first = ledger.claim("kashflow.invoice", hinted, limit=200, now=clock(), lease_seconds=30)
    second = ledger.claim("kashflow.invoice", hinted, limit=200, now=clock(), lease_seconds=30)

    assert {one.record_id for one in first.deliveries} == {opportunity(n).record_id for n in (8, 9)}
    assert [one.id for one in second.deliveries] == hinted


def test_what_is_live_makes_what_it_needs_of_a_load_as_urgent_as_itself(
    ledger: Ledger, clock: TestClock
) -> None:
    ledger.register([replace(account(1), priority=LAST)], now=clock())
    ledger.register([opportunity(1)], now=clock())
    claim = take(ledger, clock)
    until = Reason("resolve", "needs_another", "its customer comes first")
    settlement = Settlement(
        claim.deliveries[0], NotNow(clock() + timedelta(minutes=1), until), needs=account(1, "needed")
    )

    ledger.settle(claim, [settlement], now=clock())

    (needed,) = take(ledger, clock, "kashflow.customer").deliveries
    assert (needed.version, needed.priority) == ("1", 0)
