"""Open query cursors: what is left of a result, for whom, until when."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.clock import Clock
from sandbox.salesforce.errors import ApiError

#: A locator lives about two days (reference section 3.6).
_LIFE = timedelta(days=2)
_OFFSET = re.compile(r"\d{1,9}")


@dataclass(frozen=True)
class Cursor:
    """All items of one result with what shows one of them, and the page size that its query asked for."""

    items: Sequence[Any]
    record: Callable[[Any], dict[str, Any]]
    user_id: str
    batch_size: int
    made_at: datetime


class Locators:
    """Cursors by id; the text of a locator is `<id>-<first record of the next page>`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._cursors: dict[str, Cursor] = {}

    def keep(
        self,
        locator_id: str,
        items: Sequence[Any],
        record: Callable[[Any], dict[str, Any]],
        *,
        user_id: str,
        batch_size: int,
    ) -> None:
        self._cursors[locator_id] = Cursor(items, record, user_id, batch_size, self._clock.now())

    def find(self, locator: str, user_id: str) -> tuple[str, Cursor, int]:
        """(id, cursor, offset of the next page); ApiError when unknown, expired or somebody else's."""
        locator_id, _, offset = locator.rpartition("-")
        cursor = self._cursors.get(locator_id)
        if cursor is None or cursor.user_id != user_id or not _OFFSET.fullmatch(offset):
            raise invalid_locator()
        if self._clock.now() - cursor.made_at > _LIFE:
            del self._cursors[locator_id]
            raise ApiError("QUERY_LOCATOR_EXPIRED", "query locator has expired")
        return locator_id, cursor, int(offset)


def invalid_locator() -> ApiError:
    return ApiError("INVALID_QUERY_LOCATOR", "invalid query locator")
