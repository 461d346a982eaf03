"""Lists from a server that may wrap them, cut them short, repeat them or point elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import Unreadable
from connectors.kashflow.paging import Walk, pages, walk
from connectors.kashflow.patience import Patience
from connectors.kashflow.wire import Wire

BASE = "https://kashflow.test/v2"
Answer = Callable[[httpx.Request], object]


@contextmanager
def wire(answer: Answer) -> Iterator[Wire]:
    """A wire without a session over scripted answers: paging does not depend on either."""
    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=json.dumps(answer(request))))
    with httpx.Client(base_url=BASE, transport=transport) as http:
        yield Wire(http, Patience(waits_seconds=()))


def walked(answer: Answer, **params: Any) -> Walk:
    with wire(answer) as it:
        return walk(it, "invoices", params)


def rows(*numbers: int) -> list[dict[str, int]]:
    return [{"Number": number} for number in numbers]


def numbers(found: Walk) -> list[int]:
    return [row["Number"] for row in found.rows]


def envelope(data: object, *, total: object = None, after: str | None = None) -> dict[str, object]:
    return {"MetaData": {"TotalRecords": total, "NextPageUrl": after}, "Data": data}


@given(st.integers(0, 60), st.integers(1, 12), st.booleans())
def test_every_row_comes_once_with_and_without_envelope(many: int, perpage: int, is_bare: bool) -> None:
    def answer(request: httpx.Request) -> object:
        page = int(request.url.params["page"])
        mine = rows(*range(1, many + 1)[(page - 1) * perpage : page * perpage])
        after = f"?page={page + 1}&perpage={perpage}" if page * perpage < many else None
        return mine if is_bare else envelope(mine, total=many, after=after)

    found = walked(answer, page=1, perpage=perpage)
    assert numbers(found) == list(range(1, many + 1))
    assert found.complete


@pytest.mark.parametrize(
    "after",
    [
        "?page=2&perpage=2",
        "/v2/invoices?page=2&perpage=2",
        "invoices?page=2&perpage=2",
        "https://kashflow.test/v2/invoices?page=2&perpage=2",
        "http://kashflow.test/v2/invoices?Page=2&PerPage=2",
        "http://inner-host.kashflow.example:8080/api/invoices?page=2&perpage=2",
        "//evil.test/v2/invoices?page=2",
    ],
)
def test_the_next_page_is_asked_of_the_same_host_and_list_wherever_the_answer_points(after: str) -> None:
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> object:
        asked.append(request.url)
        return envelope(rows(1, 2), total=3, after=after) if len(asked) == 1 else envelope(rows(3), total=3)

    assert numbers(walked(answer, page=1, perpage=2, customercode="BRIGHT01")) == [1, 2, 3]
    assert {(url.scheme, url.host, url.path) for url in asked} == {("https", "kashflow.test", "/v2/invoices")}
    second = {name.lower(): value for name, value in asked[1].params.multi_items()}
    assert second == {"page": "2", "perpage": "2", "customercode": "BRIGHT01"}


def test_rows_that_slipped_between_pages_make_the_walk_incomplete() -> None:
    def answer(request: httpx.Request) -> object:
        if request.url.params["page"] == "1":
            return envelope(rows(1, 2), total=4, after="?page=2")
        return envelope(rows(2, 4), total=4)

    found = walked(answer, page=1, perpage=2)
    assert numbers(found) == [1, 2, 4]
    assert (found.total, found.complete) == (4, False)


def test_products_of_one_code_under_two_nominals_are_two() -> None:
    found = walked(
        lambda request: [{"Code": "DAY", "NominalCode": 4000}, {"Code": "DAY", "NominalCode": 4001}]
    )
    assert len(found.rows) == 2


def test_rows_without_any_key_are_all_kept() -> None:
    assert len(walked(lambda request: [{"VATRate": 20}, {"VATRate": 20}]).rows) == 2


def test_a_last_page_that_only_repeats_a_row_is_an_end_and_no_circle() -> None:
    def answer(request: httpx.Request) -> object:
        return (
            envelope(rows(1, 2), total=3, after="?page=2")
            if request.url.params["page"] == "1"
            else envelope(rows(1))
        )

    assert walked(answer, page=1).complete is False


def test_a_server_that_ignores_the_page_of_an_envelope_is_found_out() -> None:
    with pytest.raises(Unreadable, match="the same page of invoices again"):
        walked(lambda request: envelope(rows(1, 2), total=9, after="?page=2"), page=1)


def test_pages_that_alternate_for_ever_are_found_out() -> None:
    def answer(request: httpx.Request) -> object:
        page = int(request.url.params["page"])
        return envelope(rows(page % 2), after=f"?page={page + 1}")

    with pytest.raises(Unreadable):
        walked(answer, page=1)


def test_a_bare_list_that_comes_whole_whatever_is_asked_for_ends_after_it() -> None:
    assert numbers(walked(lambda request: rows(1, 2), page=1, perpage=2)) == [1, 2]


def test_a_bare_list_longer_than_a_page_is_not_asked_again() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> object:
        asked.append(request)
        return rows(1, 2, 3)

    assert len(walked(answer, page=1, perpage=2).rows) == 3
    assert len(asked) == 1


def test_an_empty_page_is_an_end_even_where_another_is_promised() -> None:
    assert walked(lambda request: envelope([], total=0, after="?page=2"), page=1) == Walk(
        (), 0, complete=True
    )


def test_pages_are_asked_for_only_when_wanted() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> object:
        asked.append(request)
        return envelope(rows(len(asked)), after=f"?page={len(asked) + 1}")

    with wire(answer) as it:
        assert next(pages(it, "invoices", {"page": 1})).rows == rows(1)
    assert len(asked) == 1
