"""At the end of a month both sides are compared: what differs is listed and nothing else, and a repair leaves none of it."""

from __future__ import annotations

import random

from tests.support.corruption import plant
from tests.support.month_end import month_end
from tests.support.road import Road


def test_books_in_step_tie_out(on_the_road: Road) -> None:
    month = month_end(on_the_road)

    found = month.tie_out()

    assert [(one.entity, one.record, [point.why for point in one.points]) for one in found.differences] == []
    known = {point.known.rstrip("0123456789 ") for one in found.known for point in one.points}
    assert known == {"from before Kashforce began", "in review"}
    assert (found.unread, found.notes) == ([], [])
    assert all(total.kashflow == total.salesforce for total in found.totals)


def test_fifty_silent_corruptions_are_listed_and_only_those_and_a_repair_leaves_none(
    on_either_ledger: Road,
) -> None:
    month = month_end(on_either_ledger, customers=5, deals=16)
    planted = plant(month, 50, random.Random(50))

    found = month.tie_out()

    listed = {(one.entity, one.record): [point.why for point in one.points] for one in found.differences}
    assert set(planted) - set(listed) == set(), {
        where: planted[where] for where in set(planted) - set(listed)
    }
    assert set(listed) - set(planted) == set(), {where: listed[where] for where in set(listed) - set(planted)}
    assert len(listed) == 50

    month.repair(found)

    after = month.tie_out()
    assert [(one.entity, one.record, [point.why for point in one.points]) for one in after.differences] == []
