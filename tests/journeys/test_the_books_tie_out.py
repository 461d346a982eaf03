"""At the end of a month both sides are compared: what differs is listed and nothing else, and a repair leaves none of it."""

from __future__ import annotations

from tests.support.month_end import month_end
from tests.support.road import Road


def test_books_in_step_tie_out(on_the_road: Road) -> None:
    month = month_end(on_the_road)

    found = month.tie_out()

    assert [(one.entity, one.record, [point.why for point in one.points]) for one in found.differences] == []
    assert (found.known, found.unread) == ([], [])
    for total in found.totals:
        print(total)
