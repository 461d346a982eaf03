"""Whoever has time waits for room, and not only with the calls that are counted: a describe is one, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.budget import Granted
from connectors.errors import QuotaSpent
from console.bootstrap import House
from console.settings import Settings
from ledger import schema
from sandbox.server import Sandbox
from tests.support.console import logins_of, settings_in


def test_the_describes_of_a_desk_that_has_time_wait_for_room_and_those_of_another_do_not(
    valkey_url: str, tmp_path: Path
) -> None:
    rests: list[float] = []

    def rest(seconds: float) -> bool:
        rests.append(seconds)
        return True  # long enough

    schema.upgrade(f"sqlite:///{tmp_path}/ledger.db")
    with Sandbox(seed=1) as sandbox, House(_settings(tmp_path, valkey_url, sandbox)) as house:
        while isinstance(house.salesforce_budget.spend(1, 0), Granted):
            pass  # and none is ever given back
        for behind in (None, 9):
            with pytest.raises(QuotaSpent):
                house.desk(rest, behind).fields("Opportunity")

    assert len(rests) == 1


def _settings(folder: Path, redis_url: str, sandbox: Sandbox) -> Settings:
    logins = logins_of(sandbox)
    return settings_in(folder, redis_url=redis_url, ledger_url=f"sqlite:///{folder}/ledger.db", **logins)
