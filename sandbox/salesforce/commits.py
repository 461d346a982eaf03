"""What one committed transaction of the small Salesforce changed; the store tells it, change data capture reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

ChangeType = Literal["CREATE", "UPDATE", "DELETE", "UNDELETE"]


@dataclass(frozen=True)
class RowChange:
    """One record's change within a commit. `before` and `after` are whole rows by API field name, compound-free."""

    entity: str
    record_id: str
    change_type: ChangeType
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass(frozen=True)
class Commit:
    """All row changes of one transaction, in the order they were made.

    `origin` is the text of `changeOrigin` (reference salesforce.md section 2.1), "" for changes made inside.
    """

    number: int
    at: datetime
    user_id: str
    origin: str
    changes: tuple[RowChange, ...]
