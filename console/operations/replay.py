"""Puts dead letters back, or gives them up: planned first, then written down as an operation and carried out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from console.operations.carrying import Dealt, Hands, Pace, Step, carry_out
from console.operations.cost import Calls, cost
from ledger import dead_letters, operations
from ledger.ledger import Ledger
from ledger.operations import Operation
from ledger.selection import Selection
from mappings.book import Book

Verb = Literal["replay", "drop"]


@dataclass(frozen=True)
class Plan:
    """What would happen; nothing has."""

    verb: str
    count: int
    #: The filter in words.
    of: str
    calls: Calls


def plan(ledger: Ledger, book: Book, verb: Verb, selection: Selection) -> Plan:
    """How many dead letters the selection means, and what they cost."""
    with ledger.reading() as connection:
        counts = dead_letters.count_by_flow(connection, selection)
    calls = cost(book, counts) if verb == "replay" else Calls()
    return Plan(verb, sum(counts.values()), selection.in_words, calls)


def start(
    hands: Hands, verb: Verb, selection: Selection, *, who: str, reason: str, pace: Pace | None = None
) -> Operation:
    """Replay or drop what is dead now; what dies later is not touched. Returns the operation as it ended.

    Raises ValueError without a reason, and UnderWay.
    """
    if not reason.strip():
        raise ValueError("say why: a reason is kept with the operation")
    with hands.ledger.writing() as connection:
        request = {
            "selection": selection.as_plain(),
            "last_id": dead_letters.last_id(connection, selection),
            **(pace or Pace()).as_plain(),
        }
        operation = operations.begin(
            connection,
            verb=verb,
            who=who,
            reason=reason,
            request=request,
            planned=dead_letters.count(connection, selection),
            now=hands.clock(),
        )
    return carry_out(hands, operation, STEPS[verb])


def _replay(connection: Connection, operation: Operation, limit: int, now: datetime) -> Dealt:
    return _deal(connection, operation, limit, now, dead_letters.replay)


def _drop(connection: Connection, operation: Operation, limit: int, now: datetime) -> Dealt:
    return _deal(connection, operation, limit, now, dead_letters.drop)


def _deal(
    connection: Connection, operation: Operation, limit: int, now: datetime, move: dead_letters.Move
) -> Dealt:
    selection = Selection.from_plain(dict(operation.request["selection"]))
    reached = int(operation.position or 0)
    last_id = int(operation.request["last_id"])
    ids = dead_letters.next_ids(connection, selection, reached, last_id, limit)
    moved = move(connection, ids, operation.id, operation.told, now) if ids else []
    return Dealt(
        count=len(ids),
        skipped=len(ids) - len(moved),
        position=str(ids[-1] if ids else last_id),
        is_last=len(ids) < limit,
    )


#: How the operations of this module are carried on.
STEPS: dict[str, Step] = {"replay": _replay, "drop": _drop}
