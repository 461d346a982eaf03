"""The books that most tests of the small KashFlow open."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.kashflow_books import Books, books


@pytest.fixture
def kashflow() -> Iterator[Books]:
    with books() as opened:
        yield opened
