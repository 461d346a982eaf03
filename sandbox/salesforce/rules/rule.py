"""The shape of an object's business rules and what they may do; the rules themselves lie beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from sandbox.salesforce.table import Row


class Work(Protocol):
    """The running transaction, as far as rules use it."""

    at: datetime

    def row(self, record_id: str | None) -> Row | None: ...
    def rows(self, entity: str) -> list[Row]: ...
    def children(self, entity: str, field: str, parent_id: str) -> list[Row]: ...
    def write(self, record_id: str, changes: Mapping[str, Any]) -> None: ...
    def insert_as_platform(self, entity_name: str, values: Mapping[str, Any]) -> str: ...


class Rules:
    """What the platform itself does around a write; an object without rules uses this as it is.

    `before_save` may change `row` or refuse it with ApiError; `given` holds what the client sent.
    `before` is None on create. The others may write further rows through `tx`.
    """

    def before_save(
        self, tx: Work, before: Row | None, row: dict[str, Any], given: Mapping[str, Any]
    ) -> None:
        """Derive fields of `row`."""

    def after_save(self, tx: Work, before: Row | None, row: Row) -> None:
        """Bring other rows in line."""

    def before_delete(self, tx: Work, row: Row) -> None:
        """Refuse what must not go."""

    def after_delete(self, tx: Work, row: Row) -> None:
        """Bring other rows in line."""
