"""What was registered last for a record: tells a producer whether what it sees was delivered already. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection, func, select

from ledger.endings import State
from ledger.tables import DeliveryRow

#: Parameters in one statement; both databases take more.
IDS_PER_QUERY = 1000


@dataclass(frozen=True)
class Newest:
    """The newest delivery of one record along one flow."""

    id: int
    state: State
    kind: str
    #: When the source says that its change happened.
    occurred_at: datetime
    #: Digest of what its last attempt read; None when it read nothing.
    read_digest: str | None

    def covers(self, digest: str) -> bool:
        """Was, or will be, delivered what has this digest?

        One that waits reads the record when it is worked on, and so whatever could be seen before. One that
        runs may have read too early. All others are judged by what they read, never by times: a read and an
        edit within the same second cannot be told apart by any time that the source gives.
        """
        if self.state is State.WAITING:
            return True
        return self.state is not State.RUNNING and self.read_digest == digest

    @property
    def covers_deletion(self) -> bool:
        """Was the last thing told of the record that it was deleted?"""
        return self.kind == "deleted"


def newest_deliveries(connection: Connection, flow: str, record_ids: Iterable[str]) -> dict[str, Newest]:
    """By record id; a record that nothing was ever registered for is left out."""
    found: dict[str, Newest] = {}
    ids = iter(sorted(set(record_ids)))
    while chunk := list(islice(ids, IDS_PER_QUERY)):
        last = (
            select(func.max(DeliveryRow.id))
            .where(DeliveryRow.record_id.in_(chunk), DeliveryRow.flow == flow)
            .group_by(DeliveryRow.record_id)
        )
        rows = connection.execute(select(DeliveryRow.__table__).where(DeliveryRow.id.in_(last)))
        for row in rows:
            found[row.record_id] = Newest(
                row.id, State(row.state), row.kind, row.occurred_at, row.read_digest
            )
    return found
