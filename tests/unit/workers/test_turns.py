"""What one process takes up at a time: no more batches of a queue than allowed, and what they cause right behind them."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from ledger.deliveries import Waiting
from workers.turns import Announce, Turns

INVOICES, DEALS = "kashflow.invoice", "salesforce.opportunity"


@dataclass(frozen=True)
class _Batch:
    """What happens while a batch runs, and how it ends."""

    #: Another message of the same queue comes.
    comes: list[int] = field(default_factory=list)
    says: Waiting = field(default_factory=dict)
    breaks: bool = False


class _Worker:
    """A process whose batches are `script`, in the order in which they are run; then nothing happens any more."""

    def __init__(
        self,
        *script: _Batch,
        most: int = 1,
        attends: tuple[str, ...] = (INVOICES, DEALS),
        stops_after: int = 99,
        batch_seconds: float = 0,
    ) -> None:
        self.ran: list[tuple[str, list[int]]] = []
        self.announced: dict[str, list[int]] = {}
        self._script = list(script)
        self.turns = Turns(
            self._run,
            announce=self._announce,
            queues=attends,
            most=most,
            seconds=1,
            clock=lambda: len(self.ran) * batch_seconds,
            stopping=lambda: len(self.ran) >= stops_after,
        )

    def _announce(self, waiting: Waiting) -> None:
        self.announced |= waiting

    def _run(self, queue: str, ids: list[int], announce: Announce) -> None:
        self.ran.append((queue, ids))
        batch = self._script.pop(0) if self._script else _Batch()
        if batch.comes:
            self.turns.take(queue, batch.comes)
        if batch.breaks:
            raise ZeroDivisionError
        announce(batch.says)


def test_what_a_message_says_that_finds_all_turns_taken_is_the_next_batch() -> None:
    worker = _Worker(_Batch(comes=[2, 3]))

    worker.turns.take(INVOICES, [1])

    assert worker.ran == [(INVOICES, [1]), (INVOICES, [2, 3])]
    assert worker.announced == {}


def test_whatever_comes_while_all_turns_are_taken_is_worked_on_a_message_at_a_time_and_each_once() -> None:
    worker = _Worker(_Batch(comes=list(range(1_000, 1_150))), _Batch(comes=list(range(1_100, 1_420))))

    worker.turns.take(INVOICES, [1])

    told = [ids for _, ids in worker.ran]
    assert [len(ids) for ids in told] == [1, 150, 200, 120]
    assert [id_ for ids in told[2:] for id_ in ids] == list(range(1_100, 1_420))
    assert worker.announced == {}


def test_a_thread_that_has_worked_for_long_passes_on_what_is_left() -> None:
    worker = _Worker(_Batch(comes=[2]), _Batch(comes=[3]), batch_seconds=0.5)

    worker.turns.take(INVOICES, [1])

    assert worker.ran == [(INVOICES, [1]), (INVOICES, [2])]
    assert worker.announced == {INVOICES: [3]}


def test_where_a_turn_is_free_a_message_waits_for_nobody() -> None:
    worker = _Worker(_Batch(comes=[2]), most=2)

    worker.turns.take(INVOICES, [1])

    assert worker.ran == [(INVOICES, [1]), (INVOICES, [2])]


def test_what_a_batch_causes_the_same_thread_works_on_without_a_message() -> None:
    worker = _Worker(_Batch(says={DEALS: [7, 8]}))

    worker.turns.take(INVOICES, [1])

    assert worker.ran == [(INVOICES, [1]), (DEALS, [7, 8])]
    assert worker.announced == {}


def test_what_is_due_on_its_own_queue_or_on_one_that_is_not_attended_here_is_announced() -> None:
    worker = _Worker(_Batch(says={INVOICES: [2], DEALS: [7]}), attends=(INVOICES,))

    worker.turns.take(INVOICES, [1])

    assert worker.ran == [(INVOICES, [1])]
    assert worker.announced == {INVOICES: [2], DEALS: [7]}


def test_a_worker_that_is_told_to_stop_says_what_it_has_not_begun() -> None:
    worker = _Worker(_Batch(comes=[2], says={DEALS: [7]}), stops_after=1)

    worker.turns.take(INVOICES, [1])

    assert worker.ran == [(INVOICES, [1])]
    assert worker.announced == {INVOICES: [2], DEALS: [7]}


def test_a_batch_that_breaks_gives_its_turn_back_and_takes_nothing_with_it() -> None:
    worker = _Worker(_Batch(comes=[2], breaks=True))

    with pytest.raises(ZeroDivisionError):
        worker.turns.take(INVOICES, [1])
    worker.turns.take(INVOICES, [3])

    assert worker.ran == [(INVOICES, [1]), (INVOICES, [3])]
    assert worker.announced == {INVOICES: [2]}
