"""Loops of one process live and die together."""

from __future__ import annotations

import threading

import pytest

from console.abreast import side_by_side

#: Nobody waits this long; a test that would is broken.
BROKEN_SECONDS = 30


class _Trouble(Exception):
    pass


def test_a_loop_that_fails_stops_the_others_and_is_heard_of() -> None:
    stopped = threading.Event()
    ended: list[str] = []

    def fails() -> None:
        raise _Trouble

    def waits() -> None:
        stopped.wait(BROKEN_SECONDS)
        ended.append("waits")

    with pytest.raises(_Trouble):
        side_by_side({"fails": fails, "waits": waits}, stopped.set)

    assert ended == ["waits"]


def test_a_loop_that_ends_quietly_ends_the_process_too() -> None:
    stopped = threading.Event()

    def waits() -> None:
        stopped.wait(BROKEN_SECONDS)

    side_by_side({"ends": lambda: None, "waits": waits}, stopped.set)

    assert stopped.is_set()
