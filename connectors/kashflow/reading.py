"""Answers of KashFlow as values: JSON with exact numbers, rows with one spelling, pages with or without envelope."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import httpx

from connectors.errors import Unreadable
from connectors.exact import exact
from connectors.kashflow.border import answer_lost
from connectors.kashflow.spelling import canonical_name

#: One record as KashFlow sent it: canonical field names, unknown fields kept, numbers as int or Decimal, dates as
#: text (see `values`), codes without padding. What is nested has the same form.
Row = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """One answer of a list. `total` and `next_url` are None where KashFlow did not say (bare arrays never do)."""

    rows: Sequence[Row]
    total: int | None = None
    next_url: str | None = None
    is_bare: bool = False


def read_json(response: httpx.Response) -> object:
    """The body, floats as Decimal, or None when it is empty. Raises AnswerLost for anything that is not JSON."""
    if not response.content.strip():
        return None
    try:
        text = response.content.decode("utf-8-sig")
        return json.loads(text, parse_float=exact, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise answer_lost(response, "it is not JSON") from None


def read_row(body: object, *, of: str) -> Row:
    """One record. Raises Unreadable naming `of` when the answer is not an object."""
    if not isinstance(body, dict):
        raise _unreadable(of, "one record", body)
    return _canonical_row(body)


def read_page(body: object, *, of: str) -> Page:
    """A list in either of its shapes (reference section 2.3). Raises Unreadable naming `of` for any other."""
    if isinstance(body, list):
        return Page(_rows(body, of), is_bare=True)
    envelope = read_row(body, of=of)
    meta = envelope.get("MetaData") or {}
    if not isinstance(meta, dict) or not ("Data" in envelope or meta):
        raise _unreadable(of, "a list", body)
    next_url = meta.get("NextPageUrl")
    return Page(
        _rows(envelope.get("Data") or [], of),
        total=_count(meta.get("TotalRecords")),
        next_url=next_url if isinstance(next_url, str) and next_url.strip() else None,
    )


def _rows(items: object, of: str) -> list[Row]:
    if not isinstance(items, list):
        raise _unreadable(of, "a list", items)
    return [read_row(item, of=of) for item in items]


def _canonical_row(row: dict[str, object]) -> Row:
    """`row` with one spelling a field; where both spellings came, each keeps its own."""
    renamed: Row = {}
    for name, value in row.items():
        better = canonical_name(name)
        key = name if better != name and better in row else better
        renamed[key] = _canonical_value(key, value)
    return renamed


def _canonical_value(name: str, value: object) -> object:
    if isinstance(value, dict):
        return _canonical_row(value)
    if isinstance(value, list):
        return [_canonical_value(name, item) for item in value]
    if isinstance(value, str) and name.endswith("Code"):
        return value.strip()  # codes come back padded at times (quirk 6)
    return value


def _count(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _unreadable(of: str, expected: str, body: object) -> Unreadable:
    got = {dict: "an object", list: "an array", type(None): "nothing"}.get(type(body), "a single value")
    return Unreadable(f"KashFlow sent {got} where {expected} of {of} was expected", system="kashflow")
