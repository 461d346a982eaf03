"""The replay log against a plain model of it, and numbers on the wire, for any input."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.salesforce.jsontext import json_text
from sandbox.salesforce.streaming.replay import Event, InvalidReplayIdError, ReplayLog

START = datetime(2026, 11, 21, tzinfo=UTC)


@given(pauses=st.lists(st.integers(0, 30), max_size=20), seed=st.integers())
def test_every_retained_id_is_a_position_and_what_is_older_is_not(pauses: list[int], seed: int) -> None:
    log = ReplayLog(random.Random(seed), retention_hours=72)
    now = START
    published: list[tuple[int, datetime]] = []
    for number, hours in enumerate(pauses):
        now += timedelta(hours=hours)
        log.append(Event(number, now, "Account", "schema", {}, {}))
        published.append((log.position(-1, now), now))

    ids = [replay_id for replay_id, _ in published]
    retained = [replay_id for replay_id, at in published if at > now - timedelta(hours=72)]

    assert ids == sorted(set(ids))
    assert [logged.replay_id for logged in log.after(log.position(-2, now), now)] == retained
    for place, replay_id in enumerate(retained):
        later = [logged.replay_id for logged in log.after(log.position(replay_id, now), now)]
        assert later == retained[place + 1 :]
    for dropped in set(ids) - set(retained):
        with pytest.raises(InvalidReplayIdError):
            log.position(dropped, now)


def test_when_everything_is_too_old_no_id_is_valid_any_more() -> None:
    log = ReplayLog(random.Random(1), retention_hours=72)
    log.append(Event(1, START, "Account", "schema", {}, {}))
    newest = log.position(-1, START)

    with pytest.raises(InvalidReplayIdError):
        log.position(newest, START + timedelta(hours=73))


@given(
    value=st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**15), max_value=10**15)
)
def test_a_decimal_goes_over_the_wire_with_all_its_digits(value: Decimal) -> None:
    assert json.loads(json_text({"Amount": [value]}), parse_float=Decimal)["Amount"][0] == value


@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_everything_else_is_plain_json(value: object) -> None:
    assert json.loads(json_text(value)) == value
