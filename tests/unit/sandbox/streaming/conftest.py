"""An org whose Streaming API is served, and peers of it; every test has its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.streaming import BayeuxPeer, StreamingOrg, served_streaming


@pytest.fixture
def org() -> StreamingOrg:
    return StreamingOrg()


@pytest.fixture
def url(org: StreamingOrg) -> Iterator[str]:
    with served_streaming(org) as url:
        yield url


@pytest.fixture
def peer(org: StreamingOrg, url: str) -> Iterator[BayeuxPeer]:
    with BayeuxPeer(url, org.login()) as peer:
        yield peer
