"""What a killed process held of a budget is free again as soon as its batch is, and not minutes later."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.budget import Budget, Granted
from console.bootstrap import House
from console.settings import Settings
from tests.support.console import settings_in
from tests.support.installation import eventually

#: Seconds of real time.
LEASE = 0.5
#: Far more than a busy machine needs for one lease; far less than the minutes that calls may take.
SOON = 30.0


@pytest.fixture
def settings(valkey_url: str, tmp_path: Path) -> Settings:
    return settings_in(tmp_path, redis_url=valkey_url, lease_seconds=LEASE)


def _budget(house: House, api: str) -> Budget:
    return house.salesforce_budget if api == "salesforce" else house.kashflow_budget


@pytest.mark.parametrize("api", ["salesforce", "kashflow"])
def test_the_calls_of_a_killed_process_keep_nobody_waiting_for_longer_than_its_lease(
    settings: Settings, api: str
) -> None:
    with House(settings) as killed:
        while isinstance(_budget(killed, api).spend(1, 0), Granted):
            pass  # and none is ever given back

    with House(settings) as another:
        budget = _budget(another, api)
        eventually(lambda: isinstance(budget.spend(1, 0), Granted), SOON, "a slot that a killed process had")


@pytest.mark.parametrize("api", ["salesforce", "kashflow"])
def test_a_call_under_way_keeps_its_slot_for_longer_than_a_lease(settings: Settings, api: str) -> None:
    with House(settings) as slow, House(settings) as another:
        assert isinstance(_budget(slow, api).spend(1, 0), Granted)
        first = _ends_at(another, api)

        eventually(lambda: _ends_at(another, api) > first + LEASE, SOON, "a renewal")


def _ends_at(house: House, api: str) -> float:
    """When the one lease that is out would run out, in epoch seconds."""
    key = f"budget:{{{api}}}:leases"
    leases: list[Any] = list(house.redis.zrange(key, 0, -1))
    assert len(leases) == 1
    return float(str(house.redis.zscore(key, leases[0])))
