"""What has to hold of the ledger at every moment, whatever has happened: told by its rows alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from ledger.endings import ENDED, State
from ledger.ledger import Ledger
from ledger.tables import DeliveryRow

Rows = Sequence[Row[Any]]

SUCCESS = frozenset({State.DELIVERED, State.UNCHANGED})


def rows_of(ledger: Ledger) -> Rows:
    """All deliveries, oldest first."""
    with ledger.reading() as connection:
        return connection.execute(select(DeliveryRow.__table__).order_by(DeliveryRow.id)).all()


def assert_each_is_in_one_state(rows: Rows) -> None:
    """A claim and a lease only while it runs, an end only where it came to rest, and someone to wait for only where
    it may go on."""
    for row in rows:
        state, said = State(row.state), f"delivery {row.id}, {row.state}"
        assert (row.claim is not None) == (state is State.RUNNING), said
        assert (row.lease_until is not None) == (state is State.RUNNING), said
        assert (row.ended_at is not None) == (state in {*ENDED, State.DEAD}), said
        assert row.waits_for is None or state in (State.WAITING, State.DEAD), said
        assert row.reason_code is not None or state is not State.DEAD, said


def assert_one_runs_per_lock_key(rows: Rows) -> None:
    running = Counter(row.lock_key for row in rows if row.state == State.RUNNING)
    assert [key for key, count in running.items() if count > 1] == []


def assert_no_dead_letter_is_older_than_a_success(rows: Rows) -> None:
    """Else a replay would bring back what a later delivery of the same record has overtaken."""
    succeeded: dict[tuple[str, ...], int] = {}
    for row in rows:
        if row.state in SUCCESS:
            succeeded[_record(row)] = row.id
    assert [
        row.id for row in rows if row.state == State.DEAD and row.id < succeeded.get(_record(row), 0)
    ] == []


def unfinished(rows: Rows) -> list[str]:
    """What still has to run, and why it has not."""
    return [
        f"{row.id} {row.queue} {row.record_id} {row.state} due {row.due_at:%H:%M:%S}, waits for {row.waits_for}: {row.reason_text}"
        for row in rows
        if row.state in (State.WAITING, State.RUNNING)
    ]


def _record(row: Row[Any]) -> tuple[str, ...]:
    return row.queue, row.source, row.entity, row.record_id
