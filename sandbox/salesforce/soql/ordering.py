"""ORDER BY: rows in the order that several keys ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sandbox.salesforce.soql.tree import Order

Item = TypeVar("Item")


def ordered(items: Sequence[Item], keys: Sequence[tuple[Order, Callable[[Item], Any]]]) -> list[Item]:
    """Sorted stably by what the keys read, which must be comparable. Nulls come first unless NULLS LAST, whatever the direction."""
    result = list(items)
    for order, value_of in reversed(keys):
        filled = [item for item in result if value_of(item) is not None]
        empty = [item for item in result if value_of(item) is None]
        filled.sort(key=value_of, reverse=order.descending)
        result = filled + empty if order.nulls_last else empty + filled
    return result
