"""Sorts and cuts lists into pages with their envelope (reference kashflow.md sections 2.3, 2.4); filters are elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from sandbox.kashflow.endpoint import Call, Reply
from sandbox.kashflow.problems import invalid
from sandbox.kashflow.values import ZERO, Row

_DESCENDING = {"desc": True, "descending": True, "1": True, "asc": False, "ascending": False, "0": False}


@dataclass(frozen=True)
class Column:
    """One sort value: by its enum name or its integer; `of` takes the value from a stored row."""

    number: int
    name: str
    of: Callable[[Row], Any]


@dataclass(frozen=True)
class Paging:
    """How one list is sorted and cut. The first column is the default one; `most` None means no cap."""

    columns: Sequence[Column]
    size: int = 50
    most: int | None = 250
    by: tuple[str, ...] = ("sortby",)
    order: tuple[str, ...] = ("order",)
    total: Callable[[Row], Any] | None = None


@dataclass(frozen=True)
class Listing:
    """The rows that passed the filters, how to print one, and what MetaData says besides."""

    rows: Iterable[Row]
    show: Callable[[Row], Row]
    extra: Row = field(default_factory=dict)


def column(number: int, name: str, source: str | None = None) -> Column:
    """A sort value that is stored under its own name or under `source`."""
    return Column(number, name, lambda row: row[source or name])


def page_of(call: Call, paging: Paging, listing: Listing) -> Reply:
    """The page that the query asks for, in its envelope; beyond the end it is empty."""
    rows = _sorted(call, paging, list(listing.rows))
    page, size = call.query.whole("page", 1), _size(call, paging)
    start = (page - 1) * size
    data = [listing.show(row) for row in rows[start : start + size]]
    if data and call.strikes("row_missing_from_page", page=page) is not None:
        data.pop(call.world.around.rng.randrange(len(data)))
    meta = _meta(call, page, size, len(rows))
    total = sum((paging.total(row) for row in rows), ZERO) if paging.total else ZERO
    meta |= {"TotalAmount": total, "InvoiceLimitReached": False} | listing.extra
    if call.strikes("other_list_shape") is not None:
        return Reply(data)
    return Reply({"MetaData": meta, "Data": data})


def array_of(call: Call, rows: Iterable[Row]) -> Reply:
    """A list that comes without an envelope."""
    data = list(rows)
    if call.strikes("other_list_shape") is None:
        return Reply(data)
    return Reply({"MetaData": _meta(call, 1, max(len(data), 1), len(data)), "Data": data})


def _sorted(call: Call, paging: Paging, rows: list[Row]) -> list[Row]:
    chosen, descending = _column(call, paging), _descending(call, paging)
    if call.strikes("shuffled_ties") is not None:
        call.world.around.rng.shuffle(rows)
    return sorted(rows, key=lambda row: _comparable(chosen.of(row)), reverse=descending)


def _column(call: Call, paging: Paging) -> Column:
    asked = call.query.text(*paging.by)
    if not asked:
        return paging.columns[0]
    for candidate in paging.columns:
        if asked.lower() in {candidate.name.lower(), str(candidate.number)}:
            return candidate
    names = ", ".join(candidate.name for candidate in paging.columns)
    raise invalid(f"{paging.by[0]}: {asked!r} is not one of {names}")


def _descending(call: Call, paging: Paging) -> bool:
    asked = call.query.text(*paging.order)
    if asked.lower() not in {"", *_DESCENDING}:
        raise invalid(f"{paging.order[0]}: {asked!r} is neither Asc nor Desc")
    return _DESCENDING.get(asked.lower(), False)


def _comparable(value: Any) -> tuple[bool, Any]:
    """A sort key that puts nulls first and letters in order whatever their case."""
    return value is not None, value.lower() if isinstance(value, str) else value


def _size(call: Call, paging: Paging) -> int:
    size = call.query.whole("perpage", paging.size)
    if paging.most is None or call.query.flag("skipperpagevalidation"):
        return size
    return min(size, paging.most)


def _meta(call: Call, page: int, size: int, total: int) -> Row:
    last = max(1, -(-total // size))

    def url(number: int) -> str:
        kept = [(name, value) for name, value in call.asked if name.lower() not in {"page", "perpage"}]
        query = urlencode([*kept, ("page", number), ("perpage", size)])
        return f"{here}?{query}"

    relative = call.strikes("relative_page_urls") is not None
    here = call.path if relative else call.host + call.path
    return {
        "TotalRecords": total,
        "FirstPageUrl": url(1),
        "PreviousPageUrl": url(page - 1) if 1 < page <= last + 1 else None,
        "NextPageUrl": url(page + 1) if page < last else None,
        "LastPageUrl": url(last),
    }
