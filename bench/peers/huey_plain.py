"""Huey: one task a record, with its Redis storage and no results."""

from __future__ import annotations

from huey import RedisHuey

from bench.peers import plain

huey = RedisHuey("plain", url=plain.redis_url(), results=False)


@huey.task()  # type: ignore[untyped-decorator]  # not installed where types are checked
def deliver(event: str) -> None:
    plain.deliver(event)


def send(changes: list[str]) -> None:
    """Put each of them on the queue."""
    for change in changes:
        deliver(change)
