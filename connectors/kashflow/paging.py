"""Lists, page by page, out of a server whose pages may overlap, repeat or lose rows. Knows no records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from urllib.parse import parse_qsl, urlsplit

from connectors.errors import Unreadable
from connectors.kashflow.reading import Page, Row, read_page
from connectors.kashflow.wire import Params, Wire

#: What tells two rows of one list apart: products share codes under different nominals (reference section 3.5).
_IDENTITY = ("Id", "Number", "Code", "NominalCode")


@dataclass(frozen=True)
class Walk:
    """A whole list, each record once.

    `complete` is False when KashFlow counted more records (`total`) than it showed: rows slip between pages
    without any error (quirk 18), so what is missing here may still exist.
    """

    rows: tuple[Row, ...]
    total: int | None
    complete: bool


def walk(wire: Wire, path: str, params: Params) -> Walk:
    """Every page of the list. Raises any ConnectorError."""
    return whole(pages(wire, path, params))


def whole(found: Iterable[Page]) -> Walk:
    """All pages of one list together. Raises what asking for a page raises."""
    rows: dict[object, Row] = {}
    total: int | None = None
    for page in found:
        total = page.total if page.total is not None else total
        for row in page.rows:
            rows[_identity(row) or object()] = row  # a row without identity is like no other
    return Walk(tuple(rows.values()), total, complete=total is None or len(rows) >= total)


def pages(wire: Wire, path: str, params: Params) -> Iterator[Page]:
    """The pages, each when it is asked for. Raises any ConnectorError; Unreadable when the pages go in circles."""
    asked = dict(params)
    seen: set[str] = set()
    for next_number in count(int(params.get("page", 1)) + 1):
        page = read_page(wire.read(path, asked), of=path)
        ours = {_identity(row) or repr(row) for row in page.rows}
        brings_nothing = ours <= seen
        if page.is_bare and brings_nothing:
            return  # an empty end, or a list that comes whole whatever page is asked for
        yield page
        following = _following(asked, page, next_number)
        if following is None:
            return
        if brings_nothing:
            raise Unreadable(f"KashFlow sends the same page of {path} again and again", system="kashflow")
        seen |= ours
        asked = following


def _following(asked: Params, page: Page, next_number: int) -> dict[str, str | int | bool] | None:
    """What to ask for after `page`, or None at the end.

    Of NextPageUrl only the query is used, on the path and the host that we were given: it may be relative, name
    another scheme or an inner host, and the session token goes to none of these.
    """
    if page.is_bare:
        return {**asked, "page": next_number} if str(len(page.rows)) == str(asked.get("perpage")) else None
    if page.next_url is None or not page.rows:
        return None
    try:
        query = dict(parse_qsl(urlsplit(page.next_url).query, keep_blank_values=True))
    except ValueError:
        raise Unreadable("KashFlow's NextPageUrl is no address", system="kashflow") from None
    named = {name.lower() for name in query}
    return {name: value for name, value in asked.items() if name.lower() not in named} | query


def _identity(row: Row) -> str:
    """A text that no other record of the list has, or "" when the row has none of the usual keys."""
    keys = [row.get(name) for name in _IDENTITY]
    return repr(keys) if any(keys) else ""
