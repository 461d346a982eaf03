"""Operations: what a person decided about many deliveries, carried out in steps that survive an interruption."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from ledger.endings import State
from ledger.tables import DeliveryRow, OperationRow


class Progress(StrEnum):
    """How an operation stands."""

    #: Somebody carries it out; a lease of its name tells whether that somebody still lives.
    RUNNING = "running"
    #: Ended before its time, by a person or a fault; may be continued.
    INTERRUPTED = "interrupted"
    #: Ended by its own rule: the canaries failed. Nothing more happens.
    STOPPED = "stopped"
    FINISHED = "finished"


@dataclass(frozen=True)
class Operation:
    """As the ledger keeps it; the columns are explained in ledger.tables.operating."""

    id: int
    verb: str
    state: Progress
    who: str
    reason: str
    request: Mapping[str, Any]
    planned: int
    done: int
    skipped: int
    position: str
    note: str
    begun_at: datetime
    changed_at: datetime

    @property
    def lease_name(self) -> str:
        """What one who carries it out holds, so that nobody else does at the same time."""
        return f"operation:{self.id}"

    @property
    def told(self) -> str:
        """How the story of a delivery names it."""
        return f"operation {self.id} by {self.who}: {self.reason}"


def begin(
    connection: Connection,
    *,
    verb: str,
    who: str,
    reason: str,
    request: Mapping[str, Any],
    planned: int,
    now: datetime,
) -> Operation:
    """Write the decision down, before anything is done about it."""
    row_id = connection.execute(
        insert(OperationRow)
        .values(
            verb=verb,
            state=Progress.RUNNING,
            who=who,
            reason=reason,
            request=dict(request),
            planned=planned,
            done=0,
            skipped=0,
            position="",
            note="",
            begun_at=now,
            changed_at=now,
        )
        .returning(OperationRow.id)
    ).scalar_one()
    found = find(connection, row_id)
    assert found is not None, "it was just written"  # noqa: S101
    return found


def advance(
    connection: Connection, operation_id: int, *, position: str, done: int, skipped: int, now: datetime
) -> None:
    """`done` more are dealt with, `skipped` of them without need; belongs in the transaction that dealt with them."""
    connection.execute(
        update(OperationRow)
        .where(OperationRow.id == operation_id)
        .values(
            position=position,
            done=OperationRow.done + done,
            skipped=OperationRow.skipped + skipped,
            changed_at=now,
        )
    )


def mark(connection: Connection, operation_id: int, state: Progress, note: str, now: datetime) -> None:
    """It stands like this now."""
    connection.execute(
        update(OperationRow)
        .where(OperationRow.id == operation_id)
        .values(state=state, note=note, changed_at=now)
    )


def find(connection: Connection, operation_id: int) -> Operation | None:
    """The operation, or None when there is none with this id."""
    row = connection.execute(
        select(OperationRow.__table__).where(OperationRow.id == operation_id)
    ).one_or_none()
    return _operation(row) if row else None


def newest(connection: Connection, limit: int) -> list[Operation]:
    """Newest first."""
    rows = connection.execute(select(OperationRow.__table__).order_by(OperationRow.id.desc()).limit(limit))
    return [_operation(row) for row in rows]


def unfinished(connection: Connection, verb: str) -> list[Operation]:
    """Those that were not carried to their end, and still may be; newest first."""
    rows = connection.execute(
        select(OperationRow.__table__)
        .where(OperationRow.verb == verb, OperationRow.state.in_([Progress.RUNNING, Progress.INTERRUPTED]))
        .order_by(OperationRow.id.desc())
    )
    return [_operation(row) for row in rows]


def outcomes(connection: Connection, operation_id: int) -> dict[State, int]:
    """What has become of the deliveries that it put back or registered, by state."""
    rows = connection.execute(
        select(DeliveryRow.state, func.count())
        .where(DeliveryRow.operation_id == operation_id)
        .group_by(DeliveryRow.state)
    )
    return {State(row[0]): row[1] for row in rows}


def _operation(row: Any) -> Operation:
    values = {name: getattr(row, name) for name in Operation.__dataclass_fields__}
    return Operation(**{**values, "state": Progress(row.state)})
