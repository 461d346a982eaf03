"""Every journey starts on a fresh road: new worlds, new ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.road import Road, road


@pytest.fixture
def on_the_road(tmp_path: Path) -> Iterator[Road]:
    with road(f"sqlite:///{tmp_path}/ledger.db") as opened:
        yield opened
