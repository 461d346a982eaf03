"""A ledger, a clock that stands still, and a desk from which nobody can be reached."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger import schema
from ledger.ledger import Ledger
from tests.support.desk import lonely_desk
from tests.support.ledger import TestClock
from workers.desk import Desk


@pytest.fixture
def ledger_url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/ledger.db"
    schema.upgrade(url)
    return url


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    opened = Ledger.open(ledger_url)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def desk(ledger: Ledger, clock: TestClock) -> Iterator[Desk]:
    with lonely_desk(ledger, clock) as opened:
        yield opened
