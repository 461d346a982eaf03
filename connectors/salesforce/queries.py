"""SOQL queries to their last page, child records included; which query to ask is not decided here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from connectors.errors import Refused, Unreadable
from connectors.salesforce.composite import Subrequest, composite
from connectors.salesforce.errors import SYSTEM
from connectors.salesforce.org import Org, Record

#: The API's limit on a query (reference salesforce.md section 3.6).
LONGEST_SOQL = 100_000
#: The address and the address with all headers must each stay below 16,384 bytes; the token and the rest need room.
LONGEST_ADDRESS = 12_000


def pages(org: Org, soql: str, *, include_deleted: bool = False) -> Iterator[list[Record]]:
    """The records page by page, each page one API call (and one more per 2,000 children of a record).

    Raises Busy when the server forgot the query midway (`INVALID_QUERY_LOCATOR`): start again from a cursor of yours.
    """
    page = _first(org, soql, include_deleted=include_deleted)
    yield from ([_with_all_children(org, row) for row in rows] for rows in _to_the_end(org, page))


def _first(org: Org, soql: str, *, include_deleted: bool) -> Record:
    if len(soql) > LONGEST_SOQL:
        raise Refused(
            f"the query has {len(soql)} characters and Salesforce takes {LONGEST_SOQL}: "
            "ask for fewer ids at a time",
            system=SYSTEM,
        )
    resource = "queryAll" if include_deleted else "query"
    address = f"{resource}/?q={quote(soql, safe='')}"
    if len(address) < LONGEST_ADDRESS:
        return org.query(soql, include_deleted=include_deleted)
    (answer,) = composite(org, [Subrequest("GET", address, "query")])
    if answer.error:
        raise answer.error
    if not isinstance(answer.body, dict):
        raise Unreadable("the query inside a composite call brought no JSON object", system=SYSTEM)
    return answer.body


def _to_the_end(org: Org, page: Record) -> Iterator[list[Record]]:
    """The rows of this page and of all that follow it."""
    seen: set[str] = set()
    while True:
        yield _rows(page)
        if page.get("done") is True:
            return
        following = page.get("nextRecordsUrl")
        if not isinstance(following, str) or not following.startswith("/") or following in seen:
            raise Unreadable("a query page is not the last and names no next one", system=SYSTEM)
        seen.add(following)
        page = org.query_more(following)


def _rows(page: Record) -> list[Record]:
    rows = page.get("records")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unreadable("a query page has no list of records", system=SYSTEM)
    return rows


def _with_all_children(org: Org, row: Record) -> Record:
    """Child subqueries come in pages too; a line that stayed on the second one would be missing from an invoice."""
    for value in row.values():
        if _is_first_of_several(value):
            value["records"] = [child for rows in _to_the_end(org, dict(value)) for child in rows]
            value["done"] = True
            value.pop("nextRecordsUrl", None)
    return row


def _is_first_of_several(value: Any) -> bool:
    return isinstance(value, dict) and "records" in value and value.get("done") is False
