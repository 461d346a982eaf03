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
