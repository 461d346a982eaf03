"""Every acceptance test has worlds of its own, and an installation that points at them in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.server import Sandbox
from tests.support.installation import Installation


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with Sandbox(seed=5) as sandbox, Installation(sandbox, tmp_path) as installation:
        yield installation
