"""Every journey starts on a fresh road: new worlds, new ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.server import Sandbox
from tests.support.road import Road, road

LEDGERS = ["sqlite", "postgresql"]


@pytest.fixture(scope="session")
def served_sandbox() -> Iterator[Sandbox]:
    """The servers of all journeys of this process: starting and stopping them takes longer than many a story."""
    with Sandbox(seed=1) as sandbox:
        yield sandbox


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A story marked `both_ledgers` is told on both databases: its road is, whatever it begins with."""
    if metafunc.definition.get_closest_marker("both_ledgers"):
        metafunc.parametrize("on_the_road", LEDGERS, indirect=True)


@pytest.fixture
def on_the_road(request: pytest.FixtureRequest, served_sandbox: Sandbox, tmp_path: Path) -> Iterator[Road]:
    with road(served_sandbox, _url(request, tmp_path)) as opened:
        yield opened


@pytest.fixture(params=LEDGERS)
def on_either_ledger(
    request: pytest.FixtureRequest, served_sandbox: Sandbox, tmp_path: Path
) -> Iterator[Road]:
    """For stories in which the ledger has a part of its own: they are told on both databases."""
    with road(served_sandbox, _url(request, tmp_path)) as opened:
        yield opened


def _url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if getattr(request, "param", "sqlite") == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    return str(request.getfixturevalue("postgres_url"))
