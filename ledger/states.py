"""The state of a delivery as a condition: written into the statement, so that one plan of it may use partial indexes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, literal_column
from sqlalchemy.orm import InstrumentedAttribute

from ledger.endings import State


def in_state(column: InstrumentedAttribute[Any], state: State) -> ColumnElement[bool]:
    """Is `column`, a delivery's state, this one?

    As a parameter it would be unknown when PostgreSQL makes a plan for all uses of a statement; so it would make one for
    each use, which takes longer than the short ones of them run.
    """
    return column == literal_column(f"'{state.value}'")
