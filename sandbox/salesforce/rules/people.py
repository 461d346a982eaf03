"""Contact and User: the read-only full name follows first and last name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.salesforce.rules.rule import Rules, Work
from sandbox.salesforce.table import Row


class NameRules(Rules):
    def before_save(
        self, tx: Work, before: Row | None, row: dict[str, Any], given: Mapping[str, Any]
    ) -> None:
        row["Name"] = " ".join(part for part in (row.get("FirstName"), row.get("LastName")) if part) or None
