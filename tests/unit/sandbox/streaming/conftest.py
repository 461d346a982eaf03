"""One server for all tests of this room, into which each test plugs an org of its own; and peers of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.support.streaming import BayeuxPeer, MeetPeer, StreamingOrg, Switchboard, served


@pytest.fixture(scope="session")
def server() -> Iterator[tuple[Switchboard, str]]:
    board = Switchboard()
    with served(board) as url:
        yield board, url


@pytest.fixture
def meet(server: tuple[Switchboard, str]) -> Iterator[MeetPeer]:
    board, url = server
    with ExitStack() as stack:

        def meet_peer(org: StreamingOrg) -> BayeuxPeer:
            peer = stack.enter_context(BayeuxPeer(url, org.login()))
            # Unplugged before the peer is closed: that releases the connects it may still wait in.
            stack.enter_context(board.plugged(org))
            return peer

        yield meet_peer


@pytest.fixture
def org() -> StreamingOrg:
    return StreamingOrg()


@pytest.fixture
def peer(org: StreamingOrg, meet: MeetPeer) -> BayeuxPeer:
    return meet(org)
