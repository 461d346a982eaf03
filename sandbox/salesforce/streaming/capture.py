"""From a committed transaction to its change events: collapsed by record, merged where equal; not their channels.

Reference salesforce.md sections 2.1 to 2.4. Gap and overflow events come by declared fault or by size.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sandbox.salesforce.commits import Commit, RowChange
from sandbox.salesforce.jsontext import json_text
from sandbox.salesforce.streaming.body import Row, change_body, enrichment
from sandbox.salesforce.streaming.limits import Limits
from sandbox.salesforce.streaming.needs import StreamingWorld

OVERFLOW_RECORD_ID = "000000000000000AAA"
#: Commit numbers have 19 digits, more than a float can hold (reference salesforce.md section 7.0.10).
_COMMIT_NUMBER_BASE = 1_172_000_000_000_000_001


@dataclass(frozen=True)
class ChangeEvent:
    """One event as it is published: the entity it belongs to and its whole payload.

    `rows` are the records it speaks of, in the order of its record ids; none for gap and overflow events.
    """

    entity: str
    payload: Mapping[str, Any]
    rows: tuple[Row, ...] = ()

    def enriched(self, fields: Sequence[str]) -> list[Mapping[str, Any]]:
        """The payloads where `fields` accompany updates and deletes (section 2.8): then one for each record."""
        header = self.payload["ChangeEventHeader"]
        if not fields or not self.rows or header["changeType"] not in ("UPDATE", "DELETE"):
            return [self.payload]
        return [
            {
                **enrichment(row, fields),
                **self.payload,
                "ChangeEventHeader": {**header, "recordIds": [record_id]},
            }
            for record_id, row in zip(header["recordIds"], self.rows, strict=True)
        ]


@dataclass(frozen=True)
class _Draft:
    """An event without its sequence number."""

    entity: str
    change_type: str
    record_ids: tuple[str, ...]
    body: Mapping[str, Any]
    changed_fields: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()

    @property
    def weight(self) -> int:
        """How many changes the overflow limit counts it as: an update counts each changed field."""
        each = len(self.changed_fields) if self.change_type == "UPDATE" else 1
        return each * len(self.record_ids)

    def joined_by(self, equal: _Draft) -> _Draft:
        """One event of the records of both."""
        return replace(self, record_ids=(*self.record_ids, *equal.record_ids), rows=(*self.rows, *equal.rows))

    def as_gap(self, change_type: str) -> _Draft:
        return _Draft(self.entity, change_type, self.record_ids, {})


class ChangeCapture:
    """Turns commits into change events. Keeps nothing between commits."""

    def __init__(self, world: StreamingWorld, limits: Limits) -> None:
        self._world = world
        self._limits = limits

    def events(self, commit: Commit) -> list[ChangeEvent]:
        """The events of one commit in order, of selected entities and others alike: both use up numbers."""
        drafts = _merged(self._draft(change) for change in collapsed(commit.changes))
        drafts = self._without_overflow([self._faulty(draft) for draft in drafts])
        transaction_key = str(uuid.UUID(int=self._world.rng.getrandbits(128)))
        return [
            self._numbered(commit, draft, transaction_key, number)
            for number, draft in enumerate(drafts, start=1)
        ]

    def _draft(self, change: RowChange) -> _Draft:
        body, changed = change_body(self._world.schema, change)
        rows = (change.after or change.before or {},)
        return _Draft(change.entity, change.change_type, (change.record_id,), body, tuple(changed), rows)

    def _faulty(self, draft: _Draft) -> _Draft:
        """The draft, or the gap or overflow event that takes its place."""
        facts = {"entity": draft.entity, "changeType": draft.change_type}
        if self._world.faults.take("cometd_overflow", **facts) is not None:
            return replace(draft.as_gap("GAP_OVERFLOW"), record_ids=(OVERFLOW_RECORD_ID,))
        params = self._world.faults.take("cometd_gap", **facts)
        if params is not None:
            change_type = str(params.get("changeType", f"GAP_{draft.change_type}"))
            ids = tuple(params.get("recordIds", draft.record_ids))
            return replace(draft.as_gap(change_type), record_ids=ids)
        if len(json_text(draft.body)) > self._limits.event_bytes:
            return draft.as_gap(f"GAP_{draft.change_type}")
        return draft

    def _without_overflow(self, drafts: Sequence[_Draft]) -> list[_Draft]:
        """The first so many changes as they are, then one overflow event for each entity that had more."""
        kept: list[_Draft] = []
        overflown: dict[str, _Draft] = {}
        changes = 0
        for draft in drafts:
            changes += draft.weight
            if changes <= self._limits.changes_in_transaction:
                kept.append(draft)
            else:
                overflown[draft.entity] = replace(
                    draft.as_gap("GAP_OVERFLOW"), record_ids=(OVERFLOW_RECORD_ID,)
                )
        return [*kept, *overflown.values()]

    def _numbered(self, commit: Commit, draft: _Draft, key: str, number: int) -> ChangeEvent:
        header = {
            "entityName": draft.entity,
            "recordIds": list(draft.record_ids),
            "changeType": draft.change_type,
            "changeOrigin": commit.origin,
            "transactionKey": key,
            "sequenceNumber": number,
            "commitTimestamp": int(commit.at.timestamp() * 1000),
            "commitNumber": _COMMIT_NUMBER_BASE + 2 * commit.number,
            "commitUser": commit.user_id,
            "changedFields": list(draft.changed_fields),
        }
        return ChangeEvent(draft.entity, {"ChangeEventHeader": header, **draft.body}, draft.rows)


def collapsed(changes: Iterable[RowChange]) -> list[RowChange]:
    """One change per record: the first kind of change, from the first state to the last (section 2.2).

    A record that came and went within the transaction leaves nothing, nor does one that went and came back; one
    that was changed and then deleted leaves its deletion, for there is no final value to show.
    """
    by_record: dict[str, list[RowChange]] = {}
    for change in changes:
        by_record.setdefault(change.record_id, []).append(change)
    return [one for several in by_record.values() if (one := _collapse(several)) is not None]


def _collapse(several: Sequence[RowChange]) -> RowChange | None:
    first, last = several[0], several[-1]
    gone = last.change_type == "DELETE"
    appeared = first.change_type in ("CREATE", "UNDELETE")
    if (gone and appeared) or (not gone and first.change_type == "DELETE"):
        return None
    return replace(first, change_type="DELETE" if gone else first.change_type, after=last.after)


def _merged(drafts: Iterable[_Draft]) -> list[_Draft]:
    """Equal changes of one entity become one event with several record ids, in the place of the first."""
    merged: dict[str, _Draft] = {}
    for draft in drafts:
        sameness = json_text([draft.entity, draft.change_type, draft.body, draft.changed_fields])
        earlier = merged.get(sameness)
        merged[sameness] = draft if earlier is None else earlier.joined_by(draft)
    return list(merged.values())
