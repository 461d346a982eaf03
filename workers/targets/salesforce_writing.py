"""Sends what changes of records and of the rows below them: each kind of call once for a whole batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from connectors.errors import ConnectorError, NotFound
from connectors.salesforce.collections import MOST_RECORDS, RowResult
from workers.desk import Desk
from workers.targets.recordset import Changes, Write


def written(
    desk: Desk, key_field: str, all_changes: Sequence[Changes], priority: int
) -> list[ConnectorError | None]:
    """What kept each of `all_changes` from being written, None where nothing did.

    The records themselves go first, because those below them name them; what is too much goes last. All of it may be
    sent again. Raises the ConnectorError of a call that failed as a whole.
    """
    sending = _Sending(desk, key_field, priority, len(all_changes))
    ids = [each.main_id for each in all_changes]
    mains = [(place, each.main) for place, each in enumerate(all_changes) if each.main is not None]
    for place, record_id in sending.send(mains).items():
        ids[place] = record_id
    below = [
        (place, _under(write, ids[place]))
        for place, each in enumerate(all_changes)
        for write in each.below
        if sending.errors[place] is None
    ]
    sending.send(below)
    sending.remove(
        [
            (place, record_id)
            for place, each in enumerate(all_changes)
            for _, record_id in each.surplus
            if sending.errors[place] is None
        ]
    )
    return sending.errors


def _under(write: Write, parent_id: str) -> Write:
    """Where the org has the parent's object and the row's field for it, the row says whose it is."""
    field = write.one.parent_field
    return replace(write, fields={**write.fields, field: parent_id}) if field and parent_id else write


class _Sending:
    """One batch being sent. `errors` has the first error of each place."""

    def __init__(self, desk: Desk, key_field: str, priority: int, places: int) -> None:
        self._desk = desk
        self._key = key_field
        self._priority = priority
        self.errors: list[ConnectorError | None] = [None] * places

    def send(self, writes: Sequence[tuple[int, Write]]) -> dict[int, str]:
        """Update what has an id, upsert the rest; the id that the last write of each place got."""
        ids: dict[int, str] = {}
        for name in dict.fromkeys(write.one.object for _, write in writes):
            of_it = [(place, write) for place, write in writes if write.one.object == name]
            ids |= self._update(name, [(place, write) for place, write in of_it if write.id])
            ids |= self._upsert(name, [(place, write) for place, write in of_it if not write.id])
        return ids

    def remove(self, surplus: Sequence[tuple[int, str]]) -> None:
        """Delete; what is gone already is no error."""
        client, record_ids = self._desk.salesforce, [record_id for _, record_id in surplus]
        self._call([place for place, _ in surplus], lambda: client.collections_delete(record_ids), NotFound)

    def _update(self, name: str, writes: Sequence[tuple[int, Write]]) -> dict[int, str]:
        client = self._desk.salesforce
        records = [{"Id": write.id, **write.fields} for _, write in writes]
        return self._call([place for place, _ in writes], lambda: client.collections_update(name, records))

    def _upsert(self, name: str, writes: Sequence[tuple[int, Write]]) -> dict[int, str]:
        client, key = self._desk.salesforce, self._key
        records = [{**write.fields, key: write.one.key} for _, write in writes]
        return self._call(
            [place for place, _ in writes], lambda: client.collections_upsert(name, key, records)
        )

    def _call(
        self,
        places: Sequence[int],
        request: Callable[[], list[RowResult]],
        no_error: type[ConnectorError] | None = None,
    ) -> dict[int, str]:
        if not places:
            return {}
        calls = -(-len(places) // MOST_RECORDS)
        results = self._desk.salesforce_meter.call(request, priority=self._priority, calls=calls)
        ids: dict[int, str] = {}
        for place, result in zip(places, results, strict=True):
            if result.error is None:
                ids[place] = result.id or ""
            elif not (no_error and isinstance(result.error, no_error)):
                self.errors[place] = self.errors[place] or result.error
        return ids
