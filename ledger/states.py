"""The state of a delivery as a condition: written into the statement, so that one plan of it may use partial indexes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, literal_column
from sqlalchemy.orm import InstrumentedAttribute

from ledger.endings import State
from ledger.tables import DeliveryRow


def in_state(column: InstrumentedAttribute[Any], state: State) -> ColumnElement[bool]:
    """Is `column`, a delivery's state, this one?

    As a parameter it would be unknown when PostgreSQL makes a plan for all uses of a statement; so it would make one for
    each use, which takes longer than the short ones of them run.
    """
    return column == literal_column(f"'{state.value}'")


def found_in_state(column: InstrumentedAttribute[Any], *states: State) -> ColumnElement[bool]:
    """Is it one of these, for rows that are found by something else, such as their ids?

    The last word, which no row has, keeps PostgreSQL from going through all that is in this state instead: an index of
    these looks short while its statistics are from a quieter time, and by now there may be a million.
    """
    return column.in_([literal_column(f"'{word}'") for word in (*states, "")])


def waits() -> ColumnElement[bool]:
    """Does a delivery wait? With the words of the index of those (`ix_deliveries_claim`). Nobody else says the second half, which
    is true of all, and so no other statement goes through that index."""
    return and_(in_state(DeliveryRow.state, State.WAITING), DeliveryRow.priority >= literal_column("0"))


def unindexed(column: InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """`column` in a shape that no index knows, for a condition that is true of far too many rows to begin with."""
    return column.concat(literal_column("''"))
