"""Every contract of the ledger is kept by both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger import schema
from ledger.ledger import Ledger
from tests.support.ledger import TestClock


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    schema.upgrade(ledger_url)
    opened = Ledger.open(ledger_url)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> TestClock:
    return TestClock()
