"""Every journey starts on a fresh road: new worlds, new ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.server import Sandbox
from tests.support.road import Road, road


@pytest.fixture(scope="session")
def served_sandbox() -> Iterator[Sandbox]:
    """The servers of all journeys of this process: starting and stopping them takes longer than many a story."""
    with Sandbox(seed=1) as sandbox:
        yield sandbox


@pytest.fixture
def on_the_road(served_sandbox: Sandbox, tmp_path: Path) -> Iterator[Road]:
    with road(served_sandbox, f"sqlite:///{tmp_path}/ledger.db") as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def on_either_ledger(
    request: pytest.FixtureRequest, served_sandbox: Sandbox, tmp_path: Path
) -> Iterator[Road]:
    """For stories in which the ledger has a part of its own: they are told on both databases."""
    url = (
        f"sqlite:///{tmp_path}/ledger.db"
        if request.param == "sqlite"
        else str(request.getfixturevalue("postgres_url"))
    )
    with road(served_sandbox, url) as opened:
        yield opened
